"""A scripted exchange with a multi-user server: who may do what, and what the others see of it."""

from __future__ import annotations

from typing import Any, Final

from tests.live.batches import USER
from tests.live.exchanges import QUEUE, Exchange, Script, picture

_AUTH: Final = "/api/v1/auth"
_PASSWORD: Final = "Secret123!x"  # of accounts for one test


class Users:
    """An administrator, two users and a client without a sign-in."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.nobody = Script(url)
        self.exchanges = self.nobody.exchanges
        self._accounts()
        self.admin = self._signed_in("admin")
        for name in ("one", "two"):
            account = {**_credentials(name), "display_name": name, "is_admin": False}
            self.admin.step(f"account {name}", "POST", f"{_AUTH}/users", json=account)
        self.one, self.two = self._signed_in("one"), self._signed_in("two")

    def run(self) -> list[Exchange]:
        """All steps."""
        for part in (self._queue, self._images, self._boards, self._password):
            part()
        return self.exchanges

    def _accounts(self) -> None:
        step = self.nobody.step
        step("status before", "GET", f"{_AUTH}/status")
        for path in (f"{QUEUE}/status", "/api/v1/app/version", "/api/v1/app/runtime_config", f"{_AUTH}/me"):
            step(f"nobody: {path}", "GET", path)
        junk = self._user("junk")
        junk.step("junk", "GET", f"{QUEUE}/status")
        account = {**_credentials("admin"), "display_name": "A"}
        for name in ("setup", "setup again"):
            step(name, "POST", f"{_AUTH}/setup", json=account)
        step("status after", "GET", f"{_AUTH}/status")
        step("wrong password", "POST", f"{_AUTH}/login", json={**_credentials("admin"), "password": "no"})
        step("no password", "POST", f"{_AUTH}/login", json={"email": "admin@x.com"})

    def _queue(self) -> None:
        batch = {"batch_id": "mine", "destination": "d"}
        self.admin.step("pause", "PUT", f"{QUEUE}/processor/pause")
        self.two.step("pause by a user", "PUT", f"{QUEUE}/processor/pause")
        item_id = self.one.enqueue("enqueue", {"c": {"id": "c", "type": "add"}}, **batch)["item_ids"][0]
        for name in (f"i/{item_id}", "b/mine/status", "status", "list_all", "item_ids"):
            self.two.step(f"other's {name.partition('/')[0]}", "GET", f"{QUEUE}/{name}")
        self.two.step("other's summary", "POST", f"{QUEUE}/item_summaries_by_ids", json={"item_ids": [item_id]})
        self.two.step("cancel other's", "PUT", f"{QUEUE}/i/{item_id}/cancel")
        self.two.step("delete other's", "DELETE", f"{QUEUE}/i/{item_id}")
        self.two.step("cancel other's batch", "PUT", f"{QUEUE}/cancel_by_batch_ids", json={"batch_ids": ["mine"]})
        self.two.step("retry other's", "PUT", f"{QUEUE}/retry_items_by_id", json=[item_id])
        for name in ("clear", "prune"):
            self.two.step(f"{name} other's", "PUT", f"{QUEUE}/{name}")
        self.admin.step("the administrator sees it", "GET", f"{QUEUE}/i/{item_id}")

    def _images(self) -> None:
        image = self._upload(self.one, "upload", USER)["image_name"]
        for path in ("", "/full", "/thumbnail", "/metadata", "/workflow", "/urls"):
            self.two.step(f"other's image{path}", "GET", f"/api/v1/images/i/{image}{path}")
        self.nobody.step("image with the cookie of another", "GET", f"/api/v1/images/i/{image}/full")
        for path in ("", "/full", "/thumbnail"):
            self._user("junk").step(f"junk image{path}", "GET", f"/api/v1/images/i/{image}{path}")
        self.one.step("own image", "GET", f"/api/v1/images/i/{image}/full")
        self.two.step("delete other's image", "DELETE", f"/api/v1/images/i/{image}")
        self.two.step("patch other's image", "PATCH", f"/api/v1/images/i/{image}", json={"starred": True})
        self.two.step("others' images", "GET", "/api/v1/images/names")
        self._image = image

    def _boards(self) -> None:
        board = self.one.step("board", "POST", "/api/v1/boards/?board_name=B")["board_id"]
        self.two.step("other's board", "GET", f"/api/v1/boards/{board}")
        self.two.step("others' boards", "GET", "/api/v1/boards/?all=true")
        body = {"board_id": board, "image_name": self._image}
        self.two.step("put on other's board", "POST", "/api/v1/board_images/", json=body)
        self._upload(self.two, "upload to other's board", f"{USER}&board_id={board}")
        self.two.step("delete other's board", "DELETE", f"/api/v1/boards/{board}")
        self.two.step("names on other's board", "GET", f"/api/v1/boards/{board}/image_names")
        self.two.step("install by a user", "POST", "/api/v2/models/install?source=/x", json={})

    def _password(self) -> None:
        change = {"current_password": _PASSWORD, "new_password": "Other123!x"}
        self.one.step("wrong change", "PATCH", f"{_AUTH}/me", json={**change, "current_password": "no"})
        self.one.step("change", "PATCH", f"{_AUTH}/me", json=change)
        self.one.step("old token", "GET", f"{QUEUE}/status")
        self.two.step("sign out", "POST", f"{_AUTH}/logout")
        self.two.step("token after signing out", "GET", f"{_AUTH}/me")

    def _signed_in(self, name: str) -> Script:
        answer = self.nobody.step(f"sign in {name}", "POST", f"{_AUTH}/login", json=_credentials(name))
        return self._user(answer["token"])

    def _user(self, token: str) -> Script:
        user = Script(self._url, token)
        user.exchanges = self.exchanges
        return user

    def _upload(self, user: Script, name: str, query: str) -> Any:
        files = {"file": ("a.png", picture(), "image/png")}
        return user.step(name, "POST", f"/api/v1/images/upload?{query}", files=files)


def _credentials(name: str) -> dict[str, Any]:
    return {"email": f"{name}@x.com", "password": _PASSWORD}
