"""UTF-8: how the text of a module is held. As a `str` it would take four times the memory once it has one emoji."""

from __future__ import annotations

from typing import Final, TypeAlias

Utf8: TypeAlias = bytes | bytearray
"""Text in UTF-8; that of a module that is being written is a `bytearray`, into which its checksums are filled."""

_SLICE: Final = 1 << 16
_INSIDE: Final = bytes(range(0x80, 0xC0))
"""Bytes that begin no character."""


def cut(text: Utf8, start: int, end: int) -> bytes:
    """A part of a text, in one copy."""
    return bytes(memoryview(text)[start:end])


def characters(text: memoryview) -> int:
    """How many characters there are in a text, which is not copied for that as a whole."""
    slices = (bytes(text[start : start + _SLICE]) for start in range(0, len(text), _SLICE))
    return sum(len(piece) if piece.isascii() else len(piece.translate(None, _INSIDE)) for piece in slices)


def is_utf8(data: bytes) -> bool:
    """Whether a file holds text."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
