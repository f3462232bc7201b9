"""UTF-8: the text of a module in memory. As a `str`, a single emoji would make it four times as large."""

from __future__ import annotations

from codecs import BOM_UTF8, getincrementaldecoder
from typing import Final, TypeAlias

Utf8: TypeAlias = bytes | bytearray
"""Text in UTF-8. The text of a new module is a `bytearray`, so that its checksums can be filled in."""

_SLICE: Final = 1 << 16
_INSIDE: Final = bytes(range(0x80, 0xC0))
"""Bytes that continue a character."""


def cut(text: Utf8, start: int, end: int) -> bytes:
    """A part of a text, copied only once."""
    return bytes(memoryview(text)[start:end])


def as_written(text: Utf8) -> Utf8:
    """A text as invokable writes it, though another program saved it: without a BOM, and with its line ends.

    It is copied only if it differs.
    """
    text = text.removeprefix(BOM_UTF8) if text.startswith(BOM_UTF8) else text
    return text.replace(b"\r\n", b"\n") if b"\r\n" in text else text


def characters(text: memoryview) -> int:
    """The number of characters in a text, counted in parts to save memory."""
    slices = (bytes(text[start : start + _SLICE]) for start in range(0, len(text), _SLICE))
    return sum(len(piece) if piece.isascii() else len(piece.translate(None, _INSIDE)) for piece in slices)


def is_utf8(data: Utf8) -> bool:
    """Whether the data is valid UTF-8, decoded in parts to save memory."""
    decoder = getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(data), _SLICE):
            decoder.decode(data[start : start + _SLICE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
