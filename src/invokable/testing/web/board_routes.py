"""The endpoints for boards and their contents."""

from __future__ import annotations

from typing import Any

from pydantic_core import core_schema

from invokable.contract.fields import NO_BOARD
from invokable.testing.server import checks
from invokable.testing.server.boards import Board
from invokable.testing.server.clock import now
from invokable.testing.server.media import CATEGORIES, File
from invokable.testing.server.problems import Refusal
from invokable.testing.server.sqlite import page
from invokable.testing.web import media_answers as media
from invokable.testing.web.call import Answer, Call, Parameters
from invokable.testing.web.route_table import route

_BOARDS = "/api/v1/boards"
_ON_BOARDS = "/api/v1/board_images"
_NAMES = checks.several(checks.TEXT)
_CHANGEABLE = {"board_name": "board_name", "archived": "archived", "board_visibility": "visibility"}
_CHANGES = checks.record(
    "BoardChanges",
    {
        "board_name": checks.absent(checks.optional(core_schema.str_schema(max_length=300))),
        "cover_image_name": checks.absent(checks.optional(checks.TEXT)),
        "archived": checks.absent(checks.optional(checks.BOOLEAN)),
        "board_visibility": checks.absent(checks.optional(checks.choice(("private", "shared", "public")))),
    },
    extra="forbid",
)


@route("POST", f"{_BOARDS}/")
def create(call: Call) -> Answer:
    """Create a board; names need not be unique."""
    query = Parameters(call)
    name = query.text("board_name", required=True, most=300)
    query.check()
    board = call.world.boards.create(name, call.person.user_id)
    return Answer(call.world.boards.to_json(board), 201)


@route("GET", f"{_BOARDS}/")
def list_boards(call: Call) -> Answer:
    """All boards, or a page of them."""
    query = Parameters(call)
    order = query.choice("order_by", ("created_at", "board_name"), "created_at")
    direction = query.choice("direction", ("ASC", "DESC"), "DESC")
    everything = query.boolean("all")
    offset, limit = query.integer("offset"), query.integer("limit")
    archived = query.boolean("include_archived", False)
    query.check()
    boards = [board for board in call.world.boards.boards.values() if archived or not board.archived]
    boards = [board for board in boards if media.sees_board(call, board)]
    boards.sort(key=lambda board: getattr(board, order), reverse=direction == "DESC")
    if everything:
        return Answer([_listed(call, board) for board in boards])
    if offset is None or limit is None:
        raise Refusal(400, "Invalid request: Must provide either 'all' or both 'offset' and 'limit'")
    items = [_listed(call, board) for board in page(boards, offset, limit)]
    return Answer({"limit": limit, "offset": offset, "total": len(boards), "items": items})


@route("GET", f"{_BOARDS}/{{board_id}}")
def describe(call: Call) -> Answer:
    """A board."""
    return Answer(call.world.boards.to_json(_board(call, call.params["board_id"])))


@route("PATCH", f"{_BOARDS}/{{board_id}}")
def update(call: Call) -> Answer:
    """Rename or archive a board, or change its visibility."""
    given = Parameters(call)
    changes = given.body(_CHANGES)
    given.check()
    board = _board(call, call.params["board_id"], "update")
    if (cover := changes["cover_image_name"]) is not None and call.world.media.get(cover) is None:
        raise Refusal(500, "Failed to update board")
    for name, member in _CHANGEABLE.items():
        if changes[name] is not None:
            setattr(board, member, changes[name])
    board.updated_at = now().partition(".")[0]
    return Answer(call.world.boards.to_json(board), 201)


@route("DELETE", f"{_BOARDS}/{{board_id}}")
def delete(call: Call) -> Answer:
    """Delete a board, with or without its contents."""
    query = Parameters(call)
    with_files = query.boolean("include_images", False)
    query.check()
    if call.params["board_id"] not in call.world.boards.boards and not _checks(call):
        return Answer({"board_id": call.params["board_id"], "deleted_board_images": [], "deleted_images": []})
    board = _board(call, call.params["board_id"], "delete")
    found = call.world.boards.delete(board.board_id, with_files=with_files)
    answer: dict[str, Any] = {"board_id": board.board_id}
    for kind in ("image", "video") if call.world.release.has("videos") else ("image",):
        kept, deleted = ([file.name for file in files if file.kind == kind] for files in found)
        answer |= {f"deleted_board_{kind}s": kept, f"deleted_{kind}s": deleted}
    if call.world.release.has("videos"):
        answer |= {"failed_images": [], "failed_videos": []}
    return Answer(answer)


@route("GET", f"{_BOARDS}/{{board_id}}/image_names")
def image_names(call: Call) -> Answer:
    """The names of the images on a board."""
    board_id = call.params["board_id"]
    query = Parameters(call)
    categories = query.choices("categories", CATEGORIES)
    is_intermediate = query.boolean("is_intermediate")
    query.check()
    if board_id != NO_BOARD and _checks(call):
        _board(call, board_id)
    found = call.world.media.find(
        board_id=board_id,
        categories=categories,
        is_intermediate=is_intermediate,
        starred_first=False,
        seen=media.is_seen(call),
    )
    return Answer([file.name for file in found])


@route("POST", f"{_ON_BOARDS}/")
def put_one(call: Call) -> Answer:
    """Move an image to a board."""
    given = Parameters(call)
    board_id, name = given.member("board_id", checks.TEXT), given.member("image_name", checks.TEXT)
    given.check()
    if board_id not in call.world.boards.boards and not _checks(call):
        raise Refusal(500, "Failed to add image to board")
    board = _board(call, board_id, "modify")
    file = media.own(call, "image", name)
    if file is None:
        raise Refusal(500, "Failed to add image to board")
    return _moved(call, [file], board.board_id)


@route("POST", f"{_ON_BOARDS}/batch")
def put_several(call: Call) -> Answer:
    """Move images to a board; unknown names are ignored."""
    given = Parameters(call)
    board_id, names = given.member("board_id", checks.TEXT), given.member("image_names", _NAMES)
    given.check()
    board = _board(call, board_id, "modify")
    found = [file for name in dict.fromkeys(names) if (file := media.own(call, "image", name)) is not None]
    return _moved(call, found, board.board_id)


@route("DELETE", f"{_ON_BOARDS}/")
def take_one(call: Call) -> Answer:
    """Remove an image from its board."""
    file = call.world.media.get(call.member("image_name", checks.TEXT))
    if file is None:
        raise Refusal(500, "Failed to remove image from board")
    if not media.taken_off(call, file):
        raise Refusal(403, "Not authorized to modify this board")
    return _moved(call, [file], None)


@route("POST", f"{_ON_BOARDS}/batch/delete")
def take_several(call: Call) -> Answer:
    """Remove images from their boards."""
    found = map(call.world.media.get, dict.fromkeys(call.member("image_names", _NAMES)))
    return _moved(call, [file for file in found if file is not None and media.taken_off(call, file)], None)


def _checks(call: Call) -> bool:
    """Whether the server checks that a board exists before using it, as it does since boards have owners."""
    return call.world.release.has("ownership")


def _board(call: Call, board_id: Any, doing: str = "access") -> Board:
    board = call.world.boards.boards.get(board_id)
    if board is None:
        raise Refusal(404, "Board not found")
    if not _RIGHTS.get(doing, _owns)(call, board):
        raise Refusal(403, f"Not authorized to {doing} this board")
    return board


def _owns(call: Call, board: Board) -> bool:
    return call.person.sees(board.user_id)


_RIGHTS = {"access": media.sees_board, "modify": media.adds_to}
"""Who may do something with a board without owning it."""


def _listed(call: Call, board: Board) -> dict[str, Any]:
    record = call.world.boards.to_json(board, call.world.users.person(board.user_id).display_name)
    return {**record, "is_private": False} if "is_private" in record else record


def _moved(call: Call, files: list[File], board_id: str | None) -> Answer:
    affected = list(dict.fromkeys([board_id or NO_BOARD, *media.boards_of(files)])) if files else []
    for file in files:
        file.board_id = board_id
    verb = "removed" if board_id is None else "added"
    answer = {"affected_boards": affected, f"{verb}_images": [file.name for file in files], "failed_images": []}
    return Answer(call.world.release.shape("moved", answer), 201)
