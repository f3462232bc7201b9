"""Showing: thumbnails for a notebook, fetched concurrently."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from invokable.runtime.client._async.together import together
from invokable.runtime.errors import InvokableError
from invokable.runtime.values.media import Image, Video
from invokable.runtime.values.notebook import Showable, Shown, html_of, pictured

if TYPE_CHECKING:
    from invokable.runtime.client._async.client import AsyncClient

_AT_ONCE: Final = 4


async def show(client: AsyncClient, shown: Showable) -> Shown:
    """A result, an image or a video as a notebook displays it."""
    media = pictured(shown)
    found = await together([partial(_thumbnail, client, medium) for medium in media], _AT_ONCE)
    return Shown(html_of(shown, dict(zip(media, found, strict=True))), len(media))


async def _thumbnail(client: AsyncClient, medium: Image | Video) -> bytes | Exception:
    try:
        return await client.thumbnail(medium)
    except InvokableError as error:
        return error
