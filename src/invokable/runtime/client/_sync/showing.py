"""Showing: thumbnails for a notebook, fetched concurrently."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from invokable.runtime.client._sync.concurrency import gather
from invokable.runtime.errors import InvokableError
from invokable.runtime.values.media import Image, Video
from invokable.runtime.values.notebook import Shown, cell, outputs_table, pictured
from invokable.runtime.values.result import WorkflowResult, outputs_of

_AT_ONCE: Final = 4


def show(shown: WorkflowResult | Image | Video, thumbnail: Callable[[Image | Video], bytes]) -> Shown:
    """A result, an image or a video as a notebook displays it; `thumbnail` downloads each picture."""
    outputs = outputs_of(shown) if isinstance(shown, WorkflowResult) else None
    media = pictured(shown if outputs is None else list(outputs.values()))
    found = gather([partial(_picture, thumbnail, medium) for medium in media], _AT_ONCE)
    thumbnails = dict(zip(media, found, strict=True))
    if outputs is None:
        return Shown(cell(shown, thumbnails), len(media))
    return Shown(outputs_table(type(shown).__qualname__, outputs, thumbnails), len(media))


def _picture(thumbnail: Callable[[Image | Video], bytes], medium: Image | Video) -> bytes | Exception:
    try:
        return thumbnail(medium)
    except InvokableError as error:
        return error
