"""Ctrl-C at a moment that the test chooses."""

from __future__ import annotations

import inspect
import itertools
import signal
import sys
import threading
from collections.abc import Callable, Collection
from types import FrameType, ModuleType
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")
Tracer: TypeAlias = Callable[[FrameType, str, Any], Any]


def may_still_run(interrupt: BaseException | None) -> bool:
    """Whether a note of an interrupt says that its batch may still run, since canceling it was not certain to work."""
    return any("may still run" in note for note in getattr(interrupt, "__notes__", ()))


def interrupted(action: Callable[[], T], *, after: float) -> T:
    """Call `action`, and press Ctrl-C after some seconds."""
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


def interrupted_in(function: Callable[..., object], action: Callable[[], T], *, line: int = 1) -> T:
    """Call `action`, and press Ctrl-C when `function` has executed `line` lines, over all of its calls."""
    code = function.__code__
    lines = itertools.count(1)

    def trace(frame: FrameType, event: str, argument: object) -> Tracer | None:
        if frame.f_code is not code:
            return None
        if event == "line" and next(lines) == line:
            raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        return action()
    finally:
        sys.settrace(before)


def interrupted_at(number: int, action: Callable[[], T], modules: Collection[ModuleType]) -> T:
    """Call `action`, and press Ctrl-C at a moment within these modules at which Python handles signals.

    That is when a function begins, and when a call of a function written in C returns.
    """
    moments = itertools.count(1)
    files = {module.__file__ for module in modules}

    def profile(frame: FrameType, event: str, argument: object) -> None:
        is_plain = not frame.f_code.co_flags & (inspect.CO_GENERATOR | inspect.CO_COROUTINE)
        is_moment = event == "c_return" or (event == "call" and is_plain)
        if is_moment and frame.f_code.co_filename in files and next(moments) == number:
            raise KeyboardInterrupt

    sys.setprofile(profile)
    try:
        return action()
    finally:
        sys.setprofile(None)
