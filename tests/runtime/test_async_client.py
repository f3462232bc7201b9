"""AsyncClient: the same as the blocking client, awaited."""

from __future__ import annotations

import asyncio
from pathlib import Path

from generated_examples.colour_card import ColourCard
from PIL import Image

from invokable import AsyncClient
from invokable.testing import Simulator


def test_a_run_returns_a_result_that_can_be_saved(tmp_path: Path) -> None:
    stamp = tmp_path / "stamp.png"
    Image.new("RGB", (8, 8), "red").save(stamp)

    async def main(simulator: Simulator) -> Path:
        async with AsyncClient._over(simulator.transport()) as client:
            job = await client.submit(ColourCard(stamp=stamp, width=96, height=64))
            result = await job.result(timeout=60)
            assert await client.version() == simulator.version
            assert [board.name async for board in client.boards.list()] == ["b"]
            return await client.save(result.card, tmp_path / "out")

    with Simulator(boards=["b"]) as simulator:
        path = asyncio.run(main(simulator))
    assert Image.open(path).size == (96, 64)
