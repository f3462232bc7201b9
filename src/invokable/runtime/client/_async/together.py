"""Together: several downloads at the same time. The counterpart in `_sync` is written by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


async def together(actions: Sequence[Callable[[], Coroutine[Any, Any, T]]], at_once: int) -> list[T]:
    """Run all actions, at most `at_once` at a time, and return their results. The first failure stops the others."""
    room = asyncio.Semaphore(at_once)

    async def one(action: Callable[[], Coroutine[Any, Any, T]]) -> T:
        async with room:
            return await action()

    tasks = [asyncio.ensure_future(one(action)) for action in actions]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
