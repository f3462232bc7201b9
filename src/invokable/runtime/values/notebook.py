"""Notebooks: how a workflow, a result and an image show themselves in a cell. Loaded when a notebook first asks.

Every text is escaped. Pictures are embedded, made small by Pillow where it is installed, so that a saved notebook
stays small and shows them without the server.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, Final

from invokable.runtime.values.media import Image, Video
from invokable.runtime.values.result import WorkflowResult, outputs_of, short

if TYPE_CHECKING:
    from invokable.runtime.values.workflow import Workflow

_SIDE: Final = 256  # pixels of a small picture
_MOST_PICTURES: Final = 12  # each is downloaded
_MOST_BYTES: Final = 100_000
"""Bytes of a picture that is embedded as it is, where it cannot be made smaller."""
_MOST_TEXT: Final = 500
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


def result_html(result: WorkflowResult) -> str:
    """A table of the outputs, images as small pictures."""
    pictures = _Pictures()
    rows = ((_code(name), pictures.shown(value)) for name, value in outputs_of(result).items())
    return _table(type(result).__qualname__, ("output", "value"), rows)


def image_html(image: Image) -> str:
    """A small picture, with the name of the image below it."""
    return _Pictures().shown(image)


class _Pictures:
    """Shows values; of the images among them the first few as pictures."""

    def __init__(self) -> None:
        self._left = _MOST_PICTURES

    def shown(self, value: object) -> str:
        """A value as HTML."""
        if isinstance(value, list):
            return "".join(map(self.shown, value)) or "<i>none</i>"
        if isinstance(value, Image):
            return (
                f"<figure style='display: inline-block; margin: 4px'>{self._picture(value)}{_caption(value)}</figure>"
            )
        if isinstance(value, Video):
            return f"<figure style='margin: 4px'>{_caption(value)}</figure>"
        text = value if isinstance(value, str) else repr(value)
        return f"<pre>{escape(text if len(text) <= _MOST_TEXT else f'{text[:_MOST_TEXT]}…')}</pre>"

    def _picture(self, image: Image) -> str:
        if image._client is None or not self._left:
            return ""
        self._left -= 1
        try:
            found = _small(image.bytes())
        except Exception as error:  # what is shown must not fail: the server may be away, the file damaged
            reason = (str(error).splitlines() or [""])[0]
            return f"<small>{escape(type(error).__name__)}: {escape(reason)}</small>"
        if found is None:
            return ""
        kind, data = found
        source = f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"
        return f'<img src="{source}" alt="" style="max-width: {_SIDE}px; max-height: {_SIDE}px">'


def _caption(medium: Image | Video) -> str:
    size = f", {medium.width} × {medium.height}" if medium.width and medium.height else ""
    return f"<figcaption>{_code(medium.name)}{size}</figcaption>"


def _small(data: bytes) -> tuple[str, bytes] | None:
    """The kind and the bytes of a small picture; None where it is large and Pillow is missing."""
    try:
        from PIL import Image as Pillow
    except ModuleNotFoundError:
        kind = next((kind for start, kind in _KINDS.items() if data.startswith(start)), None)
        return (kind, data) if kind and len(data) <= _MOST_BYTES else None
    picture = Pillow.open(BytesIO(data))
    picture.thumbnail((_SIDE, _SIDE))
    written = BytesIO()
    clear = picture.mode in ("RGBA", "LA", "P", "PA")
    picture.convert("RGBA" if clear else "RGB").save(written, "PNG" if clear else "JPEG")
    return "png" if clear else "jpeg", written.getvalue()


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
