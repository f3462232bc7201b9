"""Media: images and videos on the server, which download when they are asked for."""

from __future__ import annotations

import builtins
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from pathlib import Path

    from PIL.Image import Image as PILImage

Download = Callable[[str], builtins.bytes]
"""Fetches the bytes at an API path."""


@dataclass(frozen=True, slots=True)
class _Media:
    name: str
    """The server's name of the file, such as `7d0c….png`. It is opaque, and no path."""
    width: int | None = field(default=None, compare=False)
    """In pixels; None where the server has not told."""
    height: int | None = field(default=None, compare=False)
    node_id: str | None = field(default=None, compare=False)
    """The node of the workflow that made it."""
    _download: Download | None = field(default=None, compare=False, repr=False)

    _collection: ClassVar[str]

    def bytes(self) -> builtins.bytes:
        """The file, downloaded anew. Raises APIError when the server has it no more, and ConnectionError."""
        if self._download is None:
            raise RuntimeError(f"{self.name} came from no server: only what a client returned can be downloaded")
        return self._download(f"/api/v1/{self._collection}/i/{self.name}/full")

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Download to a file, whole or not at all, and return its path.

        A folder, or a path that ends in a slash, gets a file of the server's name in it; missing folders are made.
        Raises what `bytes` raises, and OSError.
        """
        from invokable.runtime.client.saving import save

        return save(self.bytes, self.name, path)

    def __reduce__(self) -> tuple[Any, ...]:
        # The connection stays behind: a copy in another process is a reference by name.
        return type(self), (self.name, self.width, self.height, self.node_id)


class Image(_Media):
    """An image on the server."""

    __slots__ = ()
    _collection = "images"

    def pil(self) -> PILImage:
        """The image as a Pillow image; needs Pillow. Raises what `bytes` raises."""
        from io import BytesIO

        import PIL.Image

        image = PIL.Image.open(BytesIO(self.bytes()))
        image.load()
        return image


class Video(_Media):
    """A video on the server."""

    __slots__ = ()
    _collection = "videos"
