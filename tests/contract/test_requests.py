"""Requests that a client of one's own may send: answered alike by the simulator and by real servers."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import socketio  # type: ignore[import-untyped,unused-ignore]

from invokable import BoardRecord
from tests.live.provision import Server

Save = Callable[..., dict[str, Any]]
USER = "image_category=user&is_intermediate=false"
WORKFLOW: dict[str, Any] = {
    **dict.fromkeys(("name", "author", "description", "version", "contact", "tags", "notes"), "x"),
    "exposedFields": [],
    "meta": {"category": "user", "version": "3.0.0"},
    "nodes": [],
    "edges": [],
}
LARGEST = 2**63 - 1
"""The largest number that the server's database holds."""
DEFAULT = {"category": "default", "version": "3.0.0"}
RETURN: dict[str, Any] = {"type": "invocation", "data": {"type": "workflow_return"}}


@pytest.fixture
def workflow(http: httpx.Client) -> Iterator[Save]:
    """Saves workflows, until the end of the test."""
    saved: list[dict[str, Any]] = []

    def save(**about: Any) -> dict[str, Any]:
        saved.append(http.post("/api/v1/workflows/", json={"workflow": {**WORKFLOW, **about}}).json())
        return saved[-1]

    yield save
    for one in saved:
        http.delete(f"/api/v1/workflows/i/{one['workflow_id']}")


@pytest.fixture
def http(newest: Server) -> Iterator[httpx.Client]:
    """Raw access. A real server closes the connection after some errors, so each request has its own."""
    with httpx.Client(
        base_url=newest.url, timeout=30, verify=False, limits=httpx.Limits(max_keepalive_connections=0)
    ) as access:
        yield access


def upload(http: httpx.Client, stamp: Path, query: str = USER, **form: str) -> httpx.Response:
    files = {"file": ("a.png", stamp.read_bytes(), "image/png")}
    return http.post(f"/api/v1/images/upload?{query}", files=files, data=form)


def preset(http: httpx.Client, **about: Any) -> httpx.Response:
    data = {"name": "x", "positive_prompt": "", "negative_prompt": "", "type": "user", **about}
    return http.post("/api/v1/style_presets/", data={"data": json.dumps(data)})


@pytest.mark.parametrize(
    ("method", "path", "body", "kind", "loc"),
    [
        ("PATCH", "/api/v1/boards/zz", {"name": "x"}, "extra_forbidden", ["body", "name"]),
        ("PATCH", "/api/v1/boards/zz", {"archived": "maybe"}, "bool_parsing", ["body", "archived"]),
        ("PATCH", "/api/v1/boards/zz", [], "model_attributes_type", ["body"]),
        ("PATCH", "/api/v1/images/i/zz.png", {"starred": "yes"}, "bool_type", ["body", "starred"]),
        ("PATCH", "/api/v1/images/i/zz.png", {"image_category": "x"}, "enum", ["body", "image_category"]),
        ("GET", "/api/v1/boards/zz/image_names?categories=x", None, "enum", ["query", "categories", 0]),
        ("POST", "/api/v1/board_images/batch", {"board_id": "zz"}, "missing", ["body", "image_names"]),
        ("POST", "/api/v1/images/star", {"image_names": ["a"] * 1001}, "too_long", ["body", "image_names"]),
        ("GET", "/api/v1/workflows/counts_by_category", None, "missing", ["query", "categories"]),
        ("POST", "/api/v1/utilities/dynamicprompts", {"prompt": "a", "max_prompts": 0}, "greater_than_equal", None),
        ("GET", "/api/v1/images/?offset=-1", None, "greater_than_equal", ["query", "offset"]),
        ("GET", "/api/v2/models/install/x", None, "int_parsing", ["path", "id"]),
        ("PUT", "/api/v1/workflows/i/zz/thumbnail", None, "missing", ["body", "image"]),
        ("POST", "/api/v1/videos/star", {"video_names": ["a" * 256]}, "string_too_long", ["body", "video_names", 0]),
        ("POST", "/api/v1/videos/delete", {"video_names": None}, "list_type", ["body", "video_names"]),
        ("POST", "/api/v1/videos/board", [], "model_attributes_type", ["body"]),
        ("PATCH", "/api/v2/models/i/zz", {"name": 5}, "string_type", ["body", "name"]),
        ("PATCH", "/api/v2/models/i/zz", {"trigger_phrases": [5]}, "string_type", ["body", "trigger_phrases", 0]),
        ("PATCH", "/api/v2/models/i/zz", [], "model_attributes_type", ["body"]),
        ("POST", "/api/v2/models/install?source=x", None, "missing", ["body"]),
        ("POST", "/api/v2/models/install?source=x", {"name": 5}, "string_type", ["body", "name"]),
        ("GET", "/api/v2/models/?order_by=zz", None, "enum", ["query", "order_by"]),
        (
            "POST",
            "/api/v1/workflows/",
            {"workflow": {**WORKFLOW, "meta": {"category": "user", "version": "3"}}},
            "value_error",
            ["body", "workflow", "meta", "version"],
        ),
        (
            "POST",
            "/api/v1/workflows/",
            {"workflow": {**WORKFLOW, "nodes": [RETURN, RETURN]}},
            "value_error",
            ["body", "workflow", "nodes"],
        ),
    ],
)
def test_a_request_is_checked_before_it_is_looked_up(
    http: httpx.Client, method: str, path: str, body: Any, kind: str, loc: list[Any] | None
) -> None:
    answer = http.request(method, path, json=body) if body is not None else http.request(method, path)

    (detail,) = answer.json()["detail"]
    assert (answer.status_code, detail["type"]) == (422, kind)
    assert loc is None or detail["loc"] == loc


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        (
            "POST",
            "/api/v1/workflows/",
            {"workflow": {**WORKFLOW, "meta": {"category": "default", "version": "3.0.0"}}},
            500,
        ),
        ("POST", "/api/v1/images/download", {"board_id": "zz"}, 500),
        ("GET", "/api/v1/auth/users", None, 401),
        ("GET", "/api/v1/workflows/i/zz/thumbnail", None, 404),
        ("GET", f"/api/v1/queue/default/i/{LARGEST}", None, 404),
        ("GET", f"/api/v1/queue/default/i/{LARGEST + 1}", None, 500),
        ("POST", "/api/v1/queue/default/items_by_ids", {"item_ids": [LARGEST + 1]}, 200),
        ("POST", "/api/v1/queue/default/item_summaries_by_ids", {"item_ids": [LARGEST + 1]}, 500),
        ("PUT", "/api/v1/queue/default/retry_items_by_id", [LARGEST + 1], 500),
        ("GET", f"/api/v1/boards/?offset=0&limit={LARGEST + 1}", None, 500),
        ("GET", f"/api/v1/images/?offset={LARGEST + 1}", None, 500),
        ("GET", f"/api/v1/workflows/?page={LARGEST}&per_page=2", None, 500),
    ],
)
def test_the_status_of_a_request_with_an_unusual_value(
    http: httpx.Client, method: str, path: str, body: Any, status: int
) -> None:
    assert http.request(method, path, json=body).status_code == status


def test_all_errors_of_an_upload_are_reported_together(http: httpx.Client) -> None:
    details = http.post("/api/v1/images/upload?image_category=zz").json()["detail"]

    assert [(detail["type"], detail["loc"]) for detail in details] == [
        ("enum", ["query", "image_category"]),
        ("missing", ["query", "is_intermediate"]),
        ("missing", ["body", "file"]),
    ]


def test_a_batch_of_another_queue_has_no_origin(http: httpx.Client, name: str) -> None:
    graph = {"nodes": {"a": {"id": "a", "type": "add"}}, "edges": []}
    batch = {"graph": graph, "batch_id": name, "origin": "x"}
    http.post("/api/v1/queue/default/enqueue_batch", json={"batch": batch})

    found = [http.get(f"/api/v1/queue/{queue}/b/{name}/status").json() for queue in ("default", "other")]
    assert [(one["total"], one["origin"]) for one in found] == [(1, "x"), (0, None)]


def test_names_that_are_repeated_count_once(http: httpx.Client, stamp: Path) -> None:
    name = upload(http, stamp).json()["image_name"]
    twice = {"image_names": [name, name]}

    assert http.post("/api/v1/images/star", json=twice).json()["starred_images"] == [name]
    assert http.post("/api/v1/board_images/batch/delete", json=twice).json()["affected_boards"] == ["none"]
    assert http.post("/api/v1/images/delete", json=twice).json()["deleted_images"] == [name]
    assert http.post("/api/v1/board_images/batch/delete", json=twice).json()["affected_boards"] == []


@pytest.mark.parametrize(
    ("size", "status", "width"),
    [
        ("", 201, None),
        ('{"width": "4", "height": 3.0}', 201, 4),
        ('{"width": 0, "height": 3}', 400, None),
        ('{"width": 4096, "height": 4097}', 400, None),
        ("4", 400, None),
    ],
)
def test_an_upload_is_resized(http: httpx.Client, stamp: Path, size: str, status: int, width: int | None) -> None:
    answer = upload(http, stamp, resize_to=size)

    assert answer.status_code == status
    assert width is None or answer.json()["width"] == width


def test_a_style_preset_has_a_type_and_may_be_public(http: httpx.Client) -> None:
    kept = preset(http, is_public="true").json()
    http.delete(f"/api/v1/style_presets/i/{kept['id']}")

    assert kept["is_public"] is True
    assert preset(http, type="zz").json() == {"detail": "Invalid preset data"}


def test_workflows_are_listed_in_the_order_that_is_asked_for(http: httpx.Client, workflow: Save, name: str) -> None:
    for title in ("b", "c", "a"):
        workflow(name=f"{name} {title}")

    def listed(**order: str) -> str:
        found = http.get("/api/v1/workflows/", params={"query": name, **order}).json()["items"]
        return "".join(workflow["name"][-1] for workflow in found)

    assert listed() == "abc"
    assert listed(direction="DESC") == "cba"
    assert listed(order_by="created_at") == "bca"


@pytest.mark.parametrize("order_by", ["name", "default", "type", "base", "format", "path"])
def test_models_are_listed_in_the_order_that_is_asked_for(http: httpx.Client, order_by: str) -> None:
    def listed(**asked: str) -> list[list[str]]:
        models = http.get("/api/v2/models/", params=asked).json()["models"]
        members = ["type", "base", "name"] if order_by == "default" else [order_by]
        return [[model[member].lower() for member in members] for model in models]

    rising = listed(order_by=order_by)

    assert rising == sorted(rising)
    assert listed(order_by=order_by, direction="DESC") == rising[::-1]
    assert order_by != "name" or listed() == rising


def test_workflows_are_listed_that_others_can_call(http: httpx.Client, workflow: Save, name: str) -> None:
    workflow(name=f"{name} a")
    workflow(name=f"{name} b", nodes=[{**RETURN, "data": {"id": "r", **RETURN["data"]}}])

    def found(is_callable: bool) -> list[str]:
        answer = http.get("/api/v1/workflows/", params={"query": name, "callable": is_callable, "per_page": 5}).json()
        return [one["name"] for one in answer["items"]]

    assert [found(False), found(True)] == [[f"{name} a"], [f"{name} b"]]


def test_a_shared_workflow_has_a_tag(http: httpx.Client, workflow: Save, name: str) -> None:
    path = f"/api/v1/workflows/i/{workflow(name=name, tags='b,c')['workflow_id']}/is_public"

    shared = http.patch(path, json={"is_public": True}).json()
    hidden = http.patch(path, json={"is_public": False}).json()

    assert (shared["workflow"]["tags"], hidden["workflow"]["tags"]) == ("b, c, shared", "b, c")


def test_a_zip_of_a_board_is_named_after_it(http: httpx.Client, board: BoardRecord, stamp: Path, name: str) -> None:
    http.patch(f"/api/v1/boards/{board.id}", json={"board_name": f"{name} / 1"})
    upload(http, stamp, f"{USER}&board_id={board.id}")

    packed = http.post("/api/v1/images/download", json={"board_id": board.id}).json()
    assert packed["bulk_download_item_name"].startswith(f"{name}  1_")


def test_the_properties_of_a_video_are_read(http: httpx.Client, clip: bytes) -> None:
    def send(content: bytes) -> dict[str, Any]:
        query = "video_category=user&is_intermediate=false"
        files = {"file": ("a.mp4", content, "video/mp4")}
        return dict(http.post(f"/api/v1/videos/upload?{query}", files=files).json())

    video = send(clip)
    http.delete(f"/api/v1/videos/i/{video['video_name']}")

    assert [video[name] for name in ("width", "height", "duration", "fps")] == [16, 16, 0.5, 8]
    assert send(clip[:60]) == {"detail": "Failed to read video"}


@pytest.fixture
def video(http: httpx.Client, clip: bytes) -> Iterator[str]:
    """A video on the server, until the end of the test."""
    path = "/api/v1/videos/upload?video_category=user&is_intermediate=false"
    name = http.post(path, files={"file": ("a.mp4", clip, "video/mp4")}).json()["video_name"]
    yield name
    http.delete(f"/api/v1/videos/i/{name}")


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=4-7", slice(4, 8)),
        ("bytes=8-", slice(8, None)),
        ("bytes=-8", slice(-8, None)),
        ("bytes=0-99999999", slice(None)),
        ("bytes=-0", None),
        ("bytes=8-4", None),
        ("bytes=99999999-", None),
        ("bytes=0-1,4-5", None),
        ("lines=0-1", None),
    ],
)
def test_a_range_of_a_video(http: httpx.Client, video: str, clip: bytes, asked: str, part: slice | None) -> None:
    headers = {"range": asked, "accept-encoding": "identity"}
    answer = http.get(f"/api/v1/videos/i/{video}/full", headers=headers)

    assert (answer.status_code, answer.content) == ((206, clip[part]) if part else (416, b""))
    assert answer.headers["content-range"].endswith(f"/{len(clip)}")


@pytest.mark.parametrize(
    ("name", "kind", "data", "status", "words"),
    [
        ("a.webm", "video/webm", {}, 415, "Not a supported video file"),
        ("a.mp4", "video/webm", {}, 415, "Not an MP4 video file"),
        ("a.mp4", "video/mp4", {"metadata": "[1]"}, 422, "Metadata must be a JSON object"),
    ],
)
def test_an_upload_that_is_no_video(
    http: httpx.Client, name: str, kind: str, data: dict[str, str], status: int, words: str
) -> None:
    path = "/api/v1/videos/upload?video_category=user&is_intermediate=false"
    answer = http.post(path, files={"file": (name, b"junk", kind)}, data=data)

    assert (answer.status_code, answer.json()) == (status, {"detail": words})


def test_an_upload_without_a_video(http: httpx.Client) -> None:
    path = "/api/v1/videos/upload?video_category=user&is_intermediate=false"

    assert http.post(path).json() == {"detail": "Expected a multipart/form-data video upload"}
    form = http.post(path, files={"metadata": (None, b"{}")})
    assert form.json() == {"detail": "Expected a video file in the upload"}
    assert http.post(f"{path}&board_id=zz").json() == {"detail": "Board not found"}


@pytest.fixture
def heard(newest: Server) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """The events of the server, as they arrive."""
    events: list[tuple[str, dict[str, Any]]] = []
    socket = socketio.Client(reconnection=False)
    socket.on("*", lambda name, payload: events.append((name, payload)))
    socket.connect(newest.url, socketio_path="/ws/socket.io", transports=["websocket"])
    socket.call("subscribe_queue", {"queue_id": "default"}, timeout=10)
    yield events
    socket.disconnect()


def until(heard: list[tuple[str, dict[str, Any]]], *names: str) -> list[dict[str, Any]]:
    """Wait for events. Returns their payloads."""
    deadline = time.monotonic() + 30
    while not set(names) <= {name for name, _ in heard}:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return [next(payload for one, payload in heard if one == name) for name in names]


def test_the_events_about_a_workflow_say_whether_it_is_shared(
    http: httpx.Client, heard: list[tuple[str, dict[str, Any]]], workflow: Save
) -> None:
    saved = workflow()
    path = f"/api/v1/workflows/i/{saved['workflow_id']}"
    http.patch(f"{path}/is_public", json={"is_public": False})
    http.delete(path)

    created, updated, deleted = until(heard, "workflow_created", "workflow_updated", "workflow_deleted")
    assert (created["is_public"], updated["old_is_public"], updated["new_is_public"]) == (True, True, False)
    assert deleted["is_public"] is False


def test_the_events_about_several_items(http: httpx.Client, heard: list[tuple[str, dict[str, Any]]], name: str) -> None:
    graph = {"nodes": {"a": {"id": "a", "type": "add"}}, "edges": []}
    batch = {"graph": graph, "destination": name}
    ids = http.post("/api/v1/queue/default/enqueue_batch", json={"batch": batch}).json()["item_ids"]
    while http.get(f"/api/v1/queue/default/i/{ids[0]}").json()["status"] != "completed":
        time.sleep(0.005)
    http.put("/api/v1/queue/default/retry_items_by_id", json=ids)
    http.delete(f"/api/v1/queue/default/d/{name}")

    retried, canceled = until(heard, "queue_items_retried", "queue_items_canceled")
    assert (retried["retried_item_ids"], canceled["canceled_item_ids"]) == ([], ids)


def test_a_running_item_is_canceled_before_the_others_of_its_batch(
    http: httpx.Client, heard: list[tuple[str, dict[str, Any]]], name: str
) -> None:
    nodes = {
        "r": {"id": "r", "type": "range", "start": 600, "stop": 900},
        "i": {"id": "i", "type": "iterate"},
        "a": {"id": "a", "type": "blank_image", "width": 1024, "height": 1024, "use_cache": False},
    }
    ends = [("r", "collection", "i", "collection"), ("i", "item", "a", "height")]
    edges = [
        {"source": {"node_id": source, "field": field}, "destination": {"node_id": target, "field": into}}
        for source, field, target, into in ends
    ]
    batch = {"graph": {"nodes": nodes, "edges": edges}, "batch_id": name, "runs": 2}
    http.post("/api/v1/queue/default/enqueue_batch", json={"batch": batch})
    until(heard, "invocation_started")
    http.put("/api/v1/queue/default/cancel_by_batch_ids", json={"batch_ids": [name]})
    until(heard, "queue_items_canceled")

    assert [one for one, payload in heard if one == "queue_items_canceled" or payload.get("status") == "canceled"] == [
        "queue_item_status_changed",
        "queue_items_canceled",
    ]
