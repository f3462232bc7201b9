"""Concurrency: what the blocking client does in its own way. Its twin in `_async` is written by hand."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

sleep = time.sleep


def in_thread(action: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """Do what may block on the disk: here, in the caller's own thread."""
    return action(*arguments, **options)


def downloader(client: T) -> T:
    """What results download their images with."""
    return client
