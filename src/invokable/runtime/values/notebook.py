"""Notebooks: the tables that display workflows and results in a cell, with thumbnails.

With an asynchronous client, fetching thumbnails here would block the loop: `client.show` fetches them beforehand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import Final

from invokable.runtime.values import html
from invokable.runtime.values.media import Image, Video, media_in
from invokable.runtime.values.reprs import short

_MOST_PICTURES: Final = 12  # each is fetched


class Shown:
    """What a notebook displays in a cell, with pictures that have been fetched."""

    def __init__(self, html: str, pictures: int) -> None:
        self._html = html
        self._pictures = pictures

    def __repr__(self) -> str:
        return f"<{self._pictures} picture{'' if self._pictures == 1 else 's'}, for a notebook>"

    def _repr_html_(self) -> str:
        return self._html


def inputs_table(title: str, inputs: Iterable[tuple[int, str, str, object]]) -> str:
    """A table of inputs: index, attribute, label and value."""
    rows = (
        (str(index), html.code(attribute), escape(label), html.code(short(value)))
        for index, attribute, label, value in inputs
    )
    return html.table(title, ("index", "input", "label", "value"), rows)


def outputs_table(
    title: str, outputs: Mapping[str, object], thumbnails: Mapping[Image | Video, bytes | Exception] | None = None
) -> str:
    """A table of outputs, with thumbnails of the first few images and videos.

    `thumbnails` has the pictures, or the reasons why there is none; by default they are fetched.
    """
    cells = _Cells(_fetched if thumbnails is None else thumbnails.get)
    rows = ((html.code(name), cells.shown(value)) for name, value in outputs.items())
    return html.table(title, ("output", "value"), rows)


def cell(value: object, thumbnails: Mapping[Image | Video, bytes | Exception]) -> str:
    """A single value, with the thumbnails that were fetched."""
    return _Cells(thumbnails.get).shown(value)


def pictured(value: object) -> list[Image | Video]:
    """The images and videos in a value or a list of values that are displayed with a picture: the first few."""
    return list(dict.fromkeys(media_in(value)))[:_MOST_PICTURES]


def _fetched(medium: Image | Video) -> bytes | Exception | None:
    return medium._fetched()


class _Cells:
    """Displays values, with pictures of the first few images and videos."""

    def __init__(self, fetch: Callable[[Image | Video], bytes | Exception | None]) -> None:
        self._fetch = fetch
        self._left = _MOST_PICTURES

    def shown(self, value: object) -> str:
        """A value as HTML."""
        if isinstance(value, list):
            return "".join(map(self.shown, value)) or "<i>none</i>"
        if isinstance(value, Image | Video):
            return html.figure(value.name, value.width, value.height, self._picture(value))
        return html.lines(value if isinstance(value, str) else repr(value))

    def _picture(self, medium: Image | Video) -> str:
        if not self._left:
            return ""
        self._left -= 1
        return html.picture(self._fetch(medium))
