"""Memory that an action allocates."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import TypeAlias

Sized: TypeAlias = tuple[int, Callable[[], object]]
"""A size in bytes, and an action that reads something of this size."""


def peak_of(action: Callable[[], object]) -> int:
    """The most memory that an action allocates at a time, in bytes, with that of other threads."""
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def takes_less(than: float, action: Callable[[], object]) -> bool:
    """Whether an action allocates less memory than so many bytes. It must do the same work each time.

    Other threads of a test worker allocate memory, too, but hardly twice in a row.
    """
    return any(peak_of(action) < than for _ in range(2))


def grows_by_at_most(times: float, prepare: Callable[[int], Sized], few: int, many: int) -> bool:
    """Whether memory grows by at most a multiple of the size of what is read, from a file with few parts to many."""
    prepare(10)[1]()  # warm caches
    small, action = prepare(few)
    least = peak_of(action)
    large, action = prepare(many)
    return takes_less(least + times * (large - small), action)
