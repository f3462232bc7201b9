"""Reading: the files given as inputs."""

from __future__ import annotations

import errno
import os
from io import BytesIO, TextIOBase
from typing import Any, Final

from invokable.contract.vocabulary import PNG_PREFIX
from invokable.runtime.steps.exchange.protocol import File, ReadFile
from invokable.runtime.values.inputs import Bytes, SupportsArray, SupportsFspath, SupportsRead, SupportsSave
from invokable.runtime.values.media import Image, Video
from invokable.runtime.values.reprs import short

_SUFFIXES: Final = {"image": ".png", "video": ".mp4"}
_ACCEPTED: Final = {
    "image": "a path, bytes, a file object, a Pillow image or an array",
    "video": "a path, bytes or a file object",
}
_TYPES: Final = {
    ".avif": "image/avif",
    ".bmp": "image/bmp",
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".mp4": "video/mp4",
    ".png": "image/png",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".webp": "image/webp",
}


def read_file(step: ReadFile) -> File:
    """Read the value of an image or a video input.

    Raises OSError for a path that cannot be read, and TypeError for a value of another kind.
    """
    value, suffix = step.value, _SUFFIXES[step.kind]
    is_on_server = isinstance(value, Image | Video)  # whose `save` takes other arguments than that of a Pillow image
    if isinstance(value, Bytes):
        content = bytes(value)
    elif isinstance(value, str | SupportsFspath):
        path = os.fspath(value)
        try:
            with open(path, "rb") as file:
                content = file.read()
        except ValueError:  # for a path that no file can have
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path) from None
        suffix = os.path.splitext(path)[1].lower()
    elif isinstance(value, SupportsRead):
        content = _whole(value)
    elif isinstance(value, SupportsSave) and not is_on_server:
        content = _as_png(value)
    elif isinstance(value, SupportsArray):
        content = _as_png(_picture(value))
    else:
        raise TypeError(f"expected {_ACCEPTED[step.kind]}, got {short(value)}")
    return File(step.kind, content, suffix, _TYPES.get(suffix, _TYPES[_SUFFIXES[step.kind]]))


def _as_png(image: Any) -> bytes:
    """A Pillow image as PNG, with the metadata InvokeAI wrote into its file, which Pillow would drop."""
    texts = {key: text for key, text in getattr(image, "info", {}).items() if _is_ours(key, text)}
    options: dict[str, Any] = {}
    if texts:
        from PIL.PngImagePlugin import PngInfo

        options["pnginfo"] = PngInfo()
        for key, text in texts.items():
            options["pnginfo"].add_itxt(key, text)
    buffer = BytesIO()
    image.save(buffer, "PNG", **options)
    return buffer.getvalue()


def _picture(array: SupportsArray) -> Any:
    """An array as a Pillow image."""
    from PIL.Image import fromarray

    try:
        picture = fromarray(array)
        if picture.mode == "F":  # Pillow refuses to save it, in words about PNG
            raise TypeError("its values are fractions")
        return picture
    except (TypeError, ValueError) as error:
        expected = "uint8 of shape height × width, or height × width × 3 or 4 channels"
        raise TypeError(f"the array is not an image: {error}; expected {expected}") from None


def _is_ours(key: object, text: object) -> bool:
    return isinstance(key, str) and isinstance(text, str) and key.startswith(PNG_PREFIX)


def _whole(file: Any) -> bytes:
    """The content of a file object from its current position, which is then restored, so that it can be used again."""
    seekable = hasattr(file, "seek") and hasattr(file, "tell") and getattr(file, "seekable", lambda: True)()
    start = file.tell() if seekable else None
    content = None if isinstance(file, TextIOBase) else file.read()  # an image is not valid text
    if not isinstance(content, bytes):
        raise TypeError('expected a file object in binary mode, as open(path, "rb") returns it, got one in text mode')
    if start is not None:
        file.seek(start)
    return content
