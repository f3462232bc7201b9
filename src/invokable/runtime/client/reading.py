"""Files: images and videos that are read here and uploaded to the server."""

from __future__ import annotations

import os
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

from invokable.runtime.errors import APIError
from invokable.runtime.steps.protocol import Flow, Request, send
from invokable.runtime.values.encoding import to_json
from invokable.runtime.values.inputs import SupportsFspath, SupportsRead, SupportsSave
from invokable.runtime.values.media import Image, Video

MEDIA: Final = {"ImageField": "image", "VideoField": "video"}
"""The field types that take a file, and the kind of file."""
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


@dataclass(frozen=True, slots=True)
class File:
    """A file to upload, or `stored`, its reference on the server where it is already."""

    kind: str
    content: bytes = b""
    suffix: str = ""
    content_type: str = ""
    stored: dict[str, Any] | None = None


class RefusedFileError(Exception):
    """The server does not take a file; holds the server's words."""


def read_file(value: object, *, kind: str) -> File:
    """Read what an image or a video input was given; `kind` is "image" or "video".

    Raises OSError for a path that cannot be read, and TypeError for a value of another kind.
    """
    if isinstance(value, Image | Video):
        return File(kind, stored=to_json(value))
    suffix = ".png" if kind == "image" else ".mp4"
    if isinstance(value, bytes):
        content = value
    elif isinstance(value, str | SupportsFspath):
        path = os.fspath(value)
        with open(path, "rb") as file:
            content = file.read()
        suffix = os.path.splitext(path)[1].lower()
    elif isinstance(value, SupportsRead):
        content = value.read()
        if not isinstance(content, bytes):
            raise TypeError("a file object must be opened for reading bytes")
    elif isinstance(value, SupportsSave):
        buffer = BytesIO()
        value.save(buffer, "PNG")
        content = buffer.getvalue()
    else:
        raise TypeError(f"a {type(value).__name__} is no {kind}")
    return File(kind, content, suffix, _TYPES.get(suffix, f"{kind}/{'png' if kind == 'image' else 'mp4'}"))


def upload(file: File, stored: dict[File, dict[str, Any]]) -> Flow[dict[str, Any]]:
    """The reference of a file on the server, where it is uploaded as intermediate, once for equal files.

    `stored` remembers what was uploaded. Raises RefusedFileError, APIError and ConnectionError.
    """
    if file.stored is not None:
        return file.stored
    if file not in stored:
        try:
            answer = yield from post_file(file, is_intermediate=True)
        except APIError as error:
            if error.status == 415:
                raise RefusedFileError(error.detail) from None
            raise
        stored[file] = {f"{file.kind}_name": answer[f"{file.kind}_name"]}
    return stored[file]


def post_file(file: File, *, is_intermediate: bool) -> Flow[dict[str, Any]]:
    """Upload a file and return what the server says of it. Raises APIError and ConnectionError."""
    params = {f"{file.kind}_category": "user", "is_intermediate": str(is_intermediate).lower()}
    # The name stays here: the server gives its own, and a path is nobody's business.
    content = (f"upload{file.suffix}", file.content, file.content_type)
    answer: dict[str, Any] = yield from send(Request("POST", f"/api/v1/{file.kind}s/upload", params, file=content))
    return answer
