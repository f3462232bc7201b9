"""Item services: what the nodes of an item may do to the server."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, Any

from invokable.testing.execution.services import NodeError
from invokable.testing.server.media import File, dumped
from invokable.testing.server.rows import Row
from invokable.testing.world import World

if TYPE_CHECKING:
    from PIL.Image import Image


class ItemServices:
    """The server's services for the nodes of an item."""

    def __init__(self, world: World, row: Row, check: Callable[[], None]) -> None:
        self._world, self._row, self._check = world, row, check

    def load_image(self, name: str) -> Image:
        """An image by name. Raises KeyError, and NodeError if it is another user's."""
        from PIL import Image

        file = self._readable(name, "image")
        image = Image.open(BytesIO(file.content))
        image.load()
        return image

    def save_image(
        self,
        image: Image,
        *,
        node_id: str,
        session_id: str,
        is_intermediate: bool = False,
        board_id: str | None = None,
        metadata: dict[str, Any] | None = None,
        category: str = "general",
    ) -> str:
        """Store an image with its workflow. Returns its name. A missing board is ignored."""
        self._check()
        texts = {"metadata": dumped(metadata), **self._origin()}
        about = self._about(node_id, session_id, is_intermediate, board_id, category)
        return self._world.media.add_image(image, texts=texts, **about).name

    def load_video(self, name: str) -> bytes:
        """A video by name. Raises KeyError, and NodeError if it is another user's."""
        return self._readable(name, "video").content

    def save_video(
        self,
        data: bytes,
        *,
        node_id: str,
        session_id: str,
        is_intermediate: bool = False,
        board_id: str | None = None,
        metadata: Any = None,
    ) -> str:
        """Store a video. Returns its name."""
        self._check()
        about = self._about(node_id, session_id, is_intermediate, board_id, "general")
        about |= {"metadata": dumped(metadata), **self._origin()}
        return self._world.media.add_video(data, **about).name

    def model(self, key: str) -> dict[str, Any] | None:
        """The config of a model."""
        return next(iter(self._world.models.find(key=key)), None)

    def _readable(self, name: str, kind: str) -> File:
        file = self._world.media.get(name, kind)
        if file is None:
            raise KeyError(name)
        board = self._world.boards.boards.get(file.board_id or "")
        is_shared = board is not None and board.visibility != "private"
        if not (is_shared or self._world.users.person(self._row.user_id).sees(file.user_id)):
            raise NodeError("PermissionError", f"Queue user is not authorized to access this {kind}")
        return file

    def _origin(self) -> dict[str, str | None]:
        return {"workflow": dumped(self._row.batch.workflow), "graph": dumped(self._row.graph())}

    def _about(
        self, node_id: str, session_id: str, is_intermediate: bool, board_id: str | None, category: str
    ) -> dict[str, Any]:
        return {
            "category": category,
            "origin": "internal",
            "is_intermediate": is_intermediate,
            "user_id": self._row.user_id,
            "session_id": session_id,
            "node_id": node_id,
            "board_id": board_id if board_id in self._world.boards.boards else None,
        }
