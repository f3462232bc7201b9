"""Locks: locks that an interrupt does not leave held.

Python handles signals when a call of a function written in C returns. With the locks of `threading`, that may be after
one was acquired, but before the body that releases it has begun: in `acquire` always, in a `with` statement on
Python 3.14.
"""

from __future__ import annotations

import _thread
from contextlib import suppress


class Lock(_thread.RLock):  # type: ignore[misc,unused-ignore]  # final only in the stubs
    """Like threading.Lock, but an interrupt while it is being acquired leaves it free."""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Acquire it, within `timeout` seconds if given. Returns whether that succeeded."""
        try:
            return super().acquire(blocking, timeout)
        except BaseException:
            with suppress(RuntimeError):  # it had not been acquired
                self.release()
            raise

    __enter__ = acquire
