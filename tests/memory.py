"""Memory that an action allocates."""

from __future__ import annotations

import os
import traceback
import tracemalloc
from collections.abc import Callable
from typing import TypeAlias

Sized: TypeAlias = tuple[int, Callable[[], object]]
"""A size in bytes, and an action that reads something of this size."""


def peak_of(action: Callable[[], object]) -> int:
    """The most memory that an action allocates at a time, in bytes.

    It runs in a fork of the process, which has none of the other threads of a test worker: these allocate memory, too.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            tracemalloc.start()
            action()
            os.write(writing, str(tracemalloc.get_traced_memory()[1]).encode())
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, encoding="ascii") as answer:
        peak = answer.read()
    os.waitpid(child, 0)
    assert peak, "the action failed"
    return int(peak)


def takes_less(than: float, action: Callable[[], object]) -> bool:
    """Whether an action allocates less memory than so many bytes, once it has warmed caches."""
    action()
    return peak_of(action) < than


def grows_by_at_most(times: float, prepare: Callable[[int], Sized], few: int, many: int) -> bool:
    """Whether memory grows by at most a multiple of the size of what is read, from a file with few parts to many."""
    prepare(10)[1]()  # warm caches
    small, action = prepare(few)
    least = peak_of(action)
    large, action = prepare(many)
    return peak_of(action) < least + times * (large - small)
