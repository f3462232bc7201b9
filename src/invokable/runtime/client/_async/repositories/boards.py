"""Boards: the boards of a server and what is on them."""

from __future__ import annotations

from collections.abc import AsyncIterator

from invokable.contract.vocabulary import Visibility
from invokable.runtime.client._async.repositories.repository import AsyncRepository
from invokable.runtime.client.surface import check_word, checked_medium
from invokable.runtime.steps.exchange.paging import single_page
from invokable.runtime.steps.resources.boards import (
    board_id_of,
    change_board,
    checked_board_name,
    create_board,
    delete_board,
    find_board,
    find_or_create_board,
    list_boards,
)
from invokable.runtime.steps.resources.media import IMAGES, VIDEOS, move_media
from invokable.runtime.steps.resources.references import checked_name
from invokable.runtime.steps.resources.versions import require
from invokable.runtime.values.inputs import Board
from invokable.runtime.values.media import Image, Video
from invokable.runtime.values.records import BoardRecord


class AsyncBoards(AsyncRepository):
    """The boards of a server.

    Pass a board as its name, or as a `Board` with its id. Where it makes sense, "none" means no board:
    `client.images.list(board="none")` lists the images that are on no board.

    Every method raises ConnectionError and APIError.
    """

    def list(self, *, archived: bool = False) -> AsyncIterator[BoardRecord]:
        """All boards, with `archived=True` also archived ones."""
        return self._each(single_page(list_boards(archived=archived)))

    async def get(self, board_id: str) -> BoardRecord:
        """The board with that id. Raises BoardError."""
        return await self._drive(find_board(Board(id=checked_name(board_id, "the id of a board"))))

    async def find(self, name: str) -> BoardRecord:
        """The board with that name, preferably not an archived one. Raises BoardError if there is none, or several."""
        return await self._drive(find_board(name))

    async def create(self, name: str) -> BoardRecord:
        """Create a board. The server allows several boards with the same name. Raises BoardError for "none"."""
        return await self._drive(create_board(name))

    async def find_or_create(self, name: str) -> BoardRecord:
        """The board with that name, created if there is none. Raises BoardError if there are several."""
        return await self._drive(find_or_create_board(name))

    async def rename(self, board: Board | str, name: str) -> BoardRecord:
        """Rename a board. Raises BoardError."""
        return await self._drive(change_board(board, {"board_name": checked_board_name(name)}))

    async def archive(self, board: Board | str, *, archived: bool = True) -> BoardRecord:
        """Archive a board, or restore it from the archive. Raises BoardError."""
        return await self._drive(change_board(board, {"archived": archived}))

    async def set_visibility(self, board: Board | str, visibility: Visibility) -> BoardRecord:
        """Set what other users of the server may do with a board. Requires InvokeAI 6.13.

        Args:
            visibility: `private` hides it from them, `shared` shows it, `public` also lets them add to it.

        Raises ValueError for another word, BoardError and UnsupportedError.
        """
        check_word("visibility", visibility, Visibility)
        await self._drive(require(self._cache, "the visibility of boards", "6.13"))
        return await self._drive(change_board(board, {"board_visibility": visibility}))

    async def move(self, *media: Image | Video, to: Board | str) -> tuple[str, ...]:
        """Move images and videos to a board; "none" removes them from their boards.

        Returns the names of those that exist. Raises BoardError.
        """
        images = [medium.name for medium in media if isinstance(checked_medium(medium), Image)]
        videos = [medium.name for medium in media if isinstance(medium, Video)]
        board_id = await self._drive(board_id_of(to))
        moved = await self._drive(move_media(IMAGES, images, board_id, self._cache)) if images else ()
        return moved + (await self._drive(move_media(VIDEOS, videos, board_id, self._cache)) if videos else ())

    async def delete(self, board: Board | str, *, delete_contents: bool = False) -> tuple[str, ...]:
        """Delete a board. Its images and videos are kept, on no board, unless `delete_contents` is true.

        Returns the names of the deleted images and videos. Raises BoardError.
        """
        deleted = await self._drive(delete_board(board, contents=delete_contents))
        names = deleted.deleted_images + deleted.deleted_videos
        self._cache.uploads.mark_stale(names)
        return names
