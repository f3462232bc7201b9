"""Nearest: the known names that are similar to one that is not known."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Final

_LONGEST: Final = 100
_MOST: Final = 5_000


def similar(name: str, known: Iterable[str], most: int = 1, cutoff: float = 0.6) -> list[str]:
    """At most so many known names, the most similar one first.

    Names come from untrusted files and servers: long ones, and all after the first few thousand, are ignored.
    """
    import difflib  # only errors need it

    if len(name) > _LONGEST:
        return []
    candidates = dict.fromkeys(one for one in islice(known, _MOST) if len(one) <= 2 * len(name))
    return difflib.get_close_matches(name, candidates, n=most, cutoff=cutoff)
