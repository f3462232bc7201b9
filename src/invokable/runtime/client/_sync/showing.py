"""Showing: thumbnails for a notebook, fetched concurrently."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from invokable.runtime.client._sync.together import together
from invokable.runtime.errors import InvokableError
from invokable.runtime.values.media import Image, Video
from invokable.runtime.values.notebook import Showable, Shown, html_of, pictured

_AT_ONCE: Final = 4


def show(shown: Showable, thumbnail: Callable[[Image | Video], bytes]) -> Shown:
    """A result, an image or a video as a notebook displays it; `thumbnail` downloads each picture."""
    media = pictured(shown)
    found = together([partial(_picture, thumbnail, medium) for medium in media], _AT_ONCE)
    return Shown(html_of(shown, dict(zip(media, found, strict=True))), len(media))


def _picture(thumbnail: Callable[[Image | Video], bytes], medium: Image | Video) -> bytes | Exception:
    try:
        return thumbnail(medium)
    except InvokableError as error:
        return error
