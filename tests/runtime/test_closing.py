"""Closing a client ends all waiting immediately; jobs on the server continue."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from typing import Any

import httpcore
import pytest
from generated_examples.colour_card import ColourCard

from invokable import AsyncClient, Client, ClientClosedError, Policy
from invokable.runtime.client._async import engine
from invokable.runtime.client._http import network
from invokable.runtime.client._http.exchange import CURRENT, NO_EXCHANGE, Exchange, exchange
from invokable.testing import Fault, Simulator
from tests.runtime.relays import listening, silent
from tests.testing.asking import picture, until

WAITS: dict[str, Callable[[Any], Any]] = {
    "result": lambda job: job.result(),
    "wait": lambda job: job.wait(),
    "events": lambda job: list(job.events()),
}
PATIENT = Policy(retries=100, read_timeout=15, total_timeout=15)
SHORT = Policy(retries=1, read_timeout=3, total_timeout=3)


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A simulator that runs no items, so that waiting for one does not end by itself."""
    with Simulator() as running:
        running.serve()
        running.pause()
        yield running


@contextlib.contextmanager
def closing() -> Iterator[None]:
    """Check that the body takes a second at most."""
    begin = time.monotonic()
    yield
    assert time.monotonic() - begin < 1


ASKING: dict[str, Callable[[Any], Any]] = {
    **WAITS,
    "status": lambda job: job.status(),
    "finished": lambda job: job.finished(),
    "retry": lambda job: job.retry(),
    "cancel": lambda job: job.cancel(),
}


def card() -> ColourCard:
    return ColourCard(stamp=picture(), width=64, height=64)


def busy(client: socket.socket) -> None:
    """Asks clients to wait for a long time."""
    client.recv(65536)
    client.sendall(b"HTTP/1.1 503 Busy\r\nRetry-After: 30\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.parametrize("wait", WAITS)
def test_a_thread_that_waits_for_a_job_gets_a_client_closed_error(simulator: Simulator, wait: str) -> None:
    client = Client(simulator.url)
    with ThreadPoolExecutor() as pool:
        job = client.submit(card())
        waiting = pool.submit(WAITS[wait], job)
        until(lambda: client._engine.listener._has_waiters())
        with closing():
            client.close()
            error = waiting.exception(10)
    assert isinstance(error, ClientClosedError)
    assert error.submission == job.submission
    simulator.resume()
    with Client(simulator.url) as other:
        assert other.attach(ColourCard, job.submission).result(timeout=20).card.width == 64


@pytest.mark.parametrize("asking", ASKING)
def test_a_job_of_a_closed_client_has_a_submission_for_another(asking: str, simulator: Simulator) -> None:
    with Client(simulator.url) as client:
        job = client.submit(card())
    with pytest.raises(ClientClosedError) as caught:
        ASKING[asking](job)
    assert caught.value.submission == job.submission


def test_a_thread_that_polls_for_a_job_gets_a_client_closed_error(simulator: Simulator) -> None:
    simulator.add_fault(Fault(kind="refuse_socket", times=100))
    client = Client(simulator.url, policy=Policy(first_poll=30, poll=30))
    with ThreadPoolExecutor() as pool:
        job = client.submit(card())
        waiting = pool.submit(job.result)
        until(lambda: client._engine.listener._has_waiters())
        with closing():
            client.close()
            assert isinstance(waiting.exception(40), ClientClosedError)


def test_a_thread_that_runs_a_workflow_gets_a_client_closed_error(simulator: Simulator) -> None:
    client = Client(simulator.url)
    with ThreadPoolExecutor() as pool:
        running = pool.submit(client.run, card())
        until(lambda: client._engine.listener._has_waiters())
        with closing():
            client.close()
            error = running.exception(10)
    assert isinstance(error, ClientClosedError)
    assert error.batch_id in {event.get("batch_id") for _, event in simulator.events}


def test_a_task_that_waits_for_a_job_gets_a_client_closed_error(simulator: Simulator) -> None:
    async def main() -> None:
        client = AsyncClient(simulator.url)
        job = await client.submit(card())
        waiting = asyncio.ensure_future(job.result())
        await asyncio.sleep(0.1)
        with closing():
            await client.aclose()
            with pytest.raises(ClientClosedError) as caught:
                await waiting
        assert caught.value.submission == job.submission

    asyncio.run(main())


@pytest.mark.parametrize("serve", [silent, busy])
def test_a_thread_in_the_middle_of_a_request_gets_a_client_closed_error(serve: Any) -> None:
    with listening(serve) as port, ThreadPoolExecutor() as pool:
        client = Client(f"http://127.0.0.1:{port}", policy=PATIENT)
        asking = pool.submit(client.version)
        time.sleep(0.2)
        with closing():
            client.close()
            assert isinstance(asking.exception(10), ClientClosedError)


def test_a_request_that_would_not_be_repeated_gets_a_client_closed_error_too() -> None:
    with listening(silent) as port, ThreadPoolExecutor() as pool:
        client = Client(f"http://127.0.0.1:{port}", policy=replace(PATIENT, retries=0))
        asking = pool.submit(client.version)
        until(lambda: client._engine.transport._processes)
        with closing():
            client.close()
            assert isinstance(asking.exception(10), ClientClosedError)


def test_an_exchange_may_end_in_another_context() -> None:
    dropped = exchange(Exchange(None))
    copy_context().run(dropped.__enter__)
    elsewhere = copy_context()
    elsewhere.run(dropped.__exit__, None, None, None)  # as when a task that an interrupt has ended is freed
    assert elsewhere[CURRENT] is NO_EXCHANGE


def test_a_connection_that_a_thread_reads_from_is_closed_by_that_thread() -> None:
    with listening(silent) as port, ThreadPoolExecutor() as pool:
        stream = network._Stream(httpcore.SyncBackend().connect_tcp("127.0.0.1", port), network.PoolState())
        connection = stream.get_extra_info("socket")
        about_to_read, closed = threading.Event(), threading.Event()

        def read() -> bytes:
            stream._acquire()
            try:
                about_to_read.set()
                closed.wait(10)
                assert connection.fileno() >= 0
            finally:
                stream._release()
            return b""

        reading = pool.submit(read)
        about_to_read.wait(10)
        stream.close()
        closed.set()
        assert reading.result(10) == b""
        assert connection.fileno() < 0


@pytest.mark.parametrize("serve", [silent, busy])
def test_a_task_in_the_middle_of_a_request_gets_a_client_closed_error(serve: Any) -> None:
    async def main(url: str) -> None:
        client = AsyncClient(url, policy=PATIENT)
        asking = asyncio.ensure_future(client.version())
        await asyncio.sleep(0.2)
        with closing():
            await client.aclose()
            with pytest.raises(ClientClosedError):
                await asking

    with listening(serve) as port:
        asyncio.run(main(f"http://127.0.0.1:{port}"))


def test_a_connection_that_opens_after_closing_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    connect: Any = httpcore.AnyIOBackend.connect_tcp

    async def main(url: str) -> None:
        opening, closed = asyncio.Event(), asyncio.Event()

        async def slowly(*arguments: Any) -> Any:
            opening.set()
            await closed.wait()
            return await connect(*arguments)

        monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", slowly)
        client = AsyncClient(url, policy=SHORT)
        asking = asyncio.ensure_future(client.version())
        await opening.wait()
        await client.aclose()
        closed.set()
        with closing(), pytest.raises(ClientClosedError):
            await asking

    with listening(silent) as port:
        asyncio.run(main(f"http://127.0.0.1:{port}"))


def test_requests_that_wait_for_their_turn_are_not_sent_after_closing() -> None:
    connections: list[int] = []

    def counted(client: socket.socket) -> None:
        connections.append(1)
        silent(client)

    async def main(url: str) -> None:
        client = AsyncClient(url)
        asking = [asyncio.ensure_future(client.version()) for _ in range(20)]
        while len(connections) < engine._AT_ONCE:
            await asyncio.sleep(0.01)
        with closing():
            await client.aclose()
            outcomes = await asyncio.gather(*asking, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {ClientClosedError}
        assert len(connections) == engine._AT_ONCE

    with listening(counted) as port:
        asyncio.run(main(f"http://127.0.0.1:{port}"))
