"""Giving up: who is interrupted cancels what it has on the server, in a bounded time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import anyio
import pytest
from generated_examples.colour_card import ColourCard

from invokable import AsyncClient, Client, JobEvent
from invokable.runtime.steps import run
from invokable.testing import Fault, Simulator
from tests.testing.asking import picture


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A simulator that takes no items."""
    with Simulator() as running:
        running.serve()
        running.pause()
        yield running


def card() -> ColourCard:
    return ColourCard(stamp=picture(), width=64, height=64)


def interrupt(event: JobEvent) -> None:
    raise KeyboardInterrupt


def test_an_interrupt_ends_a_run_although_the_server_says_nothing(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "_GIVING_UP", 0.5)
    simulator.add_fault(Fault(kind="stall", path="*/cancel_by_batch_ids"))
    with Client(simulator.url) as client:
        begin = time.monotonic()
        with pytest.raises(KeyboardInterrupt) as caught:
            client.run(card(), on_progress=interrupt)
    assert time.monotonic() - begin < 5
    (batch_id,) = {payload["batch_id"] for name, payload in simulator.events if name == "batch_enqueued"}
    assert batch_id in caught.value.__notes__[0]


def test_a_scope_of_anyio_that_ends_a_run_has_its_items_canceled(simulator: Simulator) -> None:
    async def main() -> None:
        async with AsyncClient(simulator.url) as client:
            await client.version()
            with anyio.CancelScope() as scope:
                asyncio.get_running_loop().call_later(0.5, scope.cancel)
                await client.run(card())
            assert scope.cancelled_caught
            assert (await client.queue.status()).pending == 0
        assert [name for name, _ in simulator.events].count("batch_enqueued") == 1

    asyncio.run(main())
