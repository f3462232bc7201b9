"""Faults between client and server: no job is lost, none runs twice, and every report is true."""

from __future__ import annotations

import contextlib
import gc
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest
from generated_examples.colour_card import ColourCard

from invokable import Client, InvokableError
from invokable.runtime.steps.resources.run_items import QUEUE
from tests.contract.interrupts import interrupted, may_still_run
from tests.contract.proxy import Proxy
from tests.examples import imported, with_generator, workflow_class
from tests.live.provision import Server

POST = "enqueue_batch"
LOOK = "/status"
NO_EVENTS = [("GET /ws", "refuse")] * 100
"""Without events, a run is polled."""
AFTER_THE_POST = [
    *("cut after", "cut amid", "html", "garbage", "truncated", "shape", "gzip"),
    *("429", "500", "502", "503", "504", "524", "cut before", "!502", "!503", "!504", "!429"),
]
LATE = [("late", 1.0), ("late", 5.0), ("late", 14.0), ("stall", 4.0)]
"""Late fates, and their seconds for a client that looks for 16 s."""
WHILE_WAITING = [
    "cut before",
    "cut after",
    "cut amid",
    "html",
    "garbage",
    "shape",
    "gzip",
    "500",
    "!503",
    "!401",
    "!403",
]


T = TypeVar("T")
Connect = Callable[..., Client]


@contextlib.contextmanager
def faulty(server: Server, *fates: tuple[str, str]) -> Iterator[Proxy]:
    proxy = Proxy(server.url)
    proxy.fates = list(fates)
    try:
        yield proxy
    finally:
        proxy.close()


def at_once(run: Callable[[str], T], fates: Sequence[str]) -> dict[str, T | BaseException]:
    """The outcome of a function for each fate, run concurrently, since they mostly wait."""
    with ThreadPoolExecutor(len(fates)) as threads:
        running = {fate: threads.submit(run, fate) for fate in fates}
    return {fate: future.exception() or future.result() for fate, future in running.items()}


@pytest.fixture(scope="module")
def counted() -> Any:
    """A Colour Card class for two widths."""
    settings = {"type": "integer_generator_arithmetic_sequence", "start": 64, "step": 64, "count": 2}
    return workflow_class(imported(with_generator(settings)))


def ran(server: Server, batch_id: str) -> list[Any]:
    """The values of the completed items of a batch."""
    items = server.get(f"{QUEUE}/item_ids?order_dir=ASC")["item_ids"]
    found = server.post(f"{QUEUE}/items_by_ids", {"item_ids": items[-100:]})
    return sorted(
        item["field_values"][0]["value"]
        for item in found
        if item["batch_id"] == batch_id and item["status"] == "completed"
    )


@pytest.mark.slow_on_simulator
def test_whatever_happens_to_the_post_each_value_runs_once(
    server: Server, connect: Connect, counted: Any, stamp: Path, looking: float
) -> None:
    def run(fate: str) -> Any:
        with faulty(server, (POST, fate)) as proxy, connect(proxy.url, timeout=5.0) as client:
            result = client.run(counted(stamp=stamp, height=32), timeout=300)
            return (
                [met for met in proxy.met if met != "refuse"],
                [card.width for card in result.card],
                ran(server, result.batch_id),
            )

    fates = [*AFTER_THE_POST, *(f"{fate} {seconds * looking / 16}" for fate, seconds in LATE)]
    assert at_once(run, fates) == {fate: ([fate], [64, 128], [64, 128]) for fate in fates}


@pytest.mark.slow_on_simulator
def test_whatever_happens_during_a_wait_it_ends_with_the_result(
    server: Server, connect: Connect, counted: Any, stamp: Path
) -> None:
    def run(fate: str) -> Any:
        fates = [(LOOK, fate), (LOOK, fate), ("items_by_ids", fate)]
        with faulty(server, *NO_EVENTS, *fates) as proxy, connect(proxy.url) as client:
            result = client.run(counted(stamp=stamp, height=32), timeout=300)
            return proxy.met.count(fate) >= 2, ran(server, result.batch_id), result.card[0].pil().size

    assert at_once(run, WHILE_WAITING) == {fate: (True, [64, 128], (64, 32)) for fate in WHILE_WAITING}


@pytest.mark.parametrize("fate", ["cut after", "cut amid", "!503"])
def test_a_broken_download_is_retried(fate: str, server: Server, client: Client, connect: Connect, stamp: Path) -> None:
    image = client.upload(stamp)
    with faulty(server, ("/full", fate), ("/full", fate)) as proxy, connect(proxy.url) as other:
        assert other.download(image) == image.bytes()
        assert proxy.met == [fate, fate]


@pytest.fixture
def paused(server: Server) -> Iterator[None]:
    """The server accepts items and runs none."""
    server.put(f"{QUEUE}/processor/pause")
    yield
    server.put(f"{QUEUE}/processor/resume")


@pytest.fixture
def no_finalizers() -> Iterator[None]:
    """Avoid interrupts in finalizers, whose exceptions Python ignores; with many runs they would be frequent."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("paused", "no_finalizers")
@pytest.mark.parametrize("after", [0.0, 0.02, 0.1, 0.3, 0.6, 1.0])
def test_after_an_interrupt_nothing_can_run(
    after: float, server: Server, connect: Connect, counted: Any, stamp: Path
) -> None:
    with (
        faulty(server, (POST, "stall 0.5")) as proxy,
        connect(proxy.url) as client,
        pytest.raises(KeyboardInterrupt) as caught,
    ):
        interrupted(lambda: client.run(counted(stamp=stamp, height=32), timeout=20), after=after)
    assert not may_still_run(caught.value)
    assert server.get(f"{QUEUE}/status")["queue"]["pending"] == 0


@pytest.mark.slow
@pytest.mark.usefixtures("paused", "no_finalizers")
def test_after_an_interrupt_at_any_moment_it_is_known_what_may_run(
    server: Server, connect: Connect, counted: Any, stamp: Path
) -> None:
    noted = 0
    with faulty(server) as proxy, connect(proxy.url) as client:
        flow = counted(stamp=client.upload(stamp), height=32)
        for number in range(200):
            after = 0.0003 * number
            with pytest.raises(KeyboardInterrupt) as caught:
                interrupted(lambda: client.run(flow, timeout=20), after=after)
            assert server.get(f"{QUEUE}/status")["queue"]["pending"] == 0, after
            if may_still_run(caught.value):
                # A busy server drops a request whose connection breaks, and the client cannot know whether it will.
                noted += 1
                assert server.get(f"{QUEUE}/b/{vars(caught.value)['submission'].batch_id}/status")["total"] == 0, after
    assert noted < 10


HANGS = ["stall 60", "trickle", "trickle head", "silence", "dead"]
TIMEOUTS = [1.5, 6.0, 24.0]
"""A run that is over before the server has taken its batch is repeated with the next one: the server may be busy."""


@pytest.mark.slow_on_simulator
def test_a_hanging_server_does_not_delay_the_timeout_of_a_run(server: Server, connect: Connect, stamp: Path) -> None:
    def submission(url: str, timeout: float) -> Any:
        with connect(url) as client:
            card = ColourCard(stamp=client.upload(stamp))
            start = time.monotonic()
            with pytest.raises(InvokableError) as caught:
                client.run(card, timeout=timeout)
            assert time.monotonic() - start < timeout + 1.5
            return caught.value.submission

    def run(fate: str) -> Any:
        for timeout in TIMEOUTS:
            with faulty(server, *NO_EVENTS, *[(LOOK, fate)] * 20) as proxy:
                found = submission(proxy.url, timeout)
            if fate in proxy.met:
                return found is not None
        return "the batch was not taken"

    assert at_once(run, HANGS) == dict.fromkeys(HANGS, True)
