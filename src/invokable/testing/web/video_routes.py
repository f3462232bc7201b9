"""The endpoints for videos, since 6.14. They match those for images, but files are stored unchanged."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from invokable.testing.server import checks, pictures
from invokable.testing.server.media import CATEGORIES, File
from invokable.testing.server.problems import Refusal
from invokable.testing.web import media_answers as media
from invokable.testing.web.call import Answer, Call, Parameters, Upload, no_body
from invokable.testing.web.route_table import route

_VIDEOS = "/api/v1/videos"
_ONE = f"{_VIDEOS}/i/{{name}}"
_MP4 = b"ftyp"
_QUICKTIME = b"qt  "
_RANGE = re.compile(r"bytes=(\d*)-(\d*)$")
_CHUNK = 2**20
_PLACE = checks.record("VideoBoardArg", {"board_id": checks.TEXT, "video_name": checks.TEXT})


@route("POST", f"{_VIDEOS}/upload", form=True, slow=True, feature="videos")
def upload(call: Call) -> Answer:
    """Store an MP4 file unchanged."""
    query = Parameters(call)
    category = query.choice("video_category", CATEGORIES, required=True)
    is_intermediate = query.boolean("is_intermediate", required=True)
    board_id, session_id = query.text("board_id"), query.text("session_id")
    query.check()
    board_id = media.writable_board(call, board_id)
    given = _file(call)
    text = call.form.get("metadata")
    metadata = pictures.metadata_text(text)
    if text is not None and metadata is None:
        raise Refusal(422, "Metadata must be a JSON object")
    if given.content[4:8] != _MP4 or given.content[8:12] == _QUICKTIME:
        raise Refusal(415, "Not an MP4 video file")
    try:
        file = call.world.media.add_video(
            given.content,
            metadata=metadata,
            category=category,
            origin="external",
            is_intermediate=is_intermediate,
            user_id=call.person.user_id,
            session_id=session_id,
            board_id=board_id,
        )
    except ValueError:
        raise Refusal(415, "Failed to read video") from None
    record = call.world.media.to_json(file)
    return Answer(record, 201, headers={"location": record["video_url"]})


def _not_own() -> Refusal:
    return Refusal(403, "Not authorized to move this video")


def _file(call: Call) -> Upload:
    """The video in the form, whose parts the server reads one by one. Raises Refusal 422 or 415."""
    if not call.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise Refusal(422, "Expected a multipart/form-data video upload")
    if call.file is None:
        raise Refusal(422, "Expected a video file in the upload")
    if not (call.file.content_type.startswith("video/mp4") or call.file.name.lower().endswith(".mp4")):
        raise Refusal(415, "Not a supported video file")
    return call.file


@route("GET", "/api/v1/gallery/items/", feature="videos")
def gallery(call: Call) -> Answer:
    """A page of images and videos together."""
    return media.page(call, None, lambda file: _entry(call, file))


def _entry(call: Call, file: File) -> dict[str, Any]:
    record = call.world.media.to_json(file)
    entry = {"kind": file.kind, "name": file.name, "full_url": record[f"{file.kind}_url"]}
    entry |= {name: record[name] for name in ("thumbnail_url", "width", "height")}
    entry["category"] = file.category
    entry |= {name: record[name] for name in ("starred", "is_intermediate", "board_id", "created_at")}
    return entry | {name: record.get(name) for name in ("duration", "fps")}


@route("GET", f"{_VIDEOS}/", feature="videos")
def list_videos(call: Call) -> Answer:
    """A page of videos."""
    return media.page(call, "video")


@route("GET", f"{_VIDEOS}/names", feature="videos")
def names(call: Call) -> Answer:
    """The names of all matching videos."""
    return media.names(call, "video")


@route("POST", f"{_VIDEOS}/delete", feature="videos")
def delete_several(call: Call) -> Answer:
    """Delete videos."""
    return media.delete_several(call, "video", media.wanted(call, "video"))


@route("POST", f"{_VIDEOS}/star", feature="videos")
def star(call: Call) -> Answer:
    """Star videos."""
    return media.star(call, "video", starred=True)


@route("POST", f"{_VIDEOS}/unstar", feature="videos")
def unstar(call: Call) -> Answer:
    """Remove the stars."""
    return media.star(call, "video", starred=False)


@route("POST", f"{_VIDEOS}/board", feature="videos")
def put(call: Call) -> Answer:
    """Move a video to a board."""
    given = Parameters(call)
    wanted = given.body(_PLACE)
    given.check()
    name, board_id = wanted["video_name"], media.writable_board(call, wanted["board_id"])
    file = media.own(call, "video", name)
    if file is None:
        raise Refusal(500, "Failed to add video to board") if call.person.is_admin else _not_own()
    affected = list(dict.fromkeys([str(board_id), *media.boards_of([file])]))
    file.board_id = board_id
    return Answer({"affected_boards": affected, "added_videos": [name]})


@route("DELETE", f"{_VIDEOS}/board", feature="videos")
def take(call: Call) -> Answer:
    """Remove a video from its board; the server gives the same answer for missing videos."""
    name = call.member("video_name", checks.TEXT)
    file = call.world.media.get(name, "video")
    if media.own(call, "video", name) is None and not call.person.is_admin:
        if file is None or file.board_id is None:
            raise _not_own()
        if not media.taken_off(call, file):
            raise Refusal(403, "Not authorized to modify this board")
    affected = ["none", *media.boards_of([file] if file else [])]
    if file is not None:
        file.board_id = None
    return Answer({"affected_boards": list(dict.fromkeys(affected)), "removed_videos": [name]})


@route("GET", _ONE, feature="videos")
def describe(call: Call) -> Answer:
    """A video."""
    return Answer(call.world.media.to_json(media.readable(call, "video")))


@route("PATCH", _ONE, feature="videos")
def update(call: Call) -> Answer:
    """Change a video's attributes."""
    return media.update(call, "video")


@route("DELETE", _ONE, feature="videos")
def delete(call: Call) -> Answer:
    """Delete a video."""
    if call.world.media.get(call.params["name"], "video") is None:
        raise Refusal(404, "Video not found")
    media.changeable(call, "video")
    return media.delete_several(call, "video", [call.params["name"]])


@route("GET", f"{_ONE}/full", cookie=True, feature="videos")
@route("HEAD", f"{_ONE}/full", cookie=True, feature="videos")
def full(call: Call) -> Answer:
    """The file, or the requested range of it."""
    answer = media.full(call, "video", "video/mp4")
    content, asked = answer.content or b"", call.headers.get("range")
    answer.headers["accept-ranges"] = "bytes"
    if call.method == "HEAD" or asked is None:
        return answer
    if not (part := _part(asked, len(content))):
        answer.headers["content-range"] = f"bytes */{len(content)}"
        return replace(no_body(call, 416), headers=answer.headers)
    answer.headers["content-range"] = f"bytes {part.start}-{part.stop - 1}/{len(content)}"
    answer.content, answer.status = content[part.start : part.stop], 206
    return answer


def _part(asked: str, size: int) -> range:
    """The requested range of a file, of at most a mebibyte; empty if the file has no such range."""
    found = _RANGE.match(asked.strip())
    first, last = found.groups() if found else ("", "")
    if first:
        begin, end = int(first), int(last or size) + 1
    else:
        begin, end = max(size - int(last or 0), 0), size
    return range(begin, min(end, size, begin + _CHUNK))


@route("GET", f"{_ONE}/thumbnail", cookie=True, slow=True, feature="videos")
def thumbnail(call: Call) -> Answer:
    """A thumbnail image."""
    return media.thumbnail(call, "video")


@route("GET", f"{_ONE}/metadata", feature="videos")
def metadata(call: Call) -> Answer:
    """The metadata, or null."""
    return media.metadata(call, "video")


@route("GET", f"{_ONE}/workflow", feature="videos")
def workflow(call: Call) -> Answer:
    """Its workflow and graph, as text."""
    return media.workflow(call, "video")


@route("GET", f"{_ONE}/urls", feature="videos")
def urls(call: Call) -> Answer:
    """Its URLs."""
    return media.urls(call, "video")
