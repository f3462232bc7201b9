"""Downloads: images and videos from the server, checked before they are believed."""

from __future__ import annotations

from typing import BinaryIO, Final
from urllib.parse import quote

from invokable.runtime.steps.answers import not_invokeai, parse
from invokable.runtime.steps.protocol import Request, Response, Steps, fetch_as
from invokable.runtime.values.media import Image, Video

_SIGNATURES: Final = {"image/png": (0, b"\x89PNG\r\n\x1a\n"), "video/mp4": (4, b"ftyp")}
"""What the files of a type begin with, and where."""


def download(medium: Image | Video, into: BinaryIO) -> Steps[None]:
    """Write a file of the server. Raises APIError when the server no longer has it, and ConnectionError."""
    request = Request("GET", f"/api/v1/{medium.collection}/i/{quote(medium.name, safe='')}/full", into=into)
    yield from fetch_as(request, lambda response: _check(response, medium, into))


def _check(response: Response, medium: Image | Video, into: BinaryIO) -> None:
    kind = response.content_type.partition(";")[0].strip()
    if response.status != 200:
        parse(response)
    if response.status != 200 or not kind.startswith(medium.collection.removesuffix("s")):
        raise not_invokeai(response.url, f"answered {response.status} with {kind or 'no content type'}, not a file")
    start, signature = _SIGNATURES.get(kind, (0, b""))
    into.seek(0)
    head = into.read(start + max(len(signature), 1))
    if not head or not head[start:].startswith(signature):
        raise not_invokeai(response.url, f"what came as {kind} is {'not one' if head else 'empty'}")
