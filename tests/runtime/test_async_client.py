"""AsyncClient: the same as the blocking client, awaited."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
import time
import weakref
from collections.abc import Callable, Coroutine
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from generated_examples.colour_card import ColourCard
from PIL import Image

from invokable import AsyncClient, Ended, JobEvent, Policy
from invokable import Image as Picture
from invokable.runtime.client._async.concurrency import create_in_thread
from invokable.runtime.client._http.transports import _async_locked
from invokable.testing import Fault, Simulator
from tests.testing.asking import picture


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


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_closed_event_loops_and_their_connections_are_not_kept() -> None:
    loops: list[weakref.ref[asyncio.AbstractEventLoop]] = []

    async def main(client: AsyncClient) -> None:
        loops.append(weakref.ref(asyncio.get_running_loop()))
        # More than may be sent at once, so that some wait for their turn.
        assert len(await asyncio.gather(*(client.version() for _ in range(5)))) == 5

    with Simulator() as simulator:
        client = AsyncClient(simulator.serve(), policy=Policy(connections=2))
        for _ in range(4):
            asyncio.run(main(client))
        gc.collect()
        assert [loop() for loop in loops[:-1]] == [None, None, None]
        asyncio.run(client.aclose())


@pytest.mark.parametrize("is_closed", [True, False], ids=["closed", "never closed"])
def test_interrupted_runs_are_canceled_before_asyncio_run_returns(*, is_closed: bool) -> None:
    """asyncio.gather, when canceled, returns as soon as one of its tasks has ended. Closing the client waits for the
    others; without that, asyncio.run cancels them once more, and waits.
    """

    async def main(simulator: Simulator) -> None:
        client = AsyncClient._over(simulator.transport())
        async with client if is_closed else contextlib.nullcontext():
            await asyncio.gather(*(client.run(ColourCard(stamp=picture(), width=width)) for width in (64, 96)))

    async def interrupted(simulator: Simulator) -> None:
        task = asyncio.ensure_future(main(simulator))
        while [name for name, _ in simulator.events].count("batch_enqueued") < 2 and not task.done():
            await asyncio.sleep(0.01)
        task.cancel()
        await task

    slow = Fault(kind="latency", path="*/cancel_by_batch_ids", nth=2, seconds=0.1)
    with Simulator(speed=60, faults=[slow]) as simulator:
        with pytest.raises(asyncio.CancelledError):
            asyncio.run(interrupted(simulator))
        status = simulator.client().queue.status()
        assert (status.pending, status.in_progress, status.canceled) == (0, 0, 2)


def test_a_canceled_task_ends_once_what_it_was_creating_is_undone() -> None:
    undone: list[str] = []
    begun, end = threading.Event(), threading.Event()

    def make() -> str:
        begun.set()
        end.wait(10)
        return "a file"

    async def main() -> None:
        task = asyncio.ensure_future(create_in_thread(make, undone.append))
        await asyncio.to_thread(begun.wait, 10)
        task.cancel()
        await asyncio.sleep(0)
        end.set()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert undone == ["a file"]


def test_a_callback_may_be_awaited_and_each_event_waits_for_the_one_before() -> None:
    told: list[JobEvent] = []
    awaited: list[JobEvent] = []

    async def show(event: JobEvent) -> None:
        assert told == awaited
        told.append(event)
        await asyncio.sleep(0)
        awaited.append(event)

    async def main(simulator: Simulator) -> None:
        async with AsyncClient._over(simulator.transport()) as client:
            await client.run(ColourCard(stamp=picture()), timeout=60, on_progress=show)

    with Simulator() as simulator:
        asyncio.run(main(simulator))
    assert isinstance(awaited[-1], Ended)


def test_a_cancellation_is_not_lost_when_the_lock_for_signing_in_becomes_free_at_that_moment() -> None:
    async def sign_in(lock: asyncio.Lock) -> None:
        async with _async_locked(lock, time.monotonic() + 60):
            pass

    async def main() -> None:
        lock = asyncio.Lock()
        await lock.acquire()
        task = asyncio.ensure_future(sign_in(lock))
        for _ in range(3):
            await asyncio.sleep(0)  # until it waits
        lock.release()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not lock.locked()

    asyncio.run(main())


def test_as_many_files_are_downloaded_at_once_as_requested(tmp_path: Path) -> None:
    async def main() -> list[Path]:
        two = asyncio.Barrier(2)

        async def reply(request: httpx.Request) -> httpx.Response:
            async with asyncio.timeout(10), two:  # unless a second one is on its way
                return httpx.Response(200, headers={"Content-Type": "image/png"}, stream=httpx.ByteStream(picture()))

        async with AsyncClient._over(httpx.MockTransport(reply)) as client:
            return await client.save_all([Picture(f"{number}.png") for number in range(6)], tmp_path, at_once=2)

    assert len(asyncio.run(main())) == 6


def test_no_file_is_left_behind_if_saving_is_canceled_again_while_it_cleans_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, going_on = threading.Event(), threading.Event()

    def named_slowly(size: int) -> str:
        begun.set()
        going_on.wait(10)
        return "a"

    async def main() -> None:
        async with AsyncClient("http://127.0.0.1:1") as client:
            saving_one = asyncio.ensure_future(client.save(Picture("a.png"), tmp_path))
            await asyncio.to_thread(begun.wait, 10)
            for _ in range(2):
                saving_one.cancel()
                await asyncio.wait([saving_one], timeout=0.01)
            going_on.set()
            await saving_one

    monkeypatch.setattr("secrets.token_hex", named_slowly)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(main())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("at_once", "error", "wanted"),
    [(0, ValueError, "at least 1"), *((given, TypeError, "a whole number") for given in ("2", 1.5, True, None))],
)
def test_at_least_one_file_is_downloaded_at_once(
    at_once: Any, error: type[Exception], wanted: str, tmp_path: Path
) -> None:
    async def main() -> None:
        async with asyncio.timeout(10), AsyncClient("http://127.0.0.1:1") as client:
            await client.save_all([Picture("a.png")], tmp_path, at_once=at_once)

    with pytest.raises(error, match=f"at_once is {at_once!r}; expected {wanted}"):
        asyncio.run(main())


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.__aenter__(),
        lambda client: client.version(),
        lambda client: client.run(ColourCard(stamp=b"")),
        lambda client: client.save(Picture("a.png"), "."),
        lambda client: client.save_all([Picture("a.png")], "."),
        lambda client: client.download_into(Picture("a.png"), BytesIO()),
        lambda client: client.boards.list().__anext__(),
        lambda client: client.attach(ColourCard, "b").events().__anext__(),
        lambda client: client.aclose(),
    ],
)
def test_a_caller_that_asyncio_does_not_run_is_refused(
    call: Callable[[AsyncClient], Coroutine[Any, Any, object]],
) -> None:
    with Simulator() as simulator:
        calling = call(AsyncClient._over(simulator.transport()))
        with pytest.raises(RuntimeError, match=r"AsyncClient runs on asyncio.*use a Client in a thread"):
            calling.send(None)  # as trio does
        assert not simulator.requests
