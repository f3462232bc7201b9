"""Memory that an action allocates."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable


def traced_peak(action: Callable[[], object]) -> int:
    """The most memory that an action allocates at a time, in bytes: the lesser of two measurements.

    Other threads of a test worker allocate memory, too, but hardly twice in a row.
    """
    return min(_peak(action) for _ in range(2))


def _peak(action: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
