"""Repository: what all repositories have in common."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from io import BytesIO
from typing import TypeVar

from invokable.runtime.client._async.concurrency import in_thread
from invokable.runtime.client._async.engine import AsyncEngine
from invokable.runtime.client.reading import read_file
from invokable.runtime.steps.exchange.paging import Page
from invokable.runtime.steps.exchange.protocol import File, ReadFile, Steps
from invokable.runtime.steps.resources.downloads import download
from invokable.runtime.steps.resources.server_cache import ServerCache
from invokable.runtime.values.inputs import ImageInput
from invokable.runtime.values.media import Image

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

    async def _picture(self, image: ImageInput) -> File:
        """A picture to show beside something; an image on the server is downloaded, since it has to be sent."""
        if not isinstance(image, Image):
            return await in_thread(read_file, ReadFile(image, "image"))
        buffer = BytesIO()
        await self._drive(download(image, buffer))
        return File("image", buffer.getvalue(), ".png", "image/png")
