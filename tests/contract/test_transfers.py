"""Transfers of many files over bad connections: no half file, no wrong content under a right name, no endless wait."""

from __future__ import annotations

import io
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image as Pillow

from invokable import Client, ImageRecord, InvokableError, Policy
from tests.contract.transfers import ANSWERS, OF_DOWNLOADS, Disturber
from tests.effort import slow_among, slow_beyond
from tests.live.provision import Server

POLICY = Policy(read_timeout=0.8, total_timeout=1.5, transfer_timeout=1.5, first_pause=0.02, longest_pause=0.2)
LONGEST = 30.0
"""Seconds for all files of a test, far more than retries take."""

Connect = Callable[..., Client]


def picture(seed: int) -> bytes:
    """A PNG of noise, of a size and content of its own."""
    size = (24 + seed % 16, 16)
    buffer = io.BytesIO()
    Pillow.frombytes("RGB", size, random.Random(seed).randbytes(3 * size[0] * size[1])).save(buffer, "PNG")
    return buffer.getvalue()


def pixels(content: bytes) -> bytes:
    return Pillow.open(io.BytesIO(content)).convert("RGB").tobytes()


@contextmanager
def disturbed(server: Server, path: str, faults: tuple[str, ...], rate: float, seed: int) -> Iterator[str]:
    disturber = Disturber(server.url, path, faults, rate=rate, seed=seed)
    begin = time.monotonic()
    try:
        yield disturber.url
    finally:
        disturber.close()
    assert time.monotonic() - begin < LONGEST


@pytest.fixture(scope="module")
def stored(server: Server) -> Iterator[dict[ImageRecord, bytes]]:
    """Images on the server, with their contents."""
    with Client(server.url) as client:
        images = [client.images.upload(picture(seed)) for seed in range(24)]
        yield {image: client.download(image) for image in images}
        client.images.delete(*images)


def saved(client: Client, images: list[ImageRecord], folder: Path) -> bool:
    """Save all; return whether it succeeded."""
    try:
        paths = client.save_all(images, folder, at_once=8)
    except InvokableError:
        return False
    assert paths == [folder / image.name for image in images]
    return True


def check_saved(folder: Path, stored: dict[ImageRecord, bytes], *, all_of_them: bool) -> None:
    contents = {image.name: content for image, content in stored.items()}
    found = {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}
    assert found.items() <= contents.items()
    assert not all_of_them or len(found) == len(contents)


@pytest.mark.parametrize("fault", slow_among(OF_DOWNLOADS, ("stalled", "too long")))
@pytest.mark.parametrize("seed", slow_beyond(1, range(5)))
def test_half_of_the_downloads_meet_a_fault(
    fault: str, seed: int, server: Server, connect: Connect, stored: dict[ImageRecord, bytes], tmp_path: Path
) -> None:
    few = dict(list(stored.items())[:5])
    with disturbed(server, "/full", (fault,), 0.5, seed) as url, connect(url, policy=POLICY) as client:
        check_saved(tmp_path / "out", few, all_of_them=saved(client, list(few), tmp_path / "out"))


@pytest.mark.parametrize("seed", slow_beyond(2, range(20)))
def test_many_downloads_at_the_same_time_meet_any_fault(
    seed: int, server: Server, connect: Connect, stored: dict[ImageRecord, bytes], tmp_path: Path
) -> None:
    with disturbed(server, "/full", OF_DOWNLOADS, 0.1, seed) as url, connect(url, policy=POLICY) as client:
        check_saved(tmp_path / "out", stored, all_of_them=saved(client, list(stored), tmp_path / "out"))


@pytest.mark.parametrize("seed", slow_beyond(1, range(40)))
def test_uploads_meet_any_fault(seed: int, server: Server, connect: Connect) -> None:
    contents = [picture(1000 * seed + number) for number in range(12)]

    def upload(content: bytes) -> ImageRecord | None:
        try:
            return client.images.upload(content)
        except InvokableError:
            return None

    with (
        disturbed(server, "/images/upload", ANSWERS, 0.25, seed) as url,
        connect(url, policy=POLICY) as client,
        ThreadPoolExecutor(4) as threads,
    ):
        records = list(threads.map(upload, contents))
    with Client(server.url) as client:
        for content, record in zip(contents, records, strict=True):
            assert record is None or pixels(client.download(record)) == pixels(content)
        client.images.delete(*filter(None, records))
