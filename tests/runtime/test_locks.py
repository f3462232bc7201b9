"""Locks: an interrupt at any moment leaves them free for other threads."""

from __future__ import annotations

import itertools
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType

import pytest

from invokable.runtime import locks
from invokable.runtime.locks import Lock
from tests.contract.interrupts import interrupted_at


def entered(lock: Lock) -> None:
    with lock:
        pass


def acquired(lock: Lock) -> None:
    assert lock.acquire(timeout=1)
    lock.release()


def is_free(lock: Lock) -> bool:
    found: list[bool] = []
    thread = threading.Thread(target=lambda: found.append(lock.acquire(blocking=False)))
    thread.start()
    thread.join()
    return found == [True]


def test_others_wait_for_it() -> None:
    lock = Lock()
    with lock:
        assert not is_free(lock)
    assert is_free(lock)


@pytest.mark.parametrize("use", [entered, acquired])
def test_an_interrupt_at_any_moment_leaves_it_free(use: Callable[[Lock], None]) -> None:
    for number in itertools.count(1):
        lock = Lock()
        try:
            interrupted_at(number, lambda lock=lock: use(lock), (locks,))  # type: ignore[misc]
        except KeyboardInterrupt:
            assert is_free(lock), number
        else:
            break
    assert number > 2


class Alarm(BaseException):
    """What the handler of a real signal raises."""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs signals of Unix")
def test_real_signals_leave_it_free() -> None:
    def ring(number: int, frame: FrameType | None) -> None:
        raise Alarm

    before = signal.signal(signal.SIGALRM, ring)
    try:
        rung, end = 0, time.monotonic() + 0.5
        while time.monotonic() < end:
            lock = Lock()
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.0005)
                while True:
                    entered(lock)
                    acquired(lock)
            except Alarm:
                rung += 1
            assert is_free(lock)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert rung > 10
