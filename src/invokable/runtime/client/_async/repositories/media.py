"""Media: what a server's images and videos can do alike."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, ClassVar, Generic

from invokable.runtime.client._async.concurrency import downloader
from invokable.runtime.client._async.repositories.repository import AsyncRepository
from invokable.runtime.steps.boards import board_id_of
from invokable.runtime.steps.media import (
    Kind,
    R,
    Selection,
    change_media,
    delete_media,
    embedded_workflow,
    get_media,
    list_media,
    media_metadata,
    media_names,
    media_thumbnail,
    move_media,
    star_media,
)
from invokable.runtime.values.inputs import Board
from invokable.runtime.values.media import Downloader, Image, Video
from invokable.runtime.values.records import EmbeddedWorkflow


class AsyncMedia(AsyncRepository, Generic[R]):
    """The images, or the videos, of a server. One is given by the server's name of it, or as an `Image` or `Video`."""

    _kind: ClassVar[Kind[Any]]

    def list(
        self,
        *,
        board: Board | str | None = None,
        categories: Sequence[str] = (),
        origin: str | None = None,
        search: str = "",
        is_intermediate: bool | None = False,
        starred_first: bool = False,
        newest_first: bool = True,
    ) -> AsyncIterator[R]:
        """Those that fit, as of now: what is deleted or added on the way is neither skipped nor repeated.

        Args:
            board: Those on a board; "none" for those on none, None for all.
            categories: `general` for what was made, `user`, `mask`, `control` and `other`; none given is all.
            origin: `internal` for what was made, `external` for what was uploaded.
            search: A text in the metadata or the date.
            is_intermediate: False leaves out what is only a step on the way; True is these alone, None is all.

        Raises BoardError, APIError and ConnectionError.
        """
        chosen = Selection(
            board=board,
            categories=categories,
            origin=origin,
            search=search,
            is_intermediate=is_intermediate,
            starred_first=starred_first,
            newest_first=newest_first,
        )
        return self._each(list_media(self._kind, chosen, self._known, self._downloader))

    async def names(
        self,
        *,
        board: Board | str | None = None,
        categories: Sequence[str] = (),
        origin: str | None = None,
        search: str = "",
        is_intermediate: bool | None = False,
        starred_first: bool = False,
        newest_first: bool = True,
    ) -> tuple[str, ...]:
        """The names of those that fit, in one request; the arguments are those of `list`. Takes InvokeAI 6.0.

        Raises UnsupportedError, BoardError, APIError and ConnectionError.
        """
        chosen = Selection(
            board=board,
            categories=categories,
            origin=origin,
            search=search,
            is_intermediate=is_intermediate,
            starred_first=starred_first,
            newest_first=newest_first,
        )
        return await self._drive(media_names(self._kind, chosen, self._known))

    async def get(self, name: str) -> R:
        """The one of that name. Raises NotFoundError, APIError and ConnectionError."""
        found: R = await self._drive(get_media(self._kind, name, self._known, self._downloader))
        return found

    async def metadata(self, medium: Image | Video | str) -> dict[str, Any] | None:
        """What its maker wrote into it: prompts, seed, model; None for nothing. Raises NotFoundError and APIError."""
        return await self._drive(media_metadata(self._kind, name_of(medium), self._known))

    async def workflow(self, medium: Image | Video | str) -> EmbeddedWorkflow:
        """The workflow and the graph that made it, as far as they are in it. Raises NotFoundError and APIError."""
        return await self._drive(embedded_workflow(self._kind, name_of(medium), self._known))

    async def thumbnail(self, medium: Image | Video | str) -> bytes:
        """A small copy of at most 256 pixels a side, of a video its beginning, as WebP.

        Raises NotFoundError and APIError.
        """
        return await self._drive(media_thumbnail(self._kind, name_of(medium), self._known))

    async def update(
        self,
        medium: Image | Video | str,
        *,
        is_intermediate: bool | None = None,
        category: str | None = None,
        starred: bool | None = None,
    ) -> R:
        """Change what the server says of it; None leaves a thing as it is. Raises NotFoundError and APIError."""
        given: Mapping[str, Any] = {"is_intermediate": is_intermediate, "category": category, "starred": starred}
        changes = {key: value for key, value in given.items() if value is not None}
        steps = change_media(self._kind, name_of(medium), changes, self._known, self._downloader)
        found: R = await self._drive(steps)
        return found

    async def star(self, *media: Image | Video | str) -> tuple[str, ...]:
        """Star them. Returns the names of those that are there. Raises APIError and ConnectionError."""
        return await self._drive(star_media(self._kind, map(name_of, media), self._known, starred=True))

    async def unstar(self, *media: Image | Video | str) -> tuple[str, ...]:
        """Take their stars away. Returns the names of those that are there. Raises APIError and ConnectionError."""
        return await self._drive(star_media(self._kind, map(name_of, media), self._known, starred=False))

    async def move(self, *media: Image | Video | str, to: Board | str) -> tuple[str, ...]:
        """Put them onto a board, from wherever they are; "none" takes them off theirs.

        Returns the names of those that are there. Raises BoardError, APIError and ConnectionError.
        """
        board_id = await self._drive(board_id_of(to))
        return await self._drive(move_media(self._kind, map(name_of, media), board_id, self._known))

    async def delete(self, *media: Image | Video | str) -> tuple[str, ...]:
        """Delete them. Returns the names of those that the server deleted; it passes over what is not there.

        Raises APIError and ConnectionError.
        """
        return await self._drive(delete_media(self._kind, map(name_of, media), self._known))

    @property
    def _downloader(self) -> Downloader | None:
        return downloader(self._client)


def name_of(medium: Image | Video | str) -> str:
    """The server's name of an image or a video."""
    return medium if isinstance(medium, str) else medium.name
