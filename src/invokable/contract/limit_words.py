"""Limit words: limits and their numbers as readers see them."""

from __future__ import annotations

import math

from invokable.contract.limits import Limits
from invokable.contract.listing import counted


def range_in_words(limits: Limits) -> str:
    """`64 to 2048, a multiple of 8`; empty without limits."""
    low, high = limits.minimum, limits.maximum
    above, below = limits.exclusive_minimum, limits.exclusive_maximum
    parts = []
    if above is not None:
        parts.append(f"above {number(above)}")
    if low is not None and high is not None:
        parts.append(f"{number(low)} to {number(high)}")
    elif low is not None:
        parts.append(f"at least {number(low)}")
    elif high is not None:
        parts.append(f"at most {number(high)}")
    if below is not None:
        parts.append(f"below {number(below)}")
    if limits.multiple_of is not None and limits.multiple_of != 1:
        parts.append(f"a multiple of {number(limits.multiple_of)}")
    parts += _size_in_words(limits.min_length, limits.max_length, "character")
    parts += _size_in_words(limits.min_items, limits.max_items, "item")
    return ", ".join(parts)


def number(value: float) -> str:
    """A number, with `2.0` written as `2`."""
    return repr(whole(value)) if math.isfinite(value) else str(value)


def whole(value: float) -> float:
    """The number, as an integer if it is whole."""
    return int(value) if value == int(value) else value


def _size_in_words(low: int | None, high: int | None, unit: str) -> list[str]:
    if low and high is not None:
        return [f"{low} to {high} {unit}s"]
    if high is not None:
        return [f"at most {counted(high, unit)}"]
    return [f"at least {counted(low, unit)}"] if low else []
