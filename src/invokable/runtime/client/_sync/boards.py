"""Boards: those of a server."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from invokable.runtime.steps.boards import create_board, list_boards, pick_board
from invokable.runtime.values.inputs import Board

if TYPE_CHECKING:
    from invokable.runtime.client._sync.client import Client


class Boards:
    """The boards of a server."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self) -> builtins.list[Board]:
        """All boards. Raises ConnectionError and APIError."""
        return self._client._drive(list_boards())

    def find(self, name: str) -> Board:
        """The board of that name. Raises BoardError when there is none, or several."""
        return pick_board(name, self.list())

    def create(self, name: str) -> Board:
        """Make a board. The server lets several have one name. Raises ConnectionError and APIError."""
        return self._client._drive(create_board(name))
