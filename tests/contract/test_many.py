"""Many concurrent jobs on one client, from threads and tasks: each gets its own result, with few requests."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from generated_examples.colour_card import ColourCard

from invokable import AsyncClient, Client, Image
from invokable.runtime.client._http import AsyncTransport, Transport
from invokable.runtime.steps.resources.run_items import QUEUE
from tests.live.provision import Server

REQUESTS_A_JOB = 1.2


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """The number of requests by method and path, from clients of both kinds."""
    counted: Counter[str] = Counter()
    for kind in (Transport, AsyncTransport):
        monkeypatch.setattr(kind, "send", counting(kind.send, counted))
    return counted  # type: ignore[return-value]


def counting(send: Callable[..., Any], counted: Counter[str]) -> Callable[..., Any]:
    def sending(transport: Any, request: Any) -> Any:
        counted[f"{request.method} {request.path.rpartition('/')[2]}"] += 1
        return send(transport, request)

    return sending


def placed(stamp: Image, left: int) -> ColourCard:
    return ColourCard(stamp=stamp, width=64, height=64, left=left)


def assert_each_got_its_own(server: Server, results: list[Any]) -> None:
    ids = [result.item_ids[0] for result in results]
    assert len(set(ids)) == len(ids)
    for begin in range(0, len(ids), 50):
        items = server.post(f"{QUEUE}/items_by_ids", {"item_ids": ids[begin : begin + 50]})
        for number, item in enumerate(items, begin):
            nodes = item["session"]["graph"]["nodes"].values()
            assert next(node["x"] for node in nodes if node["type"] == "img_paste") == number
            made = [result["image"]["image_name"] for result in item["session"]["results"].values()]
            assert results[number].card.name in made


def test_from_eight_threads(server: Server, stamp: Path, many: int, requests: Counter[str]) -> None:
    with Client(server.url) as client:
        uploaded = client.upload(stamp)
        client.run(placed(uploaded, 0), timeout=60)  # opens the socket
        requests.clear()
        with ThreadPoolExecutor(8) as pool:
            results = list(pool.map(lambda left: client.run(placed(uploaded, left), timeout=600), range(many)))
    assert requests.total() <= REQUESTS_A_JOB * many + 1, requests
    assert_each_got_its_own(server, results)


def test_from_as_many_tasks(server: Server, stamp: Path, many: int, requests: Counter[str]) -> None:
    async def main() -> list[Any]:
        async with AsyncClient(server.url) as client:
            uploaded = await client.upload(stamp)
            await client.run(placed(uploaded, 0), timeout=60)
            requests.clear()
            return await asyncio.gather(*(client.run(placed(uploaded, left), timeout=600) for left in range(many)))

    results = asyncio.run(main())
    assert requests.total() <= REQUESTS_A_JOB * many + 1, requests
    assert_each_got_its_own(server, results)
