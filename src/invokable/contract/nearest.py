"""Nearest: the known names that are similar to one that is not known."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice
from typing import Final

from invokable.contract.listing import any_of

_LONGEST: Final = 100
_MOST: Final = 5_000
_QUOTED: Final = re.compile("'([^']+)'")


def similar(name: str, known: Iterable[str], most: int = 1, cutoff: float = 0.6) -> list[str]:
    """At most so many known names, the most similar one first.

    Names come from untrusted files and servers: long ones, and all after the first few thousand, are ignored.
    """
    import difflib  # only errors need it

    if len(name) > _LONGEST:
        return []
    candidates = dict.fromkeys(one for one in islice(known, _MOST) if len(one) <= 2 * len(name))
    return difflib.get_close_matches(name, candidates, n=most, cutoff=cutoff)


def suggestion(name: str, known: Iterable[str], most: int = 3) -> str:
    """` (did you mean …?)`, or nothing."""
    close = similar(name, known, most)
    return f" (did you mean {any_of(map(repr, close))}?)" if close else ""


def choice_suggestion(given: object, expected: str) -> str:
    """The same for a value that is not one of the choices that pydantic expected, in its words."""
    choices = (found[1] for found in _QUOTED.finditer(expected))
    return suggestion(given, choices, most=1) if isinstance(given, str) else ""
