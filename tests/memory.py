"""Memory that an action allocates."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable


def traced_peak(action: Callable[[], object], *, bound: float = 0) -> int:
    """The most memory that an action allocates at a time, in bytes: the lesser of two measurements.

    Other threads of a test worker allocate memory, too, but hardly twice in a row. A measurement below the bound is
    not repeated: the lesser of two would be below it, too.
    """
    peak = _peak(action)
    return peak if peak < bound else min(peak, _peak(action))


def _peak(action: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
