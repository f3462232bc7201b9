"""Loops: what a client has for each event loop."""

from __future__ import annotations

import asyncio
from typing import Generic, TypeVar

T = TypeVar("T")


class ByLoop(Generic[T]):
    """A value for each event loop, dropped when the loop is closed and another one is used.

    A weak dictionary would keep closed loops: connections, and locks that tasks waited for, refer to theirs.
    """

    def __init__(self) -> None:
        self._values: dict[asyncio.AbstractEventLoop, T] = {}

    def get(self) -> T | None:
        """The value of the running loop, if it has one."""
        return self._values.get(asyncio.get_running_loop())

    def set(self, value: T) -> T:
        """Give the running loop a value, and return it."""
        for loop in list(self._values):
            if loop.is_closed():
                self._values.pop(loop, None)
        self._values[asyncio.get_running_loop()] = value
        return value

    def pop(self) -> T | None:
        """The value of the running loop, which it no longer has."""
        return self._values.pop(asyncio.get_running_loop(), None)
