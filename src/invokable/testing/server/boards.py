"""Boards: named collections of images and videos. Names need not be unique."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from invokable.testing.server.clock import now
from invokable.testing.server.media import File, Media
from invokable.testing.server.release import Release


@dataclass(slots=True)
class Board:
    """A board."""

    board_id: str
    board_name: str
    user_id: str
    created_at: str
    updated_at: str
    archived: bool = False
    visibility: str = "private"


class Boards:
    """All boards."""

    def __init__(self, media: Media, release: Release) -> None:
        self._media = media
        self._release = release
        self.boards: dict[str, Board] = {}

    def create(self, name: str, user_id: str = "system") -> Board:
        """Create a board."""
        created = now()
        board = Board(str(uuid4()), name, user_id, created, created)
        self.boards[board.board_id] = board
        return board

    def delete(self, board_id: str, *, with_files: bool) -> tuple[list[File], list[File]]:
        """Delete a board. Returns the files on it that are kept, and those deleted with it."""
        files = self._media.find(kind=None, board_id=board_id)
        del self.boards[board_id]
        if with_files:
            return [], self._media.delete(file.name for file in files)
        for file in files:
            file.board_id = None
        return files, []

    def to_json(self, board: Board, owner_name: str | None = None) -> dict[str, Any]:
        """The board as the server returns it."""
        images = self._media.find(board_id=board.board_id, is_intermediate=False)
        videos = self._media.find(kind="video", board_id=board.board_id, is_intermediate=False)
        general = [file for file in images if file.category == "general"]
        record = {
            "board_id": board.board_id,
            "board_name": board.board_name,
            "user_id": board.user_id,
            "created_at": board.created_at,
            "updated_at": board.updated_at,
            "deleted_at": None,
            "cover_image_name": images[0].name if images else None,
            "archived": board.archived,
            "board_visibility": board.visibility,
            "cover_video_name": videos[0].name if videos else None,
            "image_count": len(general),
            "video_count": len(videos),
            "asset_count": len(images) - len(general),
            "owner_username": owner_name,
        }
        return self._release.shape("board", record)
