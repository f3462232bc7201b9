"""Images, videos and boards on the simulator."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.clip import CLIP
from tests.testing.asking import BLANK, Asking, picture

IMAGES = "/api/v1/images"
USER = {"image_category": "user", "is_intermediate": "false"}


def upload(
    ask: Asking,
    content: bytes | None = None,
    content_type: str = "image/png",
    params: dict[str, Any] | None = None,
    **form: str,
) -> httpx.Response:
    files = {"file": ("a.png", picture() if content is None else content, content_type)}
    return ask.http.post(f"{IMAGES}/upload", params=USER if params is None else params, files=files, data=form)


def opened(ask: Asking, name: str) -> Image.Image:
    return Image.open(io.BytesIO(ask.http.get(f"{IMAGES}/i/{name}/full").content))


def test_uploads_become_png_under_a_new_name_each_time(ask: Asking) -> None:
    jpeg = picture((20, 10), "JPEG")

    first, second = (upload(ask, jpeg, "image/jpeg") for _ in range(2))

    stored = first.json()
    assert first.status_code == 201
    assert first.headers["location"] == stored["image_url"] == f"api/v1/images/i/{stored['image_name']}/full"
    assert second.json()["image_name"] != stored["image_name"]
    assert (stored["width"], stored["height"]) == (20, 10)
    assert (stored["image_origin"], stored["image_category"], stored["has_workflow"]) == ("external", "user", False)
    assert opened(ask, stored["image_name"]).format == "PNG"


@pytest.mark.parametrize(
    ("content", "content_type", "status", "detail"),
    [
        (b"x", "text/plain", 415, "Not an image"),
        (b"x", "image/png", 415, "Failed to read image"),
        (picture((300, 300))[:150], "image/png", 500, "Failed to create image"),
        (picture((8, 8), "JPEG", mode="CMYK"), "image/jpeg", 500, "Failed to create image"),
    ],
)
def test_anything_but_an_image_is_refused(
    ask: Asking, content: bytes, content_type: str, status: int, detail: str
) -> None:
    answer = upload(ask, content, content_type)

    assert (answer.status_code, answer.json()) == (status, {"detail": detail})


def test_upload_parameters_are_checked(ask: Asking) -> None:
    def loc(params: dict[str, Any]) -> Any:
        answer = upload(ask, params=params)
        assert answer.status_code == 422
        return answer.json()["detail"][0]["loc"]

    assert loc({"image_category": "zz", "is_intermediate": "false"}) == ["query", "image_category"]
    assert loc({"image_category": "user"}) == ["query", "is_intermediate"]
    assert upload(ask, params={**USER, "board_id": "none"}).json() == {"detail": "Board not found"}
    answer = ask.http.post(f"{IMAGES}/upload", params=USER)
    assert answer.json()["detail"][0]["loc"] == ["body", "file"]


def test_resizing_takes_an_object_only(ask: Asking) -> None:
    assert upload(ask, resize_to='{"width": 4, "height": 5}').json()["height"] == 5
    for wrong in ("[4,4]", '{"width":5000,"height":5000}', "zz"):
        assert upload(ask, resize_to=wrong).status_code == 400


def test_uploads_are_found_by_their_metadata(ask: Asking) -> None:
    name = upload(ask, metadata='{"nonce": "AbC1"}').json()["image_name"]
    upload(ask, metadata="not json")

    found = ask.get(f"{IMAGES}/names", params={"search_term": "abc1"})

    assert found == {"image_names": [name], "starred_count": 0, "total_count": 1}
    assert ask.get(f"{IMAGES}/i/{name}/metadata") == {"nonce": "AbC1"}


def test_made_images_say_how_they_were_made(ask: Asking) -> None:
    workflow: dict[str, Any] = dict.fromkeys(
        ("name", "author", "description", "version", "contact", "tags", "notes"), "x"
    )
    workflow |= {"exposedFields": [], "meta": {"version": "3.0.0", "category": "user"}, "nodes": [], "edges": []}
    item = ask.wait(ask.enqueue(BLANK, workflow=workflow)["item_ids"][0])
    name = next(iter(item["session"]["results"].values()))["image"]["image_name"]

    described = ask.get(f"{IMAGES}/i/{name}")
    texts = ask.get(f"{IMAGES}/i/{name}/workflow")
    inside = opened(ask, name).info

    assert (described["image_origin"], described["has_workflow"]) == ("internal", True)
    assert described["session_id"] == item["session_id"]
    assert described["node_id"] in item["session"]["prepared_source_mapping"]
    assert json.loads(texts["workflow"])["name"] == "x"
    assert json.loads(texts["graph"])["nodes"]["a"]["width"] == 8
    assert inside["invokeai_workflow"] == texts["workflow"]
    assert inside["invokeai_graph"] == texts["graph"]


def test_files_come_whole_with_the_headers_of_the_server(ask: Asking) -> None:
    name = upload(ask).json()["image_name"]

    full = ask.http.get(f"{IMAGES}/i/{name}/full", headers={"range": "bytes=0-3"})
    head = ask.http.head(f"{IMAGES}/i/{name}/full")
    small = ask.http.get(f"{IMAGES}/i/{name}/thumbnail")

    assert full.status_code == 200
    assert full.headers["content-type"] == "image/png"
    assert full.headers["cache-control"] == "max-age=31536000"
    assert head.headers["content-length"] == str(len(full.content))
    assert (head.content, small.headers["content-type"]) == (b"", "image/webp")


def test_missing_images(ask: Asking) -> None:
    for path in ("", "/full", "/thumbnail", "/metadata", "/workflow"):
        answer = ask.http.get(f"{IMAGES}/i/nope.png{path}")
        assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})
    assert ask.get(f"{IMAGES}/i/nope.png/urls")["image_url"] == "api/v1/images/i/nope.png/full"
    assert ask.http.delete(f"{IMAGES}/i/nope.png").json() == {"detail": "Image not found"}
    assert ask.http.patch(f"{IMAGES}/i/nope.png", json={"starred": True}).status_code == 400


def test_images_are_listed_starred_first_then_newest(ask: Asking) -> None:
    names = [upload(ask).json()["image_name"] for _ in range(3)]
    ask.http.post(f"{IMAGES}/star", json={"image_names": [names[0], "zz"]})

    page = ask.get(f"{IMAGES}/", params={"limit": 2, "offset": 1})

    assert ask.get(f"{IMAGES}/names")["image_names"] == [names[0], names[2], names[1]]
    assert (page["total"], [image["image_name"] for image in page["items"]]) == (3, [names[2], names[1]])
    assert ask.http.get(f"{IMAGES}/", params={"limit": 5000}).status_code == 422


def test_deleting_skips_what_is_not_there(ask: Asking) -> None:
    name = upload(ask).json()["image_name"]

    answer = ask.http.post(f"{IMAGES}/delete", json={"image_names": [name, "zz"]}).json()

    assert answer == {"affected_boards": ["none"], "deleted_images": [name], "failed_images": []}


def test_images_are_packed_into_a_zip(ask: Asking) -> None:
    name = upload(ask).json()["image_name"]

    answer = ask.http.post(f"{IMAGES}/download", json={"image_names": [name]})
    where = f"{IMAGES}/download/{answer.json()['bulk_download_item_name']}"
    archive = ask.http.get(where).content

    assert answer.status_code == 202
    assert zipfile.ZipFile(io.BytesIO(archive)).namelist() == [f"user/{name}"]
    assert ask.http.get(where).status_code == 404  # deleted after its download
    assert ask.http.post(f"{IMAGES}/download", json={}).status_code == 400


def test_boards_hold_images_and_may_share_a_name(ask: Asking) -> None:
    boards = [ask.http.post("/api/v1/boards/", params={"board_name": "B"}).json()["board_id"] for _ in range(2)]
    name = upload(ask).json()["image_name"]
    body = {"board_id": boards[0], "image_name": name}

    moved = ask.http.post("/api/v1/board_images/", json=body)

    assert boards[0] != boards[1]
    assert (moved.status_code, set(moved.json()["affected_boards"])) == (201, {"none", boards[0]})
    board = ask.get(f"/api/v1/boards/{boards[0]}")
    assert (board["cover_image_name"], board["image_count"], board["asset_count"]) == (name, 0, 1)
    assert ask.get(f"/api/v1/boards/{boards[0]}/image_names") == [name]
    deleted = ask.http.delete(f"/api/v1/boards/{boards[0]}").json()
    assert (deleted["deleted_board_images"], deleted["deleted_images"]) == ([name], [])
    assert ask.get(f"{IMAGES}/i/{name}")["board_id"] is None


def test_missing_boards(ask: Asking) -> None:
    name = upload(ask).json()["image_name"]

    def put(**body: str) -> int:
        return ask.http.post("/api/v1/board_images/", json=body).status_code

    board_id = ask.http.post("/api/v1/boards/", params={"board_name": ""}).json()["board_id"]
    assert put(board_id="zz", image_name=name) == 404
    assert put(board_id=board_id, image_name="zz") == 500
    assert ask.http.get("/api/v1/boards/").status_code == 400
    assert ask.http.get("/api/v1/boards/zz/image_names").status_code == 404
    assert ask.get(f"{IMAGES}/", params={"board_id": "zz"})["total"] == 0


def test_a_board_in_the_graph_gets_the_image_and_an_unknown_one_is_ignored(ask: Asking) -> None:
    board_id = ask.http.post("/api/v1/boards/", params={"board_name": "B"}).json()["board_id"]

    for wanted, found in ((board_id, board_id), ("zz", None)):
        nodes = {"a": {**BLANK["a"], "board": {"board_id": wanted}}}
        item = ask.wait(ask.enqueue(nodes)["item_ids"][0])
        name = next(iter(item["session"]["results"].values()))["image"]["image_name"]
        assert ask.get(f"{IMAGES}/i/{name}")["board_id"] == found


def test_videos_keep_their_bytes_and_take_ranges(ask: Asking) -> None:
    params = {"video_category": "user", "is_intermediate": "false"}
    content = CLIP

    def send(content: bytes) -> httpx.Response:
        return ask.http.post("/api/v1/videos/upload", params=params, files={"file": ("a.mp4", content, "video/mp4")})

    stored = send(content).json()
    path = f"/api/v1/videos/i/{stored['video_name']}/full"
    part = ask.http.get(path, headers={"range": "bytes=4-7"})

    assert ask.http.get(path).content == content
    assert (part.status_code, part.content, part.headers["content-range"]) == (206, b"ftyp", f"bytes 4-7/{len(CLIP)}")
    assert send(b"xx").json() == {"detail": "Not an MP4 video file"}
