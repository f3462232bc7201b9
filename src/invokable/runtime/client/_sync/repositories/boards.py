"""Boards: those of a server, and what is on them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

from invokable.runtime.client._sync.repositories.repository import Repository
from invokable.runtime.steps.boards import (
    board_id_of,
    change_board,
    create_board,
    delete_board,
    find_board,
    find_or_create_board,
    list_boards,
)
from invokable.runtime.steps.media import IMAGES, VIDEOS, move_media
from invokable.runtime.steps.paging import at_once
from invokable.runtime.steps.versions import require
from invokable.runtime.values.inputs import Board
from invokable.runtime.values.media import Image, Video
from invokable.runtime.values.records import BoardRecord

Visibility: TypeAlias = Literal["private", "shared", "public"]


class Boards(Repository):
    """The boards of a server.

    A board is given by its name, or as a `Board` with its id. "none" stands for no board, where that makes sense:
    `client.images.list(board="none")` has the images that are on no board.

    Every method raises ConnectionError and APIError.
    """

    def list(self, *, archived: bool = False) -> Iterator[BoardRecord]:
        """All boards, archived ones only if asked for."""
        return self._each(at_once(list_boards(archived=archived)))

    def get(self, board_id: str) -> BoardRecord:
        """The board of that id. Raises BoardError."""
        return self._drive(find_board(Board(id=board_id)))

    def find(self, name: str) -> BoardRecord:
        """The board of that name. Raises BoardError when there is none, or several; an archived one counts last."""
        return self._drive(find_board(name))

    def create(self, name: str) -> BoardRecord:
        """Make a board. The server lets several have one name."""
        return self._drive(create_board(name))

    def find_or_create(self, name: str) -> BoardRecord:
        """The board of that name, made if there is none. Raises BoardError when there are several."""
        return self._drive(find_or_create_board(name))

    def rename(self, board: Board | str, name: str) -> BoardRecord:
        """Give a board another name. Raises BoardError."""
        return self._drive(change_board(board, {"board_name": name}))

    def archive(self, board: Board | str, *, archived: bool = True) -> BoardRecord:
        """Put a board into the archive, or take it out again. Raises BoardError."""
        return self._drive(change_board(board, {"archived": archived}))

    def set_visibility(self, board: Board | str, visibility: Visibility) -> BoardRecord:
        """Say what the other users of the server may do with a board. Takes InvokeAI 6.13.

        Args:
            visibility: `private` hides it from them, `shared` shows it, `public` lets them add to it, too.

        Raises BoardError and UnsupportedError.
        """
        self._drive(require(self._known, "the visibility of boards", "6.13"))
        return self._drive(change_board(board, {"board_visibility": visibility}))

    def move(self, *media: Image | Video, to: Board | str) -> tuple[str, ...]:
        """Put images and videos onto a board, from wherever they are; "none" takes them off theirs.

        Returns the names of those that are there. Raises BoardError.
        """
        board_id = self._drive(board_id_of(to))
        images = [medium.name for medium in media if isinstance(medium, Image)]
        videos = [medium.name for medium in media if isinstance(medium, Video)]
        moved = self._drive(move_media(IMAGES, images, board_id, self._known)) if images else ()
        return moved + (self._drive(move_media(VIDEOS, videos, board_id, self._known)) if videos else ())

    def delete(self, board: Board | str, *, delete_contents: bool = False) -> tuple[str, ...]:
        """Delete a board. What is on it stays, on no board, unless `delete_contents` says that it goes too.

        Returns the names of the images and videos that were deleted. Raises BoardError.
        """
        deleted = self._drive(delete_board(board, contents=delete_contents))
        names = deleted.deleted_images + deleted.deleted_videos
        self._known.uploads.doubt(names)
        return names
