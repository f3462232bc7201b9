"""Archives: many images as one zip file, which the server makes.

The server writes a zip where it is downloaded from, so that a download may find one that is not yet whole, and deletes
it after the download, whole or not: then it has to be made again. A zip whose images could not all be read ends with
the last that could, and the server reports nothing. So a zip is checked for its end and for the name of every image.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import BinaryIO, Final
from zipfile import BadZipFile, ZipFile

from invokable.runtime.errors import APIError, ConnectionError, InvokableError  # noqa: A004
from invokable.runtime.steps.exchange.answers import Answer
from invokable.runtime.steps.exchange.deadline import Clock, Deadline
from invokable.runtime.steps.exchange.fetching import fetch, in_path
from invokable.runtime.steps.exchange.policy import FOREVER
from invokable.runtime.steps.exchange.protocol import Request, Response, Sleep, Steps
from invokable.runtime.steps.exchange.responses import not_invokeai, parse, read
from invokable.runtime.steps.resources.boards import image_names
from invokable.runtime.steps.resources.media import MOST, MOST_SINCE, require_images
from invokable.runtime.steps.resources.server_cache import ServerCache
from invokable.runtime.steps.resources.versions import at_least

_DOWNLOADS: Final = "/api/v1/images/download"
_SIGNATURE: Final = b"PK"
_ATTEMPTS: Final = 3  # for a zip that lacks images
_FIRST_LOOK: Final = 0.1  # seconds after the request; twice as late whenever that was too early
_PAUSE: Final = 0.2  # seconds between two polls, growing
_LONGEST: Final = 2.0
_LONGER: Final = "pass a longer timeout"


class _Packing(Answer):
    bulk_download_item_name: str


class _TooEarlyError(Exception):
    """The zip was downloaded before it was whole; `error` is what it looks like."""

    def __init__(self, error: InvokableError) -> None:
        super().__init__(str(error))
        self.error = error


def fetch_archive(
    names: Sequence[str], board_id: str | None, into: BinaryIO, cache: ServerCache, clock: Clock, timeout: float | None
) -> Steps[None]:
    """Write a zip of the images with these names, or of those on a board.

    Raises ValueError for more names than the server takes, NotFoundError for names that do not exist, APIError if the
    server makes no zip in time or leaves images out.
    """
    Deadline.after(timeout, clock)  # checks it
    longest = FOREVER if timeout is None else timeout
    names = list(dict.fromkeys(names))
    if len(names) > MOST and (yield from at_least(cache, MOST_SINCE)):
        raise ValueError(
            f"a zip has at most {MOST} images by name, not {len(names)}; save several zips, or pass a board"
        )
    yield from require_images(names, cache)
    patience = min(_FIRST_LOOK, longest)
    failed = 0
    while True:
        wanted = (yield from image_names(board_id)) if board_id else names
        into.seek(0)
        into.truncate()
        try:
            url = yield from _download(names, board_id, into, Deadline.after(timeout, clock), patience)
            found = _names_in(into, url)
        except _TooEarlyError as early:
            if patience >= longest:
                raise early.error from None
            patience = min(2 * patience, longest)
            continue
        missing = [name for name in wanted if name not in found]
        if not missing:
            return
        yield from require_images(missing if names else (), cache)
        failed += 1
        if failed == _ATTEMPTS:
            raise _lacking(missing, len(wanted), url)


def _download(
    names: Sequence[str], board_id: str | None, into: BinaryIO, deadline: Deadline, patience: float
) -> Steps[str]:
    """Have a zip made, and download what there is of it after some seconds. Returns its URL."""
    body = {"board_id": board_id} if board_id else {"image_names": list(names)}
    packing = read((yield from fetch(Request("POST", _DOWNLOADS, json=body))), _Packing)
    path = f"{_DOWNLOADS}/{in_path(packing.bulk_download_item_name)}"
    yield Sleep(patience)
    pause = _PAUSE
    while True:
        try:
            response: Response = yield Request("GET", path, into=into)
        except ConnectionError as error:  # the server breaks it when the zip grows meanwhile
            raise (_TooEarlyError(error) if error.sent else error) from None
        if response.status == 200:
            return response.url
        if response.status != 404:
            parse(response)
        if deadline.is_over:
            raise APIError(
                404,
                f"the server made no zip within {deadline.timeout:g} s",
                advice=_LONGER,
                method="GET",
                url=response.url,
            )
        yield Sleep(pause)
        pause = min(pause * 1.5, _LONGEST)


def _names_in(file: BinaryIO, url: str) -> set[str]:
    """The names of the images in a zip. Raises NotInvokeAIError for another file, _TooEarlyError without its end."""
    file.seek(0)
    if not _SIGNATURE.startswith(file.read(len(_SIGNATURE))):
        raise not_invokeai(url, "answered with something that is not a zip")
    try:
        with ZipFile(file) as archive:
            return {PurePosixPath(name).name for name in archive.namelist()}
    except (BadZipFile, ValueError, NotImplementedError):  # the others if what looks like its end is part of an image
        detail = "the server did not write the zip to its end in time"
        raise _TooEarlyError(APIError(200, detail, method="GET", url=url)) from None


def _lacking(missing: Sequence[str], count: int, url: str) -> APIError:
    detail = (
        f"the zip lacks {len(missing)} of {count} images, the first is {missing[0]!r}; are their files on the server?"
    )
    return APIError(200, detail, method="GET", url=url)
