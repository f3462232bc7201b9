"""SQLite: what the server's database makes of numbers and words in requests."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, TypeVar

from invokable.testing.server.problems import Broken

T = TypeVar("T")

TOO_LARGE: Final = "Python int too large to convert to SQLite INTEGER"
_END: Final = 2**63
_FLAGS: Final = re.ASCII | re.IGNORECASE | re.DOTALL


def holds(number: int) -> bool:
    """Whether a number is in the range of the database."""
    return -_END <= number < _END


def page(found: Sequence[T], offset: int, limit: int) -> Sequence[T]:
    """A part of what was found; all of the rest for a negative limit. Raises Broken for a number out of range."""
    if not (holds(offset) and holds(limit)):
        raise Broken
    begin = max(offset, 0)
    return found[begin:] if limit < 0 else found[begin : begin + limit]


def is_like(text: str, wanted: str) -> bool:
    """Whether a text contains a word, in which `%` stands for any text and `_` for any character.

    Only ASCII letters are the same in upper and lower case.
    """
    position = 0
    for part in wanted.split("%"):
        pattern = "".join("." if character == "_" else re.escape(character) for character in part)
        found = re.compile(pattern, _FLAGS).search(text, position)
        if found is None:
            return False
        position = found.end()
    return True
