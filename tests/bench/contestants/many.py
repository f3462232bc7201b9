"""invokable: many concurrent jobs on one client, of either kind. Prints what `tests.bench.jobs` reads."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

from generated_examples.colour_card import ColourCard
from PIL import Image as Pictures

from invokable import AsyncClient, Client, Image
from invokable.runtime.client._http import AsyncTransport, Transport

THREADS = 8


def main(kind: str, url: str, jobs: int) -> None:
    """Run the jobs, each with another value, and print their cost."""
    measured = Measured()
    ran = threads(url, jobs, measured) if kind == "threads" else asyncio.run(tasks(url, jobs, measured))
    cpu, requests = measured.since()
    assert sorted({number for number, _, _ in ran}) == list(range(jobs))
    items, returned = [item for _, item, _ in ran], [at for _, _, at in ran]
    print(json.dumps({"cpu": cpu / jobs, "requests": requests / jobs, "items": items, "returned": returned}))


class Measured:
    """The CPU time and requests of the process."""

    def __init__(self) -> None:
        self.sent = 0
        for kind in (Transport, AsyncTransport):
            self._count(kind)
        self.begin()

    def begin(self) -> None:
        self._cpu, self.sent = _cpu(), 0

    def since(self) -> tuple[float, int]:
        return _cpu() - self._cpu, self.sent

    def _count(self, kind: Any) -> None:
        send = kind.send

        def counted(transport: Any, request: Any) -> Any:
            self.sent += 1
            return send(transport, request)

        kind.send = counted


def threads(url: str, jobs: int, measured: Measured) -> list[tuple[int, int, float]]:
    """With the blocking client, from several threads."""
    with Client(url) as client:
        stamp = client.upload(picture())

        def run(number: int) -> tuple[int, int, float]:
            result = client.run(card(stamp, number), timeout=3600)
            return number, result.item_ids[0], time.time()

        run(jobs)  # warm up
        measured.begin()
        with ThreadPoolExecutor(THREADS) as pool:
            return list(pool.map(run, range(jobs)))


async def tasks(url: str, jobs: int, measured: Measured) -> list[tuple[int, int, float]]:
    """With the asynchronous client, all concurrently."""
    async with AsyncClient(url) as client:
        stamp = await client.upload(picture())

        async def run(number: int) -> tuple[int, int, float]:
            result = await client.run(card(stamp, number), timeout=3600)
            return number, result.item_ids[0], time.time()

        await run(jobs)
        measured.begin()
        return await asyncio.gather(*(run(number) for number in range(jobs)))


def card(stamp: Image, number: int) -> ColourCard:
    return ColourCard(stamp=stamp, width=64, height=64, left=number)


def picture() -> bytes:
    buffer = BytesIO()
    Pictures.new("RGB", (40, 30), (250, 200, 10)).save(buffer, "PNG")
    return buffer.getvalue()


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
