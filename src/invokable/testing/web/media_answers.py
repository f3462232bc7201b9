"""The common parts of image and video endpoints."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, get_args

from pydantic_core import core_schema

from invokable.contract.fields import NO_BOARD
from invokable.contract.limits import Limits
from invokable.contract.vocabulary import Origin
from invokable.testing.server import checks, sqlite
from invokable.testing.server.boards import Board
from invokable.testing.server.media import CATEGORIES, File
from invokable.testing.server.problems import Refusal
from invokable.testing.web.call import Answer, Call, Parameters

MOST_NAMES = 1000
_NAMES = checks.several(core_schema.str_schema(max_length=255), Limits(max_items=MOST_NAMES))
_VIDEOS = checks.record("VideoNamesBatch", {"video_names": _NAMES})
_STRICT = core_schema.bool_schema(strict=True)


def is_seen(call: Call) -> Callable[[File], bool]:
    """Return a check for the files that the caller may see: their own, and those on shared boards."""
    return lambda file: call.person.sees(file.user_id) or _is_shared(call, file)


def sees_board(call: Call, board: Board) -> bool:
    """Whether the caller may see the contents of a board."""
    return board.visibility != "private" or call.person.sees(board.user_id)


def _is_shared(call: Call, file: File) -> bool:
    board = call.world.boards.boards.get(file.board_id or "")
    return board is not None and board.visibility != "private"


def adds_to(call: Call, board: Board) -> bool:
    """Whether the caller may add to a board, and change what is on it."""
    return board.visibility == "public" or call.person.sees(board.user_id)


def own(call: Call, kind: str, name: str) -> File | None:
    """The file with a name if it is the caller's, or the caller is an administrator."""
    file = call.world.media.get(name, kind)
    return file if file is not None and call.person.sees(file.user_id) else None


def _changeable(call: Call, kind: str, names: Iterable[str]) -> list[File]:
    """The files with these names that the caller may change."""
    found = (call.world.media.get(name, kind) for name in names)
    return [file for file in found if file is not None and _changes(call, file)]


def _changes(call: Call, file: File) -> bool:
    board = call.world.boards.boards.get(file.board_id or "")
    return call.person.sees(file.user_id) or (board is not None and adds_to(call, board))


def taken_off(call: Call, file: File) -> bool:
    """Whether the caller may take a file off its board, whoever owns the file; yes if it is on none."""
    board = call.world.boards.boards.get(file.board_id or "")
    return board is None or adds_to(call, board)


def readable(call: Call, kind: str) -> File:
    """The file in the path, for reading. Raises Refusal 404 or 403."""
    file = call.world.media.get(call.params["name"], kind)
    if file is None:
        raise Refusal(404, "Not Found")
    if not is_seen(call)(file):
        raise Refusal(403, f"Not authorized to access this {kind}")
    return file


def to_pack(call: Call, names: Iterable[str]) -> list[File]:
    """The images to pack; for an administrator, missing ones are left out. Raises Refusal 404 or 403."""
    found = []
    for name in names:
        file = call.world.media.get(name)
        if file is not None and is_seen(call)(file):
            found.append(file)
        elif file is not None:
            raise Refusal(403, "Not authorized to access this image")
        elif not call.person.is_admin:
            raise Refusal(404, "Image not found")
    return found


def changeable(call: Call, kind: str) -> File:
    """The file in the path, for changing. Raises Refusal 404 or 403."""
    file = call.world.media.get(call.params["name"], kind)
    if file is not None and not _changes(call, file):
        raise Refusal(403, f"Not authorized to modify this {kind}")
    return readable(call, kind)


def writable_board(call: Call, board_id: str | None) -> str | None:
    """The board, or None. Raises Refusal unless the caller may add to it.

    Servers before 6.12 ignore a missing board.
    """
    if board_id is None:
        return None
    board = call.world.boards.boards.get(board_id)
    if board is None:
        if not call.world.release.has("ownership"):
            return None
        raise Refusal(404, "Board not found")
    if not adds_to(call, board):
        raise Refusal(403, "Not authorized to upload to this board")
    return board_id


def selected(call: Call, kind: str | None) -> list[File]:
    """The files that match the query."""
    query = Parameters(call)
    found = _selected(call, kind, query)
    query.check()
    return found


def _selected(call: Call, kind: str | None, query: Parameters) -> list[File]:
    origin = f"{kind}_origin" if kind else "origin"
    options = {
        "origin": query.choice(origin, get_args(Origin)),
        "categories": query.choices("categories", CATEGORIES),
        "is_intermediate": query.boolean("is_intermediate"),
        "board_id": query.text("board_id"),
        "search": query.text("search_term"),
        "starred_first": query.boolean("starred_first", True),
        "descending": query.choice("order_dir", ("ASC", "DESC"), "DESC") == "DESC",
    }
    return call.world.media.find(kind=kind, seen=is_seen(call), **options)


def page(call: Call, kind: str | None, show: Callable[[File], Any] | None = None) -> Answer:
    """A page of files."""
    query = Parameters(call)
    least, most = (0, 1000) if call.world.release.has("bounded_ids") else (None, None)
    found = _selected(call, kind, query)
    offset, limit = query.integer("offset", 0, least=least), query.integer("limit", 10, least=least, most=most)
    query.check()
    items = list(map(show or call.world.media.to_json, sqlite.page(found, offset, limit)))
    return Answer({"limit": limit, "offset": offset, "total": len(found), "items": items})


def names(call: Call, kind: str) -> Answer:
    """The names of the files."""
    found = selected(call, kind)
    starred = sum(file.starred for file in found)
    return Answer({f"{kind}_names": [file.name for file in found], "starred_count": starred, "total_count": len(found)})


def delete_several(call: Call, kind: str, wanted: Iterable[str]) -> Answer:
    """Delete files that the caller sees."""
    wanted = list(dict.fromkeys(wanted))
    found = _changeable(call, kind, wanted)
    call.world.media.delete(file.name for file in found)
    answer = {
        "affected_boards": boards_of(found),
        f"deleted_{kind}s": [file.name for file in found],
        f"failed_{kind}s": _failed(kind, wanted, found),
    }
    return Answer(call.world.release.shape("moved", answer))


def wanted(call: Call, kind: str) -> list[str]:
    """The names in the body: for videos, a record, which is checked as a whole. Raises Invalid."""
    if kind == "image":
        return call.texts("image_names", most=MOST_NAMES)
    given = Parameters(call)
    batch = given.body(_VIDEOS)
    given.check()
    found: list[str] = batch["video_names"]
    return found


def star(call: Call, kind: str, *, starred: bool) -> Answer:
    """Star files, or remove their stars."""
    names = list(dict.fromkeys(wanted(call, kind)))
    found = _changeable(call, kind, names)
    for file in found:
        file.starred = starred
        file.touch()
    verb = "starred" if starred else "unstarred"
    answer = {
        "affected_boards": boards_of(found),
        f"{verb}_{kind}s": [file.name for file in found],
        f"failed_{kind}s": _failed(kind, names, found),
    }
    return Answer(call.world.release.shape("moved", answer))


def _failed(kind: str, wanted: Iterable[str], found: Iterable[File]) -> list[str]:
    """The names that the server reports as failed: missing videos, but not missing images."""
    names = {file.name for file in found}
    return [name for name in wanted if name not in names] if kind == "video" else []


def update(call: Call, kind: str) -> Answer:
    """Change a file's attributes."""
    members = {
        f"{kind}_category": checks.choice(CATEGORIES),
        "session_id": core_schema.str_schema(strict=True),
        "is_intermediate": _STRICT,
        "starred": _STRICT,
    }
    given = Parameters(call)
    changes = given.body(
        checks.record("Changes", {name: checks.absent(checks.optional(check)) for name, check in members.items()})
    )
    given.check()
    if call.world.media.get(call.params["name"], kind) is None:
        raise Refusal(400, f"Failed to update {kind}")
    file = changeable(call, kind)
    for name, value in changes.items():
        if value is not None:
            setattr(file, name.removeprefix(f"{kind}_") if name.endswith("category") else name, value)
    file.touch()
    return Answer(call.world.media.to_json(file))


def full(call: Call, kind: str, content_type: str) -> Answer:
    """The file itself."""
    file = readable(call, kind)
    headers = {
        "cache-control": _caching(call),
        "content-disposition": f'inline; filename="{file.name}"',
    }
    return Answer(content=file.content, content_type=content_type, headers=headers)


def thumbnail(call: Call, kind: str) -> Answer:
    """A small copy of the file."""
    file = readable(call, kind)
    content = call.world.media.thumbnail(file)
    return Answer(content=content, content_type="image/webp", headers={"cache-control": _caching(call)})


def metadata(call: Call, kind: str) -> Answer:
    """The metadata of the file."""
    text = readable(call, kind).metadata
    return Answer(None if text is None else json.loads(text))


def workflow(call: Call, kind: str) -> Answer:
    """The workflow and the graph that made the file."""
    file = readable(call, kind)
    return Answer({"workflow": file.workflow, "graph": file.graph})


def urls(call: Call, kind: str) -> Answer:
    """The URLs for a file name, existing or not."""
    name = call.params["name"]
    if call.world.media.get(name, kind) is not None:
        readable(call, kind)
    base = f"api/v1/{kind}s/i/{name}"
    return Answer({f"{kind}_name": name, f"{kind}_url": f"{base}/full", "thumbnail_url": f"{base}/thumbnail"})


def boards_of(files: Iterable[File]) -> list[str]:
    """The boards of files, `none` for files without one."""
    return list(dict.fromkeys(file.board_id or NO_BOARD for file in files))


def _caching(call: Call) -> str:
    return "private, no-store" if call.world.users.multiuser else "max-age=31536000"
