"""Repository: what all repositories have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from invokable.runtime.client._sync.engine import Engine
from invokable.runtime.steps.exchange.paging import Page
from invokable.runtime.steps.exchange.protocol import Steps
from invokable.runtime.steps.resources.server_cache import ServerCache

T = TypeVar("T")


class Repository:
    """Everything of one kind on a server."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def _cache(self) -> ServerCache:
        return self._engine.context.cache

    def _drive(self, steps: Steps[T]) -> T:
        return self._engine.drive(steps)

    def _each(self, first: Steps[Page[T]]) -> Iterator[T]:
        """All items of a list, whose pages are fetched as needed."""
        page = self._drive(first)
        while True:
            for item in page.items:
                yield item
            following: Callable[[], Steps[Page[T]]] | None = page.following
            if following is None:
                return
            page = self._drive(following())
