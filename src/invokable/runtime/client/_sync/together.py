"""Together: several downloads at the same time. The counterpart in `_async` is written by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def together(actions: Sequence[Callable[[], T]], at_once: int) -> list[T]:
    """Run all actions, at most `at_once` at a time, and return their results. The first failure stops the others."""
    pool = ThreadPoolExecutor(at_once, thread_name_prefix="invokable")
    try:
        futures = [pool.submit(action) for action in actions]
        return [future.result() for future in futures]
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
