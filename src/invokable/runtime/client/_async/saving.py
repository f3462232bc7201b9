"""Saving: images and videos onto the disk, one or many."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, BinaryIO, Final, cast

from invokable.runtime.client._async.concurrency import in_thread, made_in_thread, written
from invokable.runtime.client._async.together import together
from invokable.runtime.client.naming import named, paths, reserve
from invokable.runtime.client.saving import Scrap
from invokable.runtime.steps.downloads import download
from invokable.runtime.values.media import Image, Video
from invokable.runtime.values.result import WorkflowResult

if TYPE_CHECKING:
    from invokable.runtime.client._async.client import AsyncClient

_IN_MEMORY: Final = 8 * 2**20  # bytes of a download that is passed on
_PIECE: Final = 2**20


async def save(client: AsyncClient, medium: Image | Video, path: str | os.PathLike[str]) -> Path:
    """Download to a file, whole or not at all."""
    scrap = await made_in_thread(Scrap, Scrap.drop, medium.name, path)
    try:
        await client._drive(download(medium, scrap.file))
        return scrap.keep()
    except BaseException:
        scrap.drop()
        raise


async def save_all(
    client: AsyncClient,
    media: WorkflowResult | Iterable[Image | Video],
    folder: str | os.PathLike[str],
    pattern: str,
    *,
    at_once: int,
    overwrite: bool,
) -> list[Path]:
    """Download many to files of a folder, some at once."""
    files = named(media)
    where = paths(files, folder, pattern)
    put = save if overwrite else _save_beside
    pairs = zip(files, where, strict=True)
    return await together([partial(put, client, file.medium, path) for file, path in pairs], at_once)


async def pass_on(client: AsyncClient, medium: Image | Video, into: BinaryIO) -> None:
    """Download into a file object that needs no more than `write`; what is not whole does not get there."""
    with SpooledTemporaryFile(_IN_MEMORY) as spool:
        file = cast("BinaryIO", spool)
        await client._drive(download(medium, file))
        file.seek(0)
        while piece := memoryview(await in_thread(_read, file)):
            while piece:  # a file without a buffer, or a socket, may take a part
                piece = piece[await written(into, bytes(piece)) :]


async def _save_beside(client: AsyncClient, medium: Image | Video, path: Path) -> Path:
    reserved = await made_in_thread(reserve, Path.unlink, path)
    try:
        return await save(client, medium, reserved)
    except BaseException:
        reserved.unlink(missing_ok=True)
        raise


def _read(file: IO[bytes]) -> bytes:
    return file.read(_PIECE)
