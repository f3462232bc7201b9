"""Archives: many images as one zip file, which the server makes.

The server deletes a zip after its download, even an incomplete one: then it has to be made again. The server does not
report that it failed to make one, so missing images are refused beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO, Final

from invokable.runtime.errors import APIError, ConnectionError  # noqa: A004
from invokable.runtime.steps.exchange.answers import Answer
from invokable.runtime.steps.exchange.deadline import Clock, Deadline
from invokable.runtime.steps.exchange.protocol import Request, Response, Sleep, Steps, fetch, in_path
from invokable.runtime.steps.exchange.responses import not_invokeai, parse, read
from invokable.runtime.steps.resources.known import Known
from invokable.runtime.steps.resources.media import IMAGES, get_media

_DOWNLOADS: Final = "/api/v1/images/download"
_SIGNATURE: Final = b"PK"
_ATTEMPTS: Final = 3
_PAUSE: Final = 0.2  # seconds between two polls, growing
_LONGEST: Final = 2.0


class _Packing(Answer):
    bulk_download_item_name: str


def fetch_archive(
    names: Sequence[str], board_id: str | None, into: BinaryIO, known: Known, clock: Clock, timeout: float
) -> Steps[None]:
    """Write a zip of the images with these names, or of those on a board.

    Raises NotFoundError for names that do not exist, APIError if the server makes no zip in time.
    """
    for name in names:
        yield from get_media(IMAGES, name, known, None)
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return (yield from _fetched(names, board_id, into, clock, timeout))
        except ConnectionError:
            if attempt == _ATTEMPTS:
                raise
            into.seek(0)
            into.truncate()


def _fetched(names: Sequence[str], board_id: str | None, into: BinaryIO, clock: Clock, timeout: float) -> Steps[None]:
    deadline = Deadline.after(timeout, clock)
    body = {"board_id": board_id} if board_id else {"image_names": list(names)}
    packing = read((yield from fetch(Request("POST", _DOWNLOADS, json=body))), _Packing)
    path = f"{_DOWNLOADS}/{in_path(packing.bulk_download_item_name)}"
    pause = _PAUSE
    while True:
        response: Response = yield Request("GET", path, into=into)
        if response.status != 404:
            break
        if deadline.is_over:
            raise APIError(404, f"the server made no zip within {timeout:g} s", method="GET", url=response.url)
        yield Sleep(pause)
        pause = min(pause * 1.5, _LONGEST)
    if response.status != 200:
        parse(response)
    into.seek(0)
    if into.read(len(_SIGNATURE)) != _SIGNATURE:
        raise not_invokeai(response.url, "answered with something that is not a zip")
