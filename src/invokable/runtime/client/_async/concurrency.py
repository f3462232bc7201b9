"""Concurrency: what the asynchronous client does in its own way. Its twin in `_sync` is written by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from invokable.runtime.values.media import Downloader

P = ParamSpec("P")
T = TypeVar("T")

sleep = asyncio.sleep


async def in_thread(action: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """Do what may block on the disk, out of the way of other tasks."""
    return await asyncio.to_thread(action, *arguments, **options)


def downloader(client: object) -> Downloader | None:
    """What results download their images with: nothing, since that would block."""
    return None
