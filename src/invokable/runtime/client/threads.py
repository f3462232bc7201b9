"""Threads: starting and waiting in ways that an interrupt leaves usable.

An interrupt within a Condition, which the classes of `threading` consist of, can leave its lock held forever, or raise
RuntimeError in place of the interrupt. A finalizer that runs while its thread holds such a lock waits for itself.
"""

from __future__ import annotations

import _thread
import threading
from contextlib import suppress


class Flag:
    """Like threading.Event, without its Condition."""

    def __init__(self) -> None:
        self._is_set = False
        self._sleepers: list[threading.Lock] = []

    @property
    def is_set(self) -> bool:
        """Whether it has been set, and not cleared since."""
        return self._is_set

    def set(self) -> None:
        """Set it, and wake all that wait for it."""
        self._is_set = True
        for sleeper in tuple(self._sleepers):
            with suppress(RuntimeError):  # it is awake already
                sleeper.release()

    def clear(self) -> None:
        """Clear it, so that the next to wait does wait."""
        self._is_set = False

    def wait(self, seconds: float | None) -> bool:
        """Wait until it is set, at most `seconds`. Returns whether it is."""
        sleeper = threading.Lock()
        sleeper.acquire()
        self._sleepers.append(sleeper)
        try:
            if not self._is_set:  # after the append, so that it is set before or wakes this
                sleeper.acquire(timeout=-1 if seconds is None else max(seconds, 0.0))
            return self._is_set
        finally:
            self._sleepers.remove(sleeper)


def start(thread: threading.Thread) -> None:
    """Start a thread, without waiting until it runs as Thread.start does. Raises RuntimeError if there are too many."""

    def begin() -> None:
        try:
            thread.start()
        except RuntimeError:  # that was one too many; this one will do
            thread.run()

    _thread.start_new_thread(begin, ())
