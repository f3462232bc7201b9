"""Nearest: the names that may have been meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def near(name: str, names: Iterable[str]) -> list[str]:
    """The names most like one that is not there."""
    return difflib.get_close_matches(name, list(dict.fromkeys(names)), n=3)


def nearest(name: str, names: Iterable[str]) -> str:
    """` (did you mean …?)`, or nothing."""
    close = near(name, names)
    return f" (did you mean {' or '.join(map(repr, close))}?)" if close else ""
