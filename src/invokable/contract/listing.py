"""Listing: words in a sentence: several in a row, a number of them, one with its article."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_VOWELS: Final = tuple("aeiouAEIOU")
_CONSONANT_SOUNDS: Final = ("uni", "use")
"""Beginnings that are spoken with a consonant: a unit, a user."""


def any_of(words: Iterable[str]) -> str:
    """`A, B or C`; empty without words."""
    return _listed(words, " or ")


def all_of(words: Iterable[str]) -> str:
    """`A, B and C`; empty without words."""
    return _listed(words, " and ")


def counted(count: int, noun: str) -> str:
    """`1 change`, `2 changes`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def with_article(noun: str) -> str:
    """`a main model`, `an IP adapter model`."""
    vowel = noun.startswith(_VOWELS) and not noun.lower().startswith(_CONSONANT_SOUNDS)
    return f"{'an' if vowel else 'a'} {noun}"


def _listed(words: Iterable[str], last: str) -> str:
    *before, end = [*words] or [""]
    return last.join(filter(None, (", ".join(before), end)))
