"""Downloads: images and videos from the server, checked for completeness."""

from __future__ import annotations

import os
import re
from typing import BinaryIO, Final

from invokable.runtime.errors import APIError, NotFoundError
from invokable.runtime.steps.exchange.fetching import fetch_as, in_path
from invokable.runtime.steps.exchange.protocol import Request, Response, Steps
from invokable.runtime.steps.exchange.responses import existing, not_invokeai
from invokable.runtime.values.media import Image, Video

_SIGNATURES: Final = {"image/png": (0, b"\x89PNG\r\n\x1a\n"), "video/mp4": (4, b"ftyp")}
"""The magic bytes of each file type, and their position."""
_NAME: Final = re.compile(r'filename="([^"]*)"')
_PNG_END: Final = b"\0\0\0\0IEND\xaeB`\x82"


class MissingFileError(APIError, NotFoundError):
    """The server no longer has a file. Caught as either."""

    def __init__(self, medium: Image | Video, response: Response) -> None:
        super().__init__(response.status, _missing(medium), method=response.method, url=response.url)
        self.name = medium.name


def download(medium: Image | Video, into: BinaryIO) -> Steps[None]:
    """Write a file on the server to `into`. Raises NotFoundError, APIError and ConnectionError."""
    name = in_path(medium.name, NotFoundError(_missing(medium), name=medium.name))
    request = Request("GET", f"/api/v1/{medium.collection}/i/{name}/full", into=into)
    yield from fetch_as(request, lambda response: _check(response, medium, into))


def _kind_of(medium: Image | Video) -> str:
    return medium.collection.removesuffix("s")


def _missing(medium: Image | Video) -> str:
    return f"the server has no {_kind_of(medium)} {medium.name!r}"


def _check(response: Response, medium: Image | Video, into: BinaryIO) -> None:
    kind = _checked_kind(response, medium, into)
    if not _is_whole(kind, into):
        raise not_invokeai(response.url, f"answered with {kind} that is cut off")


def _checked_kind(response: Response, medium: Image | Video, into: BinaryIO) -> str:
    kind = response.content_type.partition(";")[0].strip()
    if response.status >= 300:
        existing(response, MissingFileError(medium, response))
    if response.status != 200 or not kind.startswith(_kind_of(medium)):
        raise not_invokeai(response.url, f"answered {response.status} with {kind or 'no content type'}, not a file")
    named = _NAME.search(response.disposition)
    if named is not None and named[1] != medium.name:  # the answer to another request, which arrived twice
        raise not_invokeai(response.url, f"answered with another file, {named[1]!r}")
    start, signature = _SIGNATURES.get(kind, (0, b""))
    into.seek(0)
    head = into.read(start + max(len(signature), 1))
    if not head or not head[start:].startswith(signature):
        raise not_invokeai(response.url, f"answered with {kind} that is {'not valid' if head else 'empty'}")
    return kind


def _is_whole(kind: str, file: BinaryIO) -> bool:
    """Whether a file is complete; files of unknown kinds are assumed to be."""
    if kind == "image/png":
        return file.seek(0, os.SEEK_END) >= len(_PNG_END) and _read_at(file, -len(_PNG_END), os.SEEK_END) == _PNG_END
    return kind != "video/mp4" or _boxes_fit(file)


def _boxes_fit(file: BinaryIO) -> bool:
    """Whether the boxes of an MP4 file end where the file does, and include its index (`moov`)."""
    size, start, is_indexed = file.seek(0, os.SEEK_END), 0, False
    while start < size:
        head = _read_at(file, start)
        length = int.from_bytes(head[:4])
        if length == 1:  # the length is in the field after the type
            length = int.from_bytes(head[8:16])
        is_indexed = is_indexed or head[4:8] == b"moov"
        if length == 0:  # up to the end
            return is_indexed
        if length < 8:
            return False
        start += length
    return start == size and is_indexed


def _read_at(file: BinaryIO, place: int, whence: int = os.SEEK_SET) -> bytes:
    file.seek(place, whence)
    return file.read(16)
