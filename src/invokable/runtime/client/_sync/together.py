"""Together: several downloads at once. Its twin in `_async` is written by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def together(actions: Sequence[Callable[[], T]], at_once: int) -> list[T]:
    """Do all of these, so many at once, and return what comes of them. The first that fails ends the others."""
    pool = ThreadPoolExecutor(at_once, thread_name_prefix="invokable")
    try:
        futures = [pool.submit(action) for action in actions]
        return [future.result() for future in futures]
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
