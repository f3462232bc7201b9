"""Reprs: short representations of values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from invokable.runtime.values.arrays import array_in_short, is_array

_SHOWN: Final = 40  # characters of a value


def shown(values: Mapping[str, object]) -> str:
    """A short representation of values as keyword arguments."""
    return ", ".join(f"{name}={short(value)}" for name, value in values.items())


def short(value: object) -> str:
    """A short representation of a value."""
    if isinstance(value, bytes | bytearray):
        return f"<{len(value)} bytes>"
    if is_array(value):
        return array_in_short(value)
    if type(value) is str:
        return _short_text(value)
    text = " ".join(line.strip() for line in repr(value).splitlines())  # of a class; text has its line breaks escaped
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _short_text(value: str) -> str:
    """The repr of a text, or else of its beginning."""
    beginning = value[:_SHOWN]
    shown = repr(beginning)
    if beginning == value and len(shown) <= _SHOWN:
        return shown
    while len(shown) >= _SHOWN:
        beginning = beginning[:-1]
        shown = repr(beginning)
    return f"{shown}…"
