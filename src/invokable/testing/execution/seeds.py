"""Repeatable randomness: all random numbers come from a seed that includes their purpose."""

from __future__ import annotations

import hashlib
import random


def digest(*parts: object) -> bytes:
    """Return a 32-byte digest of these parts."""
    return hashlib.sha256("\x1f".join(map(repr, parts)).encode()).digest()


def random_for(*parts: object) -> random.Random:
    """Return a random number generator that is the same for the same parts, on every platform."""
    return random.Random(int.from_bytes(digest(*parts), "big"))
