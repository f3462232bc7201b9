"""Ctrl-C, at a moment of the test's choice."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def interrupted(action: Callable[[], T], *, after: float) -> T:
    """Do something, and press Ctrl-C that many seconds later."""
    main = threading.main_thread().ident
    assert main is not None
    # A process that was started in the background may ignore SIGINT.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(after, signal.pthread_kill, [main, signal.SIGINT])
    timer.start()
    try:
        return action()
    finally:
        timer.cancel()
        signal.signal(signal.SIGINT, before)
