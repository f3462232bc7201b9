"""References: how callers refer to what is on a server: by a record, a name or an id."""

from __future__ import annotations

from typing import TypeVar

from invokable.runtime.values.reprs import short

T = TypeVar("T")


def checked_reference(value: T, kind: type, expected: str) -> T:
    """Check that a reference is of a kind, or a text. Raises TypeError for anything else."""
    if not isinstance(value, str | kind):
        raise TypeError(f"expected {expected}, got {short(value)}")
    return value


def checked_name(name: str, expected: str) -> str:
    """Check that a name or an id is a text. Raises TypeError for anything else."""
    return checked_reference(name, str, expected)
