"""Giving up: an interrupted run cancels its items on the server, and every call ends at its timeout, not before."""

from __future__ import annotations

import asyncio
import inspect
import itertools
import math
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import _base as futures
from typing import Any

import anyio
import pytest
from generated_examples.colour_card import ColourCard

from invokable import (
    AsyncClient,
    Client,
    ClientClosedError,
    ConnectionError,  # noqa: A004
    InvokableError,
    Job,
    JobEvent,
    NotFoundError,
    Policy,
    RunCanceled,
    RunTimeout,
)
from invokable.runtime import locks
from invokable.runtime.client import listening, threads
from invokable.runtime.client._http import transports
from invokable.runtime.client._sync import client as client_module
from invokable.runtime.client._sync import concurrency, driving, item_reader, jobs
from invokable.runtime.steps.runs import withdraw
from invokable.testing import Fault, Simulator
from tests.contract.interrupts import interrupted_at
from tests.testing.asking import picture


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A simulator that runs no items."""
    with Simulator() as running:
        running.serve()
        running.pause()
        yield running


def card() -> ColourCard:
    return ColourCard(stamp=picture(), width=64, height=64)


def interrupt(event: JobEvent) -> None:
    raise KeyboardInterrupt


def test_an_interrupt_ends_a_run_although_the_server_does_not_answer(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(withdraw, "CANCEL_TIMEOUT", 0.5)
    simulator.add_fault(Fault(kind="stall", path="*/cancel_by_batch_ids"))
    with Client(simulator.url) as client:
        begin = time.monotonic()
        with pytest.raises(KeyboardInterrupt) as caught:
            client.run(card(), on_progress=interrupt)
    assert time.monotonic() - begin < 5
    (batch_id,) = {payload["batch_id"] for name, payload in simulator.events if name == "batch_enqueued"}
    assert batch_id in caught.value.__notes__[0]
    assert f"batch {batch_id} may still run" in caplog.text


@pytest.mark.parametrize(
    "error", [ValueError("x"), NotFoundError("x"), ConnectionError("x"), ClientClosedError("x")], ids=repr
)
def test_any_error_of_a_callback_cancels_the_run_and_is_raised(simulator: Simulator, error: Exception) -> None:
    def fail(event: JobEvent) -> None:
        raise error

    with Client(simulator.url) as client:
        with pytest.raises(type(error)) as caught:
            client.run(card(), on_progress=fail)
        assert caught.value is error
        assert client.queue.status().canceled == 1
    assert len(vars(error)["submission"].item_ids) == 1


def test_an_interrupt_before_the_caller_has_the_job_cancels_it(simulator: Simulator) -> None:
    with Client(simulator.url) as client:
        flow = ColourCard(stamp=client.image(client.upload(picture()).name))
        withdrawn: list[Any] = []
        for number in itertools.count(1):
            try:
                interrupted_at(number, lambda: client.submit(flow), (driving, inspect, client_module, jobs))
            except KeyboardInterrupt as interrupt:
                status = client.queue.status()
                assert status.pending == 0, number
                if status.canceled > len(withdrawn):
                    withdrawn.append(interrupt)
            else:
                break
    assert len(withdrawn) > 1
    assert all(len(interrupt.submission.item_ids) == 1 for interrupt in withdrawn)


def test_others_that_wait_for_an_interrupted_run_learn_that_this_client_canceled_it(simulator: Simulator) -> None:
    with Client(simulator.url) as client, ThreadPoolExecutor() as pool:
        waiting: list[Future[Any]] = []

        def stop(event: JobEvent) -> None:
            (item,) = client.queue.list()
            waiting.append(pool.submit(client.attach(ColourCard, item.batch_id).result, timeout=30))
            time.sleep(0.3)
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            client.run(card(), on_progress=stop)
        with pytest.raises(RunCanceled, match="canceled by this client"):
            waiting[0].result()


LOCKING = (threading, futures, locks, threads, concurrency, item_reader, listening, transports)
"""The modules in which an interrupt could leave a lock held."""


def ends(action: Callable[[], object]) -> bool:
    """Whether an action ends in another thread."""
    thread = threading.Thread(target=action, daemon=True)
    thread.start()
    thread.join(5)
    return not thread.is_alive()


def test_after_an_interrupted_question_others_are_answered(simulator: Simulator) -> None:
    with Client(simulator.url) as client:
        job = client.submit(card())
        for number in itertools.count(1):
            try:
                interrupted_at(number, job.status, LOCKING)
            except KeyboardInterrupt:
                assert ends(job.status), number
            else:
                break
    assert number > 5


def test_after_an_interrupted_exit_the_client_can_be_closed(simulator: Simulator) -> None:
    for number in itertools.count(1):
        client = Client(simulator.url)
        client._engine.listener.wait(2.0)
        try:
            interrupted_at(number, client.close, LOCKING)
        except KeyboardInterrupt:
            assert ends(client.close), number
        else:
            break
    assert number > 5


def test_after_an_interrupted_sign_in_others_sign_in() -> None:
    with Simulator(multiuser=True, users={"me@example.org": "secret"}) as server:
        server.serve()
        for number in itertools.count(1):
            with Client(server.url, email="me@example.org", password="secret") as client:
                try:
                    interrupted_at(number, client.queue.status, LOCKING)
                except KeyboardInterrupt:
                    assert ends(client.queue.status), number
                else:
                    break
    assert number > 5


def test_a_canceled_anyio_scope_cancels_the_items_of_its_run(simulator: Simulator) -> None:
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


@pytest.mark.parametrize("ask", [Job.status, Job.finished])
def test_a_question_about_a_job_times_out(simulator: Simulator, ask: Callable[..., Any]) -> None:
    with Client(simulator.url) as client:
        job = client.submit(card())
        simulator.add_fault(Fault(kind="stall", path="*/queue/*"))
        begin = time.monotonic()
        with pytest.raises(
            RunTimeout, match=f"timed out after 0.5 s, while asking about batch {job.batch_id}"
        ) as caught:
            ask(job, timeout=0.5)
        assert time.monotonic() - begin < 3
        assert caught.value.submission == job.submission


def drained(job: Any, timeout: Any) -> None:
    for _ in job.events(timeout=timeout):
        pass


@pytest.mark.parametrize(
    ("timeout", "error"), [(math.nan, ValueError), ("5", TypeError), (True, TypeError), ([], TypeError)]
)
def test_a_timeout_that_is_not_a_number_is_refused_before_anything_is_sent(
    simulator: Simulator, timeout: Any, error: type[Exception]
) -> None:
    with Client(simulator.url) as client:
        job = client.submit(card())
        sent = len(simulator.requests)
        for call in (client.run, client.submit):
            with pytest.raises(error, match="; expected a number of seconds, or None"):
                call(card(), timeout=timeout)
        for ask in (Job.result, Job.wait, Job.status, Job.finished, Job.retry, drained):
            with pytest.raises(error, match="timeout is"):
                ask(job, timeout=timeout)
        with pytest.raises(error, match="timeout is"):
            client.images.download_zip("a.zip", "a.png", timeout=timeout)
    assert len(simulator.requests) == sent


@pytest.mark.parametrize("timeout", [math.inf, 1e12, 10**400])
def test_a_timeout_may_be_of_any_length(simulator: Simulator, timeout: float) -> None:
    simulator.resume()
    with Client(simulator.url) as client:
        job = client.submit(card(), timeout=timeout)
        assert client.attach(ColourCard, job.batch_id).result(timeout=timeout).batch_id == job.batch_id
        drained(client.attach(ColourCard, job.submission), timeout=timeout)
        assert job.status(timeout=timeout).completed == 1


@pytest.mark.parametrize("ask", [Job.status, Job.finished, Job.cancel, Job.retry])
def test_a_failed_question_about_a_job_has_the_submission(simulator: Simulator, ask: Callable[..., Any]) -> None:
    with Client(simulator.url, policy=Policy(retries=0)) as client:
        job = client.submit(card())
        simulator.crash()
        with pytest.raises(InvokableError, match="could not connect") as caught:
            ask(job)
        assert caught.value.submission == job.submission


def test_attaching_by_batch_id_waits_while_the_server_restarts(simulator: Simulator) -> None:
    with Client(simulator.url, policy=Policy(retries=0)) as client:
        job = client.submit(card())
        simulator.resume()
        job.wait(timeout=20)
        simulator.crash(restart_after=0.5)
        assert client.attach(ColourCard, job.batch_id).result(timeout=20).card.width == 64
