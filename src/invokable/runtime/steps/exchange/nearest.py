"""Nearest: similar names, for errors about missing ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from invokable.contract.nearest import similar, suggestion
from invokable.runtime.errors import NotFoundError


def near(name: str, names: Iterable[str]) -> list[str]:
    """The names most similar to a missing one."""
    return similar(name, names, most=3)


def not_found(message: str, name: str, names: Sequence[str]) -> NotFoundError:
    """The error for a name that is not among `names`; its message suggests the nearest."""
    return NotFoundError(message + suggestion(name, names), name=name, nearest=near(name, names))
