"""Repeatable chance: everything random is drawn from a seed that says what it is for."""

from __future__ import annotations

import hashlib
import random


def digest(*parts: object) -> bytes:
    """Return 32 bytes that stand for these parts."""
    return hashlib.sha256("\x1f".join(map(repr, parts)).encode()).digest()


def random_for(*parts: object) -> random.Random:
    """Return a source of random numbers that is the same for the same parts, on every platform."""
    return random.Random(int.from_bytes(digest(*parts), "big"))
