"""Media: images and videos on the server."""

from __future__ import annotations

import builtins
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, TypeVar

from invokable.runtime.values.instances import CheckedByInstance, ComparedByIdentity, check_text
from invokable.runtime.values.public import public

if TYPE_CHECKING:
    from pathlib import Path

    from PIL.Image import Image as PILImage


class Downloader(Protocol):
    """What a blocking client does for images that it returned."""

    def download(self, medium: Image | Video, /) -> builtins.bytes:
        """Download a file."""

    def save(self, medium: Image | Video, path: str | os.PathLike[str], /) -> Path:
        """Download to a file."""

    def thumbnail(self, medium: Image | Video, /) -> builtins.bytes:
        """Download a thumbnail."""


def size_in(result: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Width and height in the output of a node; None for one that is missing or not a whole number."""
    width, height = (value if type(value) is int else None for value in map(result.get, ("width", "height")))
    return width, height


class _Bound:
    """Has a client, which is not one of its fields: `dataclasses.asdict` and pandas read those."""

    __slots__ = ("_client",)
    _client: Downloader | None


@dataclass(frozen=True, slots=True, eq=False)
class _Media(CheckedByInstance, ComparedByIdentity, _Bound):
    name: str
    """The name of the file on the server, such as `7d0c….png`. It is opaque, not a path."""
    width: int | None = None
    """In pixels; None if the server did not report it."""
    height: int | None = None
    node_id: str | None = None
    """The node of the workflow that made it. For what `get` and `list` of a repository return, its id in the session,
    which is another one."""

    collection: ClassVar[str]
    """The section of the server's API for such files."""

    def __post_init__(self) -> None:
        check_text(self.name, "name of an image or a video")
        bound(self, None)

    def _identity(self) -> tuple[object, ...]:
        return self.collection, self.name

    def bytes(self) -> builtins.bytes:
        """Download the file. Raises NotFoundError if the server no longer has it, APIError and ConnectionError."""
        return self._owner().download(self)  # type: ignore[arg-type]  # one of the two classes below

    def thumbnail(self) -> builtins.bytes:
        """Download a thumbnail: WebP, at most 256 pixels a side. Raises the same exceptions as `bytes`."""
        return self._owner().thumbnail(self)  # type: ignore[arg-type]

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Download to a file, atomically, and return its path.

        If `path` is a folder, ends in a slash or has no suffix, the file is saved in it under its name on the server.
        Missing folders are created. Raises the same exceptions as `bytes`, and OSError.
        """
        return self._owner().save(self, path)  # type: ignore[arg-type]

    def _repr_html_(self) -> str:
        from invokable.runtime.values import html

        return html.figure(self.name, self.width, self.height, html.picture(self._fetched()))

    def _fetched(self) -> builtins.bytes | Exception | None:
        """The thumbnail to display, or the reason why there is none; None without a client."""
        if self._client is None:
            return None
        try:
            return self.thumbnail()
        except Exception as error:  # displaying must not fail, even if the server is unreachable or the file deleted
            return error

    def _owner(self) -> Downloader:
        if self._client is None:
            raise RuntimeError(
                f"{self.name} has no client to download it with; use client.download(…) or client.save(…)"
            )
        return self._client

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        # Leave out the client: a copy in another process is a reference by name.
        kept = {part.name: getattr(self, part.name) for part in fields(self)}
        return _restored, (type(self), kept)


_AnyMedia = TypeVar("_AnyMedia", bound=_Media)


def bound(medium: _AnyMedia, client: Downloader | None) -> _AnyMedia:
    """The same, with a client to download it with."""
    object.__setattr__(medium, "_client", client)
    return medium


def _restored(cls: type[_Media], values: dict[str, Any]) -> _Media:
    return cls(**values)


class Image(_Media):
    """An image on the server.

    Example:

        image = client.run(Portrait(prompt="a fox")).image
        image.save("foxes/")
        width, height = image.pil().size
    """

    __slots__ = ()
    collection = "images"

    def numpy(self) -> Any:
        """The image as an array, height × width × channels, or height × width in shades of gray.

        Requires Pillow and NumPy. Raises the same exceptions as `bytes`.
        """
        import numpy  # type: ignore[import-not-found,unused-ignore]

        image = self.pil()
        if image.mode == "P":  # its pixels are positions in a palette
            image = image.convert("RGBA" if image.has_transparency_data else "RGB")
        return numpy.asarray(image)

    def pil(self) -> PILImage:
        """The image as a Pillow image. Requires Pillow. Raises the same exceptions as `bytes`."""
        from io import BytesIO

        import PIL.Image

        image = PIL.Image.open(BytesIO(self.bytes()))
        image.load()
        return image


class Video(_Media):
    """A video on the server.

    Example:

        videos = client.run(Portrait(prompt="a fox")).videos
        for video in videos:
            video.save("clips/")
    """

    __slots__ = ()
    collection = "videos"


def media_in(value: object) -> Iterator[Image | Video]:
    """The images and videos in a value: in an output, or in a list of several."""
    if isinstance(value, list):
        for item in value:
            yield from media_in(item)
    elif isinstance(value, Image | Video):
        yield value


public(Image, Video)
