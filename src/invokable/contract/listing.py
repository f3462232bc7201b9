"""Listing: several words in a sentence."""

from __future__ import annotations

from collections.abc import Iterable


def any_of(words: Iterable[str]) -> str:
    """`A, B or C`; empty without words."""
    return _listed(words, " or ")


def all_of(words: Iterable[str]) -> str:
    """`A, B and C`; empty without words."""
    return _listed(words, " and ")


def _listed(words: Iterable[str], last: str) -> str:
    *before, end = [*words] or [""]
    return last.join(filter(None, (", ".join(before), end)))
