"""What a session needs of the server around it, and the error a node fails with."""

from __future__ import annotations

from typing import Any, Final, Protocol

from PIL import Image


class Services(Protocol):
    """Images, videos, models and boards, as nodes use them."""

    def load_image(self, name: str) -> Image.Image:
        """Return the image. Raises KeyError if there is none of this name."""
        ...

    def save_image(
        self,
        image: Image.Image,
        *,
        node_id: str,
        session_id: str,
        is_intermediate: bool,
        board_id: str | None,
        metadata: dict[str, Any] | None,
    ) -> str:
        """Store an image and return its name."""
        ...

    def load_video(self, name: str) -> bytes:
        """Return the video file. Raises KeyError if there is none of this name."""
        ...

    def save_video(
        self,
        data: bytes,
        *,
        node_id: str,
        session_id: str,
        is_intermediate: bool,
        board_id: str | None,
        metadata: dict[str, Any] | None,
        width: int,
        height: int,
    ) -> str:
        """Store an MP4 file and return its name."""
        ...

    def model(self, key: str) -> dict[str, Any] | None:
        """Return the configuration of a model, or None."""
        ...

    def board_images(self, board_id: str) -> list[str]:
        """Return the names of a board's images."""
        ...


class NodeError(Exception):
    """A node fails: the type and the text of the error as the server reports them."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.error_type: Final = error_type
        self.message: Final = message
