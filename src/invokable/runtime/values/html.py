"""HTML: parts of what a notebook displays. All text is escaped.

The server's thumbnails are embedded, so that a saved notebook stays small and shows them without the server.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from html import escape
from typing import Final

_SIDE: Final = 256  # pixels of a thumbnail
_MOST_BYTES: Final = 500_000  # of an embedded picture; a thumbnail has far fewer
_MOST_TEXT: Final = 500

_KINDS: Final = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"RIFF": "webp"}
"""The magic bytes of files that browsers display."""


def code(text: str) -> str:
    """Text as code."""
    return f"<code>{escape(text)}</code>"


def lines(text: str) -> str:
    """Text with line breaks, truncated if it is long."""
    return f"<pre>{escape(text if len(text) <= _MOST_TEXT else f'{text[:_MOST_TEXT]}…')}</pre>"


def figure(name: str, width: int | None, height: int | None, picture: str) -> str:
    """The picture of an image or a video, with its name and, if known, its size as the caption."""
    size = f", {width} × {height}" if width and height else ""
    caption = f"<figcaption>{code(name)}{size}</figcaption>"
    return f"<figure style='display: inline-block; margin: 4px'>{picture}{caption}</figure>"


def picture(found: bytes | Exception | None) -> str:
    """A thumbnail, or the reason why there is none; empty for formats that browsers do not display."""
    if found is None:
        return "<small>No client to download it with; use <code>client.show(…)</code>.</small>"
    if isinstance(found, Exception):
        reason = (str(found).splitlines() or [""])[0]
        return f"<small>{escape(type(found).__name__)}: {escape(reason)}</small>"
    kind = next((kind for start, kind in _KINDS.items() if found.startswith(start)), None)
    if kind is None or len(found) > _MOST_BYTES:
        return ""
    source = f"data:image/{kind};base64,{base64.b64encode(found).decode('ascii')}"
    return f'<img src="{source}" alt="" style="max-width: {_SIDE}px; max-height: {_SIDE}px">'


def table(title: str, heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table whose cells are already HTML."""
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
