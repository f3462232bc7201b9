"""The server's services for a session, and the error of a failed node."""

from __future__ import annotations

from typing import Any, Final, Protocol

from PIL import Image


class Services(Protocol):
    """Images, videos and models, for use by nodes."""

    def load_image(self, name: str) -> Image.Image:
        """Return an image by name. Raises KeyError if there is none."""
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
        """Return a video file by name. Raises KeyError if there is none."""
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
    ) -> str:
        """Store an MP4 file and return its name."""
        ...

    def model(self, key: str) -> dict[str, Any] | None:
        """Return the configuration of a model, or None."""
        ...


class NodeError(Exception):
    """A node failed, with the error type and message as reported by the server."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.error_type: Final = error_type
        self.message: Final = message
