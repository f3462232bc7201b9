"""Media: what images and videos have in common."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from invokable.contract.vocabulary import Category, Origin
from invokable.runtime.client._async.repositories.repository import AsyncRepository
from invokable.runtime.client.surface import check_word, check_words, name_of, names_of
from invokable.runtime.steps.resources.boards import board_id_of
from invokable.runtime.steps.resources.media import (
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

M = TypeVar("M", Image, Video)


class AsyncMedia(AsyncRepository, Generic[R, M]):
    """The images or videos of a server. Pass one as its name on the server, or as an `Image` or `Video`."""

    _kind: ClassVar[Kind[Any]]

    def list(
        self,
        *,
        board: Board | str | None = None,
        categories: Sequence[Category] = (),
        origin: Origin | None = None,
        search: str = "",
        is_intermediate: bool | None = False,
        starred_first: bool = False,
        newest_first: bool = True,
    ) -> AsyncIterator[R]:
        """Those that match. Changes on the server during the iteration cause no gaps and no repeats.

        Args:
            board: Those on this board; "none" for those on no board, None for all.
            categories: `general` for generated ones, `user`, `mask`, `control` and `other`; empty for all.
            origin: `internal` for generated ones, `external` for uploaded ones.
            search: Text to find in the metadata or the date; `%` in it stands for any text, `_` for any character.
            is_intermediate: False leaves out intermediate ones, True lists only these, None lists all.

        Raises ValueError for an unknown category or origin, BoardError, APIError and ConnectionError.
        """
        _check(categories, origin)
        chosen = Selection(
            board=board,
            categories=categories,
            origin=origin,
            search=search,
            is_intermediate=is_intermediate,
            starred_first=starred_first,
            newest_first=newest_first,
        )
        return self._each(list_media(self._kind, chosen, self._cache, self._downloader))

    async def names(
        self,
        *,
        board: Board | str | None = None,
        categories: Sequence[Category] = (),
        origin: Origin | None = None,
        search: str = "",
        is_intermediate: bool | None = False,
        starred_first: bool = False,
        newest_first: bool = True,
    ) -> tuple[str, ...]:
        """The names of those that match, in one request. Takes the same arguments as `list`. Requires InvokeAI 6.0.

        Raises ValueError, UnsupportedError, BoardError, APIError and ConnectionError.
        """
        _check(categories, origin)
        chosen = Selection(
            board=board,
            categories=categories,
            origin=origin,
            search=search,
            is_intermediate=is_intermediate,
            starred_first=starred_first,
            newest_first=newest_first,
        )
        return await self._drive(media_names(self._kind, chosen, self._cache))

    async def get(self, name: str) -> R:
        """The one with that name. Raises NotFoundError, APIError and ConnectionError."""
        steps = get_media(self._kind, name_of(name, self._kind.name), self._cache, self._downloader)
        found: R = await self._drive(steps)
        return found

    async def metadata(self, medium: M | str) -> dict[str, Any] | None:
        """The metadata written into it, such as prompts, seed and model, or None. Raises NotFoundError and APIError."""
        return await self._drive(media_metadata(self._kind, name_of(medium, self._kind.name), self._cache))

    async def workflow(self, medium: M | str) -> EmbeddedWorkflow:
        """The workflow and the graph embedded in it, if any. Raises NotFoundError and APIError."""
        return await self._drive(embedded_workflow(self._kind, name_of(medium, self._kind.name), self._cache))

    async def thumbnail(self, medium: M | str) -> bytes:
        """Its thumbnail: WebP, at most 256 pixels a side; for a video, of its start.

        Raises NotFoundError and APIError.
        """
        return await self._drive(media_thumbnail(self._kind, name_of(medium, self._kind.name), self._cache))

    async def update(
        self,
        medium: M | str,
        *,
        is_intermediate: bool | None = None,
        category: Category | None = None,
        starred: bool | None = None,
    ) -> R:
        """Change what the server stores about it; None leaves a value unchanged.

        Raises ValueError for an unknown category, NotFoundError and APIError.
        """
        if category is not None:
            check_word("category", category, Category)
        given: Mapping[str, Any] = {"is_intermediate": is_intermediate, "category": category, "starred": starred}
        changes = {key: value for key, value in given.items() if value is not None}
        steps = change_media(self._kind, name_of(medium, self._kind.name), changes, self._cache, self._downloader)
        found: R = await self._drive(steps)
        return found

    async def star(self, *media: M | str) -> tuple[str, ...]:
        """Star them, except those that do not exist or that you may not change. Returns the names of those starred.

        Raises APIError and ConnectionError.
        """
        return await self._drive(star_media(self._kind, names_of(media, self._kind.name), self._cache, starred=True))

    async def unstar(self, *media: M | str) -> tuple[str, ...]:
        """Remove their stars. Leaves out the same ones as `star`, and returns the names of the others.

        Raises APIError and ConnectionError.
        """
        return await self._drive(star_media(self._kind, names_of(media, self._kind.name), self._cache, starred=False))

    async def move(self, *media: M | str, to: Board | str) -> tuple[str, ...]:
        """Move them to a board; "none" removes them from their boards.

        Those that do not exist are left out, and images that you may not move; for such a video, the server answers
        with an APIError. Returns the names of the others. Raises BoardError, APIError and ConnectionError.
        """
        names = names_of(media, self._kind.name)
        board_id = await self._drive(board_id_of(to))
        return await self._drive(move_media(self._kind, names, board_id, self._cache))

    async def delete(self, *media: M | str) -> tuple[str, ...]:
        """Delete them, except those that do not exist or that you may not change. Returns the names of those deleted.

        Raises APIError and ConnectionError.
        """
        return await self._drive(delete_media(self._kind, names_of(media, self._kind.name), self._cache))

    @property
    def _downloader(self) -> Downloader | None:
        return self._engine.context.client


def _check(categories: Sequence[Category], origin: Origin | None) -> None:
    check_words("categories", categories, Category)
    if origin is not None:
        check_word("origin", origin, Origin)
