"""Nearest: similar names, for errors about missing ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from invokable.contract.listing import any_of
from invokable.contract.nearest import similar
from invokable.runtime.errors import NotFoundError


def near(name: str, names: Iterable[str]) -> list[str]:
    """The names most similar to a missing one."""
    return similar(name, names, most=3)


def nearest(name: str, names: Iterable[str]) -> str:
    """` (did you mean …?)`, or nothing."""
    close = near(name, names)
    return f" (did you mean {any_of(map(repr, close))}?)" if close else ""


def not_found(message: str, name: str, names: Sequence[str]) -> NotFoundError:
    """The error for a name that is not among `names`; its message suggests the nearest."""
    return NotFoundError(message + nearest(name, names), name=name, nearest=near(name, names))
