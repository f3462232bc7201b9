"""Saving: images and videos to disk, one or many."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, BinaryIO, Final, cast

from invokable.runtime.client._async.concurrency import create_in_thread, gather, in_thread, write_piece
from invokable.runtime.client._async.engine import AsyncEngine
from invokable.runtime.client.naming import named, paths, reserve
from invokable.runtime.client.saving import PendingFile
from invokable.runtime.client.surface import is_whole
from invokable.runtime.steps.exchange.protocol import Steps
from invokable.runtime.steps.resources.downloads import download
from invokable.runtime.values.media import Image, Video
from invokable.runtime.values.reprs import short
from invokable.runtime.values.result import WorkflowResult

_IN_MEMORY: Final = 8 * 2**20  # bytes of a download, before it goes to disk
_PIECE: Final = 2**20


async def save(engine: AsyncEngine, medium: Image | Video, path: str | os.PathLike[str]) -> Path:
    """Download to a file, atomically."""
    return await save_as(engine, medium.name, path, partial(download, medium))


async def save_as(
    engine: AsyncEngine, name: str, path: str | os.PathLike[str], write: Callable[[BinaryIO], Steps[None]]
) -> Path:
    """Write a file by steps, atomically: at a path, or under this name in a folder."""
    engine.check_open()
    pending = await create_in_thread(PendingFile, PendingFile.discard, name, path)
    try:
        await engine.drive(write(pending.file))
        return pending.commit()
    except BaseException:
        pending.discard()
        raise


async def save_all(
    engine: AsyncEngine,
    media: WorkflowResult | Iterable[Image | Video],
    folder: str | os.PathLike[str],
    pattern: str,
    *,
    at_once: int,
    overwrite: bool,
) -> list[Path]:
    """Download many to a folder, some of them concurrently."""
    if not is_whole(at_once):
        raise TypeError(f"at_once is {short(at_once)}; expected a whole number")
    if at_once < 1:
        raise ValueError(f"at_once is {at_once}; expected at least 1")
    engine.check_open()
    files = named(media)
    where = paths(files, folder, pattern)
    save_one = save if overwrite else _save_without_overwriting
    pairs = zip(files, where, strict=True)
    return await gather([partial(save_one, engine, file.medium, path) for file, path in pairs], at_once)


async def download_into(engine: AsyncEngine, medium: Image | Video, into: BinaryIO) -> None:
    """Download into an object that needs only a `write` method. An incomplete download is not written."""
    with SpooledTemporaryFile(_IN_MEMORY) as spool:
        file = cast("BinaryIO", spool)
        await engine.drive(download(medium, file))
        file.seek(0)
        while piece := memoryview(await in_thread(_read, file)):
            while piece:  # an unbuffered file or a socket may write only part of it
                piece = piece[await write_piece(into, bytes(piece)) :]


async def _save_without_overwriting(engine: AsyncEngine, medium: Image | Video, path: Path) -> Path:
    reserved = await create_in_thread(reserve, Path.unlink, path)
    try:
        return await save(engine, medium, reserved)
    except BaseException:
        reserved.unlink(missing_ok=True)
        raise


def _read(file: IO[bytes]) -> bytes:
    return file.read(_PIECE)
