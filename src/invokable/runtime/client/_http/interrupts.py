"""Interrupts: exchanges that an interrupt must not abort halfway.

Python handles signals in the main thread, between any two bytecode instructions. An interrupt inside httpcore's
connection pool can leave its lock held, and then all later requests, of all threads, would wait forever.
"""

from __future__ import annotations

import _thread
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

_ENDING: Final = 0.5
"""Seconds to wait for an exchange to end after it was aborted."""


def uninterrupted(action: Callable[[], T], abort: Callable[[], None]) -> T:
    """Run an action in another thread, and return its result. On an interrupt, `abort` it and wait for its end."""
    done = _thread.allocate_lock()  # acquired and released atomically, unlike the classes of `threading`
    done.acquire()
    returned: list[T] = []
    raised: list[BaseException] = []

    def work() -> None:
        try:
            returned.append(action())
        except BaseException as error:
            raised.append(error)
        finally:
            done.release()

    try:
        try:
            _thread.start_new_thread(work, ())
        except RuntimeError:  # no thread can be started, for example during interpreter shutdown
            return action()
        done.acquire()
    except BaseException:
        abort()
        done.acquire(timeout=_ENDING)
        raise
    if raised:
        raise raised.pop()
    return returned.pop()
