"""Boards: finding a board by name or id, and changing boards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from invokable.contract.fields import NO_BOARD
from invokable.contract.nearest import suggestion
from invokable.runtime.errors import APIError, BoardError
from invokable.runtime.steps.exchange.answers import Answer
from invokable.runtime.steps.exchange.fetching import fetch, in_path
from invokable.runtime.steps.exchange.nearest import near
from invokable.runtime.steps.exchange.protocol import Request, Response, Steps
from invokable.runtime.steps.exchange.records import record
from invokable.runtime.steps.exchange.responses import parse, read
from invokable.runtime.steps.resources.references import checked_name, checked_reference
from invokable.runtime.values.inputs import Board
from invokable.runtime.values.records import BoardRecord

_BOARDS: Final = "/api/v1/boards/"
_NAMES: Final = {"id": "board_id", "name": "board_name", "visibility": "board_visibility"}


class DeletedBoard(Answer):
    """`DELETE /boards/{board}`."""

    deleted_images: tuple[str, ...]
    deleted_videos: tuple[str, ...] = ()


def list_boards(*, archived: bool = False) -> Steps[list[BoardRecord]]:
    """All boards of the server, with `archived` also archived ones."""
    params = {"all": "true", **({"include_archived": "true"} if archived else {})}
    response = yield from fetch(Request("GET", _BOARDS, params))
    return [_board(value, response) for value in read(response, list[dict[str, Any]])]


def image_names(board_id: str, **selection: Any) -> Steps[list[str]]:
    """The names of the images on a board, of all categories and with intermediate ones unless selected."""
    path = f"/api/v1/boards/{in_path(board_id)}/image_names"
    return read((yield from fetch(Request("GET", path, selection))), list[str])


def create_board(name: str) -> Steps[BoardRecord]:
    """Create a board. Raises BoardError for the name that means no board."""
    response: Response = yield Request("POST", _BOARDS, {"board_name": checked_board_name(name)})
    return _board(parse(response), response)


def checked_board_name(name: str) -> str:
    """Check the name of a new board. Raises BoardError for the one that means no board, and TypeError."""
    if checked_name(name, "the name of a board") == NO_BOARD:
        raise _means_no_board()
    return name


def pick_board(value: Board | str, boards: Sequence[BoardRecord]) -> BoardRecord:
    """The board that a name or an id refers to, archived or not; of several with one name, the one that is not.

    Raises BoardError if there is none, or several. The server does not check board ids: with an unknown one, images
    would silently end up on no board.
    """
    if isinstance(value, Board):
        for board in boards:
            if board.id == value.id:
                return board
        raise BoardError(f"the server has no board with the id {value.id!r}", board=value.id)
    named = [board for board in boards if board.name == value]
    found = [board for board in named if not board.archived] or named
    if len(found) == 1:
        return found[0]
    names = [board.name for board in boards]
    if found:
        ids = [board.id for board in found]
        message = f"{len(found)} boards are named {value!r}; pass one by id, as Board(id=…): {', '.join(ids)}"
        raise BoardError(message, board=value, found=len(found), nearest=ids)
    message = f"the server has no board {value!r}{suggestion(value, names)}"
    raise BoardError(message, board=value, nearest=near(value, names))


def find_board(value: Board | str) -> Steps[BoardRecord]:
    """The board with that name or id, as `pick_board` chooses it. Raises BoardError."""
    if value == NO_BOARD:
        raise _means_no_board()
    checked_reference(value, Board, "a board or its name")
    return pick_board(value, (yield from list_boards(archived=True)))


def board_id_of(value: Board | str) -> Steps[str]:
    """The id of an existing board, or "none" for no board. Raises BoardError."""
    return NO_BOARD if value == NO_BOARD else (yield from find_board(value)).id


def find_or_create_board(name: str) -> Steps[BoardRecord]:
    """The board with that name, created if there is none. Raises BoardError if there are several."""
    try:
        return (yield from find_board(name))
    except BoardError as error:
        if error.found or name == NO_BOARD:
            raise
    return (yield from create_board(name))


def change_board(value: Board | str, changes: Mapping[str, Any]) -> Steps[BoardRecord]:
    """Change what the server stores about a board. Raises BoardError."""
    board = yield from find_board(value)
    response = yield from fetch(Request("PATCH", _BOARDS + in_path(board.id), json=dict(changes)))
    return _board(parse(response), response)


def delete_board(value: Board | str, *, contents: bool) -> Steps[DeletedBoard]:
    """Delete a board, and with `contents` also its images and videos. Raises BoardError."""
    board = yield from find_board(value)
    request = Request("DELETE", _BOARDS + in_path(board.id), {"include_images": str(contents).lower()})
    try:
        return read((yield from fetch(request)), DeletedBoard)
    except APIError as error:
        if error.status == 404:  # an earlier attempt succeeded
            return DeletedBoard(deleted_images=())
        raise


def board_wire(board: Board) -> dict[str, Any]:
    """A board as the value of a field."""
    return {"board_id": board.id}


def _means_no_board() -> BoardError:
    return BoardError('"none" means no board; expected the name of a board, or a Board', board=NO_BOARD)


def _board(value: Any, response: Response) -> BoardRecord:
    return record(BoardRecord, value, _NAMES, where=response.url)
