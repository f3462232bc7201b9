"""Sign-in: a single user, or several who do not see each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from invokable.testing import Simulator
from tests.testing.asking import QUEUE, Asking, picture

USERS = {"admin@x.y": "secret", "one@x.y": "first", "two@x.y": "second"}


@pytest.fixture
def many() -> Iterator[Simulator]:
    with Simulator(multiuser=True, users=USERS) as simulator:
        yield simulator


def user(simulator: Simulator, name: str) -> Asking:
    return Asking(simulator, token=simulator.token(f"{name}@x.y"))


def test_with_one_user_nobody_signs_in(ask: Asking) -> None:
    junk = Asking(ask.simulator, token="junk")

    assert junk.get(f"{QUEUE}/status")["queue"]["total"] == 0
    assert ask.http.get("/api/v1/auth/me").status_code == 401
    assert ask.http.post("/api/v1/auth/login", json={"email": "a", "password": "b"}).status_code == 403
    assert ask.get("/api/v1/auth/status")["multiuser_enabled"] is False


def test_with_several_users_only_version_and_schema_are_open(many: Simulator) -> None:
    ask = Asking(many)

    assert ask.get("/api/v1/app/version") == {"version": "6.14.2"}
    assert ask.http.get("/openapi.json").status_code == 200
    refused = ask.http.get(f"{QUEUE}/status")
    assert (refused.status_code, refused.json()) == (401, {"detail": "Authentication required"})
    assert Asking(many, token="junk").http.get(f"{QUEUE}/status").json() == {"detail": "Invalid or expired token"}
    expired = Asking(many, token=many.token("one@x.y", seconds=-1))
    assert expired.http.get(f"{QUEUE}/status").status_code == 401


def test_signing_in(many: Simulator) -> None:
    ask = Asking(many)

    def login(password: str, **more: Any) -> Any:
        return ask.http.post("/api/v1/auth/login", json={"email": "one@x.y", "password": password, **more})

    assert login("wrong").status_code == 401
    assert login("first").json()["expires_in"] == 86_400
    answer = login("first", remember_me=True).json()
    assert answer["expires_in"] == 604_800
    assert Asking(many, token=answer["token"]).get("/api/v1/auth/me")["email"] == "one@x.y"


def test_the_first_account_is_made_once() -> None:
    with Simulator(multiuser=True) as simulator:
        ask = Asking(simulator)
        account = {"email": "a@x.y", "password": "p", "display_name": "A"}

        assert ask.get("/api/v1/auth/status")["setup_required"] is True
        assert ask.http.post("/api/v1/auth/setup", json=account).json()["user"]["is_admin"] is True
        assert ask.http.post("/api/v1/auth/setup", json=account).status_code == 400


def test_what_changes_something_comes_with_a_new_token(many: Simulator) -> None:
    one = user(many, "one")

    assert "x-refreshed-token" not in one.http.get(f"{QUEUE}/status").headers
    answer = one.post()
    fresh = Asking(many, token=answer.headers["x-refreshed-token"])

    assert fresh.get("/api/v1/auth/me")["email"] == "one@x.y"
    assert "x-refreshed-token" not in one.post(runs=0).headers
    assert "x-refreshed-token" not in one.http.post("/api/v1/auth/logout").headers


def test_a_new_password_makes_all_tokens_void(many: Simulator) -> None:
    one = user(many, "one")

    changed = one.http.patch("/api/v1/auth/me", json={"current_password": "first", "new_password": "other"})

    assert changed.status_code == 200
    assert one.http.get(f"{QUEUE}/status").json() == {"detail": "User not found or inactive"}
    assert Asking(many, token=changed.headers["x-refreshed-token"]).get("/api/v1/auth/me")["token_epoch"] == 1


def test_users_do_not_see_what_belongs_to_others(many: Simulator) -> None:
    many.pause()
    one, two, admin = (user(many, name) for name in ("one", "two", "admin"))
    item_id = one.enqueue(batch_id="mine", destination="here")["item_ids"][0]
    files = {"file": ("a.png", picture(), "image/png")}
    params = {"image_category": "user", "is_intermediate": "false"}
    image = one.http.post("/api/v1/images/upload", params=params, files=files).json()["image_name"]

    seen = two.item(item_id)
    assert (seen["batch_id"], seen["user_id"], seen["session_id"]) == ("redacted", "redacted", "redacted")
    assert seen["session"]["graph"]["nodes"] == {}
    assert "destination" not in seen
    assert two.get(f"{QUEUE}/b/mine/status")["total"] == 0
    assert two.http.put(f"{QUEUE}/i/{item_id}/cancel").status_code == 403
    assert two.put("/cancel_by_batch_ids", json={"batch_ids": ["mine"]}) == {"canceled": 0}
    assert two.put("/clear") == {"deleted": 0}
    assert two.http.get(f"/api/v1/images/i/{image}").status_code == 403
    assert two.http.delete(f"/api/v1/images/i/{image}").json() == {"detail": "Not authorized to modify this image"}
    assert two.http.get(f"/api/v1/images/i/{image}/full").status_code == 403
    assert one.http.get(f"/api/v1/images/i/{image}/full").headers["cache-control"] == "private, no-store"
    assert two.http.put(f"{QUEUE}/processor/pause").status_code == 403
    assert two.enqueue(batch_id="mine")["item_ids"] == [item_id + 1, item_id]
    assert admin.item(item_id)["batch_id"] == "mine"
    assert admin.put("/cancel_by_batch_ids", json={"batch_ids": ["mine"]}) == {"canceled": 2}


@pytest.mark.parametrize(("token", "detail"), [(None, "Authentication required"), ("old", "Invalid or expired token")])
def test_files_need_a_valid_token(token: str | None, detail: str, many: Simulator) -> None:
    asking = Asking(many, token=token)
    for path in ("images/i/a.png/full", "images/i/a.png/thumbnail", "videos/i/a.mp4/full", "videos/i/a.mp4/thumbnail"):
        answer = asking.http.get(f"/api/v1/{path}")
        assert (answer.status_code, answer.json()) == (401, {"detail": detail})


def test_the_cookie_of_a_sign_in_is_good_for_images_alone(many: Simulator) -> None:
    browser = Asking(many)
    files = {"file": ("a.png", picture(), "image/png")}
    params = {"image_category": "user", "is_intermediate": "false"}
    owner = user(many, "one")
    image = owner.http.post("/api/v1/images/upload", params=params, files=files).json()["image_name"]

    browser.http.post("/api/v1/auth/login", json={"email": "one@x.y", "password": "first"})

    assert browser.http.get(f"/api/v1/images/i/{image}/full").status_code == 200
    assert browser.http.get(f"/api/v1/images/i/{image}").status_code == 401


def test_users_take_turns(many: Simulator) -> None:
    many.pause()
    one, two = user(many, "one"), user(many, "two")
    one.enqueue(runs=3)
    two.enqueue()

    many.resume()
    one.wait(3)

    started = [payload["item_id"] for name, payload in many.events if payload.get("status") == "in_progress"]
    assert started == [1, 4, 2, 3]
