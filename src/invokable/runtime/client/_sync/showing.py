"""Showing: thumbnails for a notebook, fetched concurrently."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from invokable.runtime.client._sync.together import together
from invokable.runtime.errors import InvokableError
from invokable.runtime.values.media import Image, Video
from invokable.runtime.values.notebook import Showable, Shown, html_of, pictured

if TYPE_CHECKING:
    from invokable.runtime.client._sync.client import Client

_AT_ONCE: Final = 4


def show(client: Client, shown: Showable) -> Shown:
    """A result, an image or a video as a notebook displays it."""
    media = pictured(shown)
    found = together([partial(_thumbnail, client, medium) for medium in media], _AT_ONCE)
    return Shown(html_of(shown, dict(zip(media, found, strict=True))), len(media))


def _thumbnail(client: Client, medium: Image | Video) -> bytes | Exception:
    try:
        return client.thumbnail(medium)
    except InvokableError as error:
        return error
