"""Boards: from a name, or an id, to the board on the server."""

from __future__ import annotations

from typing import Any, Final

from invokable.runtime.errors import BoardError
from invokable.runtime.steps.answers import BoardRecord, read
from invokable.runtime.steps.models import nearest
from invokable.runtime.steps.protocol import Request, Steps, fetch
from invokable.runtime.values.inputs import Board

BOARDS: Final = "/api/v1/boards/"


def list_boards() -> Steps[list[Board]]:
    """All boards of the server."""
    response = yield from fetch(Request("GET", BOARDS, {"all": "true"}))
    return [Board(id=record.board_id, name=record.board_name) for record in read(response, list[BoardRecord])]


def create_board(name: str) -> Steps[Board]:
    """Make a board."""
    record = read((yield Request("POST", BOARDS, {"board_name": name})), BoardRecord)
    return Board(id=record.board_id, name=record.board_name)


def pick_board(value: Board | str, boards: list[Board]) -> Board:
    """The board that is meant. Raises BoardError when there is none, or several of that name.

    The server does not check a board's id: it would leave the images on no board, without a word.
    """
    if isinstance(value, Board):
        if any(board.id == value.id for board in boards):
            return value
        raise BoardError(f"the server has no board with the id {value.id!r}", board=value.id)
    found = [board for board in boards if board.name == value]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(board.id for board in found)
        raise BoardError(f"{len(found)} boards are named {value!r}: give the id, Board(id=…), of {ids}", board=value)
    hint = nearest(value, (board.name for board in boards))
    raise BoardError(f"the server has no board {value!r}{hint}", board=value)


def board_wire(board: Board) -> dict[str, Any]:
    """A board as a field's value has it."""
    return {"board_id": board.id}
