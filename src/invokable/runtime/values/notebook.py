"""Notebooks: how a workflow, a result, an image and a video show themselves in a cell.

Every text is escaped. The server's thumbnails are embedded, so that a saved notebook stays small and shows them without
the server. What an asynchronous client returned would block the loop to fetch them: `client.show` does so before.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping
from html import escape
from typing import TYPE_CHECKING, Final, TypeAlias

from invokable.runtime.values.media import Image, Video
from invokable.runtime.values.result import WorkflowResult, outputs_of, short

if TYPE_CHECKING:
    from invokable.runtime.values.workflow import Workflow

_SIDE: Final = 256  # pixels of a small picture
_MOST_PICTURES: Final = 12  # each is fetched
_MOST_BYTES: Final = 500_000  # of a picture that is embedded; a thumbnail has far fewer
_MOST_TEXT: Final = 500
Showable: TypeAlias = WorkflowResult | Image | Video

_KINDS: Final = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"RIFF": "webp"}
"""How the files begin that browsers show."""


def workflow_html(flow: Workflow) -> str:
    """A table of the inputs: index, attribute, label and value."""
    from invokable.runtime.values.pins import pins_of

    rows = (
        (str(pin.index), _code(pin.attribute), escape(pin.label), _code(short(getattr(flow, pin.attribute))))
        for pin in pins_of(type(flow)).inputs
    )
    return _table(type(flow).__name__, ("index", "input", "label", "value"), rows)


class Shown:
    """What a notebook shows in a cell, with its pictures, which were fetched before."""

    def __init__(self, html: str, pictures: int) -> None:
        self._html = html
        self._pictures = pictures

    def __repr__(self) -> str:
        return f"<{self._pictures} picture{'' if self._pictures == 1 else 's'}, for a notebook>"

    def _repr_html_(self) -> str:
        return self._html


def html_of(shown: Showable, thumbnails: Mapping[Image | Video, bytes | Exception] | None = None) -> str:
    """A table of a result's outputs, with small pictures; or the picture of an image or a video.

    `thumbnails` are the pictures, and why there is none; without it they are fetched.
    """
    cells = _Cells(_fetched if thumbnails is None else thumbnails.get)
    if not isinstance(shown, WorkflowResult):
        return cells.shown(shown)
    rows = ((_code(name), cells.shown(value)) for name, value in outputs_of(shown).items())
    return _table(type(shown).__qualname__, ("output", "value"), rows)


def pictured(shown: Showable) -> list[Image | Video]:
    """The images and videos that are shown with a picture: the first few."""
    values = list(outputs_of(shown).values()) if isinstance(shown, WorkflowResult) else shown
    return list(dict.fromkeys(_media_in(values)))[:_MOST_PICTURES]


def _media_in(value: object) -> Iterator[Image | Video]:
    if isinstance(value, Image | Video):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _media_in(item)


def _fetched(medium: Image | Video) -> bytes | Exception | None:
    if medium._client is None:
        return None
    try:
        return medium.thumbnail()
    except Exception as error:  # what is shown must not fail: the server may be away, the file gone
        return error


class _Cells:
    """Shows values; of the images and videos among them the first few as pictures."""

    def __init__(self, fetch: Callable[[Image | Video], bytes | Exception | None]) -> None:
        self._fetch = fetch
        self._left = _MOST_PICTURES

    def shown(self, value: object) -> str:
        """A value as HTML."""
        if isinstance(value, list):
            return "".join(map(self.shown, value)) or "<i>none</i>"
        if isinstance(value, Image | Video):
            picture = self._picture(value)
            return f"<figure style='display: inline-block; margin: 4px'>{picture}{_caption(value)}</figure>"
        text = value if isinstance(value, str) else repr(value)
        return f"<pre>{escape(text if len(text) <= _MOST_TEXT else f'{text[:_MOST_TEXT]}…')}</pre>"

    def _picture(self, medium: Image | Video) -> str:
        if not self._left:
            return ""
        self._left -= 1
        found = self._fetch(medium)
        if found is None:
            return "<small>No client to fetch it with: <code>client.show(…)</code> shows the picture.</small>"
        if isinstance(found, Exception):
            reason = (str(found).splitlines() or [""])[0]
            return f"<small>{escape(type(found).__name__)}: {escape(reason)}</small>"
        kind = next((kind for start, kind in _KINDS.items() if found.startswith(start)), None)
        if kind is None or len(found) > _MOST_BYTES:
            return ""
        source = f"data:image/{kind};base64,{base64.b64encode(found).decode('ascii')}"
        return f'<img src="{source}" alt="" style="max-width: {_SIDE}px; max-height: {_SIDE}px">'


def _caption(medium: Image | Video) -> str:
    size = f", {medium.width} × {medium.height}" if medium.width and medium.height else ""
    return f"<figcaption>{_code(medium.name)}{size}</figcaption>"


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"


def _table(title: str, heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table; the cells are HTML already."""
    return "".join(
        (
            f"<table><caption>{escape(title)}</caption>",
            f"<thead>{_row(heads, 'th')}</thead>",
            f"<tbody>{''.join(_row(row, 'td') for row in rows)}</tbody></table>",
        )
    )


def _row(cells: Iterable[str], tag: str) -> str:
    return f"<tr>{''.join(_cells(cells, tag))}</tr>"


def _cells(cells: Iterable[str], tag: str) -> Iterator[str]:
    return (f'<{tag} style="text-align: left">{cell}</{tag}>' for cell in cells)
