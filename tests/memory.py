"""Memory that an action allocates."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable


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
