"""Repository: what all repositories have in common."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import TypeVar

from invokable.runtime.client._async.engine import AsyncEngine
from invokable.runtime.steps.exchange.paging import Page
from invokable.runtime.steps.exchange.protocol import Steps
from invokable.runtime.steps.resources.server_cache import ServerCache

T = TypeVar("T")


class AsyncRepository:
    """Everything of one kind on a server."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @property
    def _cache(self) -> ServerCache:
        return self._engine.context.cache

    async def _drive(self, steps: Steps[T]) -> T:
        return await self._engine.drive(steps)

    async def _each(self, first: Steps[Page[T]]) -> AsyncIterator[T]:
        """All items of a list, whose pages are fetched as needed."""
        page = await self._drive(first)
        while True:
            for item in page.items:
                yield item
            following: Callable[[], Steps[Page[T]]] | None = page.following
            if following is None:
                return
            page = await self._drive(following())
