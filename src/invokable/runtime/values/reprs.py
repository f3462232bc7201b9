"""Reprs: short representations of values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from invokable.runtime.values.arrays import array_in_short, is_array

_LENGTH: Final = 40


def shown(values: Mapping[str, object]) -> str:
    """A short representation of values as keyword arguments."""
    return ", ".join(f"{name}={short(value)}" for name, value in values.items())


def short(value: object, length: int = _LENGTH) -> str:
    """A representation of a value on one line, in about as many characters at most."""
    if isinstance(value, bytes | bytearray):
        return f"<{len(value)} bytes>"
    if is_array(value):
        return array_in_short(value)
    if type(value) is str:
        return _short_text(value, length)
    text = " ".join(line.strip() for line in repr(value).splitlines())  # of a class; text has its line breaks escaped
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _short_text(value: str, length: int) -> str:
    """The repr of a text, or else of its beginning."""
    beginning = value[:length]
    shown = repr(beginning)
    if beginning == value and len(shown) <= length:
        return shown
    while len(shown) >= length:
        beginning = beginning[:-1]
        shown = repr(beginning)
    return f"{shown}…"
