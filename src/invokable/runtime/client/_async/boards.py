"""Boards: those of a server."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING

from invokable.runtime.steps.boards import create_board, list_boards, pick_board
from invokable.runtime.values.inputs import Board

if TYPE_CHECKING:
    from invokable.runtime.client._async.client import AsyncClient


class AsyncBoards:
    """The boards of a server."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def list(self) -> builtins.list[Board]:
        """All boards. Raises ConnectionError and APIError."""
        return await self._client._drive(list_boards())

    async def find(self, name: str) -> Board:
        """The board of that name. Raises BoardError when there is none, or several."""
        return pick_board(name, await self.list())

    async def create(self, name: str) -> Board:
        """Make a board. The server lets several have one name. Raises ConnectionError and APIError."""
        return await self._client._drive(create_board(name))
