"""A scripted exchange with a server, real or simulated, recorded as shapes to compare.

A shape has the keys and types of an answer; refusals are recorded word for word.
"""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import httpx
import socketio  # type: ignore[import-untyped,unused-ignore]
from PIL import Image

from tests.live.batches import (
    ADD,
    BLANK,
    BROKEN,
    POISON,
    REFUSED_BATCHES,
    REFUSED_GRAPHS,
    USER,
    WORKFLOW,
    datum,
    edge,
)

QUEUE: Final = "/api/v1/queue/default"
_HEADERS: Final = ("location", "cache-control", "content-disposition", "allow", "content-range", "www-authenticate")
_PRESENT: Final = ("x-refreshed-token", "set-cookie")
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?")
_NUMBER_OF_ITEM: Final = re.compile(r"\bid \d+")
_LINK: Final = re.compile(r"\n    For further information visit .*")


@dataclass(frozen=True, slots=True)
class Exchange:
    """What a server answered to one step of the script."""

    step: str
    status: int
    content_type: str
    headers: dict[str, str | None]
    """The relevant headers; without the values of secrets."""
    body: Any


def shape(value: Any) -> Any:
    """The keys and types of a JSON value; of a list, the distinct shapes of its items."""
    if isinstance(value, dict):
        return _members(value)
    if isinstance(value, list):
        found: list[Any] = []
        for item in value:
            if (one := shape(item)) not in found:
                found.append(one)
        return sorted(found, key=_canonical)
    if isinstance(value, str):
        return _plain(value) if _UUID.search(value) or _TIME.search(value) else "text"
    return "null" if value is None else type(value).__name__


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _members(value: dict[str, Any]) -> dict[str, Any]:
    """Members by name; those with an id as their name are combined."""
    found: dict[str, Any] = {}
    for name, member in value.items():
        if _UUID.search(name):
            found.setdefault("<uuid>", []).append(member)
        else:
            found[name] = shape(member)
    if "<uuid>" in found:
        found["<uuid>"] = shape(found["<uuid>"])
    return found


def _plain(text: str) -> str:
    text = _LINK.sub("", text)  # it contains the version of a library
    return _NUMBER_OF_ITEM.sub("id N", _TIME.sub("<time>", _UUID.sub("<uuid>", text)))


def _verbatim(value: Any) -> Any:
    if isinstance(value, dict):
        return {_plain(name): _verbatim(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_verbatim(item) for item in value]
    return _plain(value) if isinstance(value, str) else value


class Script:
    """Runs the steps against one server and notes each answer."""

    def __init__(self, url: str, token: str | None = None) -> None:
        # A server that answers 500 may close the connection, so each step has its own.
        self._http = httpx.Client(base_url=url, timeout=60, limits=httpx.Limits(max_keepalive_connections=0))
        if token:
            self._http.headers["authorization"] = f"Bearer {token}"
        self._url = url
        self.exchanges: list[Exchange] = []

    def step(self, name: str, method: str, path: str, **options: Any) -> Any:
        answer = self._http.request(method, path, **options)
        content_type = answer.headers.get("content-type", "")
        body: Any = f"{len(answer.content) > 0} bytes"
        given: Any = None
        if content_type == "application/json":
            given = answer.json()
            body = _verbatim(given) if answer.status_code >= 400 else shape(given)
        headers: dict[str, str | None] = {n: _plain(answer.headers[n]) for n in _HEADERS if n in answer.headers}
        headers |= {n: None for n in _PRESENT if n in answer.headers}
        self.exchanges.append(Exchange(name, answer.status_code, content_type, headers, body))
        return given

    def enqueue(self, name: str, nodes: Any, edges: Any = (), **batch: Any) -> Any:
        body = {"batch": {"graph": {"id": "g", "nodes": nodes, "edges": list(edges)}, **batch}}
        return self.step(name, "POST", f"{QUEUE}/enqueue_batch", json=body)

    def finished(self, item_id: int) -> None:
        """Wait for an item; no step."""
        _wait(lambda: self._http.get(f"{QUEUE}/i/{item_id}").json()["status"] not in ("pending", "in_progress"))

    def run(self) -> list[Exchange]:
        """All steps."""
        self._http.put(f"{QUEUE}/clear")
        for part in (self._server, self._queue, self._refusals, self._results, self._media, self._boards, self._rest):
            part()
        self._http.put(f"{QUEUE}/clear")
        return self.exchanges

    # ------------------------------------------------------------------ the steps

    def _server(self) -> None:
        for path in ("app/version", "app/runtime_config", "app/app_deps", "app/logging", "app/invocation_cache/status"):
            self.step(path, "GET", f"/api/v1/{path}")
        self.step("unknown path", "GET", "/api/v1/nothing")
        self.step("unknown path, POST", "POST", "/api/v1/nothing")
        self.step("wrong method", "PUT", "/api/v1/images/upload")
        self.step("no trailing slash", "GET", "/api/v1/boards")
        self.step("auth status", "GET", "/api/v1/auth/status")
        self.step("me", "GET", "/api/v1/auth/me")
        self.step("login", "POST", "/api/v1/auth/login", json={"email": "a@b.cd", "password": "x"})

    def _queue(self) -> None:
        self.step("pause", "PUT", f"{QUEUE}/processor/pause")
        # An item that is running when the processor is paused continues; there is none here.
        nodes = {**BLANK, "b": {"id": "b", "type": "img_blur"}, "c": {"id": "c", "type": "add", "zz": 1}}
        edges = [edge("a", "image", "b", "image"), edge("a", "width", "c", "b")]
        data = [[{"node_path": "c", "field_name": "a", "items": [1, 2]}]]
        batch = {"batch_id": "shapes", "origin": "o", "destination": "d"}
        ids = self.enqueue("enqueue", nodes, edges, data=data, runs=2, **batch)["item_ids"]
        self.enqueue("enqueue again", nodes, edges, **batch)
        self.enqueue("workflow", nodes, edges, workflow=WORKFLOW)
        for name in ("status", "b/shapes/status", "b/nobody/status", "current", "next", "item_ids", "list_all"):
            self.step(name, "GET", f"{QUEUE}/{name}")
        self.step("list_all by destination", "GET", f"{QUEUE}/list_all", params={"destination": "d"})
        self.step("counts", "GET", f"{QUEUE}/counts_by_destination", params={"destination": "d"})
        self.step("counts of nothing", "GET", f"{QUEUE}/counts_by_destination")
        self.step("pending item", "GET", f"{QUEUE}/i/{ids[0]}")
        for name in ("items_by_ids", "item_summaries_by_ids"):
            self.step(name, "POST", f"{QUEUE}/{name}", json={"item_ids": [*ids, 999_999]})
        self.step("too many ids", "POST", f"{QUEUE}/items_by_ids", json={"item_ids": [0] * 1001})
        self.step("unknown item", "GET", f"{QUEUE}/i/999999")
        self.step("item of another queue", "GET", f"/api/v1/queue/other/i/{ids[0]}")
        self.step("item by name", "GET", f"{QUEUE}/i/abc")
        self.step("cancel", "PUT", f"{QUEUE}/i/{ids[0]}/cancel")
        self.step("cancel unknown", "PUT", f"{QUEUE}/i/999999/cancel")
        self.step("retry", "PUT", f"{QUEUE}/retry_items_by_id", json=[ids[0], 999_999])
        self.step("retry wrongly", "PUT", f"{QUEUE}/retry_items_by_id", json={"item_ids": [1]})
        self.step("delete", "DELETE", f"{QUEUE}/i/{ids[1]}")
        self.step("delete unknown", "DELETE", f"{QUEUE}/i/{ids[1]}")
        self.step("cancel by batch", "PUT", f"{QUEUE}/cancel_by_batch_ids", json={"batch_ids": ["shapes"]})
        self.step("cancel by destination", "PUT", f"{QUEUE}/cancel_by_destination", params={"destination": "d"})
        self.step("cancel others", "PUT", f"{QUEUE}/cancel_all_except_current")
        self.step("prune", "PUT", f"{QUEUE}/prune")
        self.step("clear", "PUT", f"{QUEUE}/clear")
        self.step("delete by destination", "DELETE", f"{QUEUE}/d/nobody")
        self.step("resume", "PUT", f"{QUEUE}/processor/resume")

    def _refusals(self) -> None:
        for name, (nodes, edges) in REFUSED_GRAPHS.items():
            self.enqueue(name, nodes, edges)
        for name, batch in REFUSED_BATCHES.items():
            self.enqueue(name, ADD, **batch)
        self._poison()
        self.step("no batch", "POST", f"{QUEUE}/enqueue_batch", json={})
        self.step("no graph", "POST", f"{QUEUE}/enqueue_batch", json={"batch": {"runs": 1}})
        broken = {"content": b'{"batch": {', "headers": {"content-type": "application/json"}}
        self.step("broken JSON", "POST", f"{QUEUE}/enqueue_batch", **broken)

    def _poison(self) -> None:
        for name, (nodes, field, value) in POISON.items():
            data = [[datum([value], field_name=field)]]
            item_id = self.enqueue(f"{name}: enqueue", nodes, data=data, batch_id=name)["item_ids"][0]
            for path in (f"i/{item_id}", "list_all", "next", f"b/{name}/status"):
                self.step(f"{name}: {path.partition('/')[0]}", "GET", f"{QUEUE}/{path}")
            self.step(f"{name}: cancel", "PUT", f"{QUEUE}/i/{item_id}/cancel")
            self.step(f"{name}: delete", "DELETE", f"{QUEUE}/i/{item_id}")
            self.step(f"{name}: retry", "PUT", f"{QUEUE}/retry_items_by_id", json=[item_id])
            for path in ("items_by_ids", "item_summaries_by_ids"):
                self.step(f"{name}: {path}", "POST", f"{QUEUE}/{path}", json={"item_ids": [item_id]})
            self.step(f"{name}: cure", "PUT", f"{QUEUE}/cancel_by_batch_ids", json={"batch_ids": [name]})
            self.step(f"{name}: canceled", "GET", f"{QUEUE}/i/{item_id}")
            self._http.put(f"{QUEUE}/prune")

    def _results(self) -> None:
        nodes = {**BLANK, "c": {"id": "c", "type": "add"}}
        answer = self.enqueue("enqueue to run", nodes, [edge("a", "width", "c", "a")], workflow=WORKFLOW)
        item_id = answer["item_ids"][0]
        self.finished(item_id)
        item = self.step("completed item", "GET", f"{QUEUE}/i/{item_id}")
        image = next(
            result["image"]["image_name"] for result in item["session"]["results"].values() if "image" in result
        )
        for path in ("", "/full", "/thumbnail", "/metadata", "/workflow", "/urls"):
            self.step(f"made image{path}", "GET", f"/api/v1/images/i/{image}{path}")
        failing = self.enqueue("enqueue to fail", BROKEN)["item_ids"][0]
        self.finished(failing)
        self.step("failed item", "GET", f"{QUEUE}/i/{failing}")
        self.step("retry failed", "PUT", f"{QUEUE}/retry_items_by_id", json=[failing])
        self.finished(failing + 1)
        self.step("cancel completed", "PUT", f"{QUEUE}/i/{item_id}/cancel")

    def _media(self) -> None:
        def upload(name: str, content: bytes, kind: str = "image/png", query: str = USER, **form: str) -> Any:
            files = {"file": ("a.png", content, kind)}
            return self.step(name, "POST", f"/api/v1/images/upload?{query}", files=files, data=form)

        image = upload("upload", picture(), metadata='{"nonce": "Shapes"}')["image_name"]
        upload("upload text", b"x", "text/plain")
        upload("upload junk", b"x")
        upload("upload truncated", picture((300, 300))[:150])
        upload("upload resized", picture(), resize_to='{"width": 4, "height": 4}')
        upload("upload resized wrongly", picture(), resize_to="[4, 4]")
        upload("wrong category", picture(), query="image_category=zz&is_intermediate=false")
        upload("no is_intermediate", picture(), query="image_category=user")
        upload("upload to no board", picture(), query=f"{USER}&board_id=none")
        self.step("upload nothing", "POST", f"/api/v1/images/upload?{USER}")
        for path in ("", "/full", "/thumbnail", "/metadata", "/workflow", "/urls"):
            self.step(f"uploaded image{path}", "GET", f"/api/v1/images/i/{image}{path}")
            self.step(f"missing image{path}", "GET", f"/api/v1/images/i/nope.png{path}")
        self.step("head", "HEAD", f"/api/v1/images/i/{image}/full")
        for name in ("?limit=1", "?limit=5000", "?board_id=none&limit=1", "names?search_term=shapes", "?board_id=zz"):
            self.step(f"images {name}", "GET", f"/api/v1/images/{name}")
        self.step("by names", "POST", "/api/v1/images/images_by_names", json={"image_names": ["q", image]})
        for verb in ("star", "unstar"):
            self.step(verb, "POST", f"/api/v1/images/{verb}", json={"image_names": [image, "zz"]})
        self.step("patch", "PATCH", f"/api/v1/images/i/{image}", json={"starred": True})
        self.step("patch missing", "PATCH", "/api/v1/images/i/nope.png", json={"starred": True})
        self.step("pack", "POST", "/api/v1/images/download", json={"image_names": [image]})
        self.step("pack nothing", "POST", "/api/v1/images/download", json={})
        self.step("missing zip", "GET", "/api/v1/images/download/zz.zip")
        self.step("delete images", "POST", "/api/v1/images/delete", json={"image_names": [image, "zz"]})
        self.step("delete missing image", "DELETE", "/api/v1/images/i/nope.png")
        self.step("intermediates", "GET", "/api/v1/images/intermediates")

    def _boards(self) -> None:
        board = self.step("board", "POST", "/api/v1/boards/", params={"board_name": "Shapes"})["board_id"]
        files = {"file": ("a.png", picture(), "image/png")}
        image = self._http.post(f"/api/v1/images/upload?{USER}", files=files).json()["image_name"]
        self.step("board without name", "POST", "/api/v1/boards/")
        self.step("boards", "GET", "/api/v1/boards/?all=true")
        self.step("boards, page", "GET", "/api/v1/boards/?offset=0&limit=5")
        self.step("boards, neither", "GET", "/api/v1/boards/")
        for name, body in {
            "put on board": {"board_id": board, "image_name": image},
            "put on no board": {"board_id": "zz", "image_name": image},
            "put nothing on board": {"board_id": board, "image_name": "zz"},
        }.items():
            self.step(name, "POST", "/api/v1/board_images/", json=body)
        self.step("one board", "GET", f"/api/v1/boards/{board}")
        self.step("missing board", "GET", "/api/v1/boards/zz")
        self.step("rename board", "PATCH", f"/api/v1/boards/{board}", json={"board_name": "More"})
        for name in (board, "zz", "none"):
            self.step(f"names on {_plain(name)}", "GET", f"/api/v1/boards/{name}/image_names")
        self.step("put several", "POST", "/api/v1/board_images/batch", json={"board_id": board, "image_names": [image]})
        self.step("take off", "DELETE", "/api/v1/board_images/", json={"image_name": image})
        self.step("take several", "POST", "/api/v1/board_images/batch/delete", json={"image_names": [image]})
        self.step("delete board", "DELETE", f"/api/v1/boards/{board}?include_images=true")
        self.step("delete missing board", "DELETE", f"/api/v1/boards/{board}")

    def _rest(self) -> None:
        self.step("by attributes", "GET", "/api/v2/models/get_by_attrs?name=a&type=main&base=sd-1")
        self.step("by hash", "GET", "/api/v2/models/get_by_hash?hash=a")
        self.step("by key", "GET", "/api/v2/models/i/zz")
        self.step("job", "GET", "/api/v2/models/install/99999")
        saved = self.step("save workflow", "POST", "/api/v1/workflows/", json={"workflow": WORKFLOW})["workflow_id"]
        self.step("workflow of library", "GET", f"/api/v1/workflows/i/{saved}")
        self.step("missing workflow", "GET", "/api/v1/workflows/i/zz")
        self.step("workflows", "GET", "/api/v1/workflows/?categories=user&per_page=5")
        body = {"workflow": {**WORKFLOW, "id": saved}}
        self.step("update workflow", "PATCH", f"/api/v1/workflows/i/{saved}", json=body)
        self.step("update without id", "PATCH", f"/api/v1/workflows/i/{saved}", json={"workflow": WORKFLOW})
        self.step("counts by category", "GET", "/api/v1/workflows/counts_by_category?categories=user")
        self.step("opened", "PUT", f"/api/v1/workflows/i/{saved}/opened_at")
        self.step("delete workflow", "DELETE", f"/api/v1/workflows/i/{saved}")
        for prompt in ("a {b|c} {d|e}", "a {b|c", "{2$$a|b|c}"):
            self.step(f"prompts {prompt}", "POST", "/api/v1/utilities/dynamicprompts", json={"prompt": prompt})


def events(url: str) -> list[tuple[str, Any]]:
    """The events of one item that completes and one that fails, by name and shape."""
    heard: list[tuple[str, Any]] = []
    socket = socketio.Client(reconnection=False)
    socket.on("*", lambda name, payload: heard.append((name, payload)))
    socket.connect(url, socketio_path="/ws/socket.io", transports=["websocket"])
    socket.call("subscribe_queue", {"queue_id": "default"}, timeout=10)
    script = Script(url)
    for nodes in ({**BLANK, "c": {"id": "c", "type": "add"}}, BROKEN):
        edges = [edge("a", "width", "c", "a")] if "a" in nodes else []
        item_id = script.enqueue("", nodes, edges)["item_ids"][0]
        _wait(partial(_has_ended, item_id, heard))
        time.sleep(0.5)  # nothing may follow
    socket.disconnect()
    return [(f"{name} {payload.get('status', '')}".strip(), shape(payload)) for name, payload in heard]


def _has_ended(item_id: int, heard: list[tuple[str, Any]]) -> bool:
    ends = ("completed", "failed")
    return any(payload.get("item_id") == item_id and payload.get("status") in ends for _, payload in heard)


def _wait(ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def picture(size: tuple[int, int] = (8, 8)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, "red").save(buffer, "PNG")
    return buffer.getvalue()
