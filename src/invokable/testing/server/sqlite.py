"""SQLite: what the server's database makes of numbers in requests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

from invokable.testing.server.problems import Broken

T = TypeVar("T")

TOO_LARGE: Final = "Python int too large to convert to SQLite INTEGER"
_END: Final = 2**63


def holds(number: int) -> bool:
    """Whether a number is in the range of the database."""
    return -_END <= number < _END


def page(found: Sequence[T], offset: int, limit: int) -> Sequence[T]:
    """A part of what was found; all of the rest for a negative limit. Raises Broken for a number out of range."""
    if not (holds(offset) and holds(limit)):
        raise Broken
    begin = max(offset, 0)
    return found[begin:] if limit < 0 else found[begin : begin + limit]
