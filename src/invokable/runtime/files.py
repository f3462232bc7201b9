"""Files: the bytes of an image or a video that is to be uploaded."""

from __future__ import annotations

import os
from io import BytesIO
from typing import Final

from invokable.runtime.values import SupportsFspath, SupportsRead, SupportsSave

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


def read_file(value: object, *, kind: str) -> tuple[str, bytes, str]:
    """The name, content and content type of a file to upload; `kind` is "image" or "video".

    Raises OSError for a path that cannot be read, and TypeError for a value of another kind.
    """
    fallback = "image/png" if kind == "image" else "video/mp4"
    if isinstance(value, bytes):
        return f"upload.{fallback.partition('/')[2]}", value, fallback
    if isinstance(value, str | SupportsFspath):
        path = os.fspath(value)
        with open(path, "rb") as file:
            content = file.read()
        suffix = os.path.splitext(path)[1].lower()
        return f"upload{suffix}", content, _TYPES.get(suffix, fallback)
    if isinstance(value, SupportsRead):
        content = value.read()
        if not isinstance(content, bytes):
            raise TypeError("a file object must be opened for reading bytes")
        return f"upload.{fallback.partition('/')[2]}", content, fallback
    if isinstance(value, SupportsSave):
        buffer = BytesIO()
        value.save(buffer, "PNG")
        return "upload.png", buffer.getvalue(), "image/png"
    raise TypeError(f"a {type(value).__name__} is no {kind}")
