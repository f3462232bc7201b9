"""Hanging servers: whatever they do, exchanges and runs end at their timeouts."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from typing import Any

import httpcore
import pytest
from generated_examples.colour_card import ColourCard

from invokable import AsyncClient, Client, Connection, ConnectionError, Image, InvokableError, Policy  # noqa: A004
from invokable.runtime.client._http import network
from invokable.runtime.steps.exchange.protocol import Request
from invokable.runtime.steps.runs import run as run_steps
from invokable.testing import Fault, Simulator
from tests.contract.interrupts import interrupted
from tests.effort import slow_beyond
from tests.runtime.relays import closing_kept, deaf, full_backlog, listening, silent, trickling
from tests.testing.asking import picture, until

PATIENT = Policy(connect_timeout=15, read_timeout=15, total_timeout=15, pool_timeout=15)
LARGE = b"\x89PNG\r\n\x1a\n" + bytes(32 * 2**20)
Hang = contextlib.AbstractContextManager[str]


@contextlib.contextmanager
def at_port(place: contextlib.AbstractContextManager[int], scheme: str = "http") -> Iterator[str]:
    with place as port:
        yield f"{scheme}://127.0.0.1:{port}"


@contextlib.contextmanager
def unknown_name() -> Iterator[str]:
    """A name whose lookup takes as long as the test."""
    over = threading.Event()
    look_up = socket.getaddrinfo

    def hang(host: Any, *arguments: Any, **options: Any) -> Any:
        if host == "hangs.test":
            over.wait(30)
        return look_up(host, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", hang)
        yield "http://hangs.test"
        over.set()


HANGS: dict[str, Callable[[], Hang]] = {
    "accepts nobody": lambda: at_port(full_backlog()),
    "says nothing": lambda: at_port(listening(silent)),
    "reads nothing": lambda: at_port(listening(deaf)),
    "trickles headers": lambda: at_port(listening(trickling("headers"))),
    "trickles a body": lambda: at_port(listening(trickling("body"))),
    "no handshake": lambda: at_port(listening(silent), "https"),
    "unknown name": unknown_name,
}


Ended = tuple[str, float]
"""The name of the error, and the seconds until it was raised."""


@cache
def trust() -> ssl.SSLContext:
    """What clients of hanging servers trust; reading the certificates takes longer than anything else they do."""
    return ssl.create_default_context()


def blocking_run(url: str, stamp: Any, timeout: float) -> Ended:
    with Client(url, policy=PATIENT, verify=trust()) as client:
        start = time.monotonic()
        try:
            client.run(ColourCard(stamp=stamp), timeout=timeout)
        except InvokableError as error:
            return type(error).__name__, time.monotonic() - start
    return "", 0.0


def awaited_run(url: str, stamp: Any, timeout: float) -> Ended:
    async def main() -> Ended:
        async with AsyncClient(url, policy=PATIENT, verify=trust()) as client:
            start = time.monotonic()
            try:
                await client.run(ColourCard(stamp=stamp), timeout=timeout)
            except InvokableError as error:
                return type(error).__name__, time.monotonic() - start
        return "", 0.0

    return asyncio.run(main())


@pytest.mark.parametrize("run", slow_beyond(1, [blocking_run, awaited_run]))
def test_a_run_ends_at_its_timeout(run: Callable[[str, Any, float], Ended]) -> None:
    def ended(hang: str, stamp: Any) -> Ended:
        with HANGS[hang]() as url:
            return run(url, stamp, 0.5)

    cases = [(hang, stamp) for hang in HANGS for stamp in (Image("there.png"), LARGE)]
    with ThreadPoolExecutor(3) as threads:  # more would wait for each other instead of the server
        outcomes = list(threads.map(lambda case: ended(*case), cases))
    for (hang, stamp), (error, seconds) in zip(cases, outcomes, strict=True):
        is_upload = not isinstance(stamp, Image)
        assert error in (("RunTimeout",) if is_upload else ("RunTimeout", "EnqueueUncertain")), hang
        assert 0.45 < seconds < 2.5, (hang, is_upload, seconds)


@pytest.mark.parametrize("hang", ["says nothing", "trickles headers", "trickles a body", "accepts nobody"])
def test_an_exchange_ends_at_the_timeout_of_the_policy(hang: str) -> None:
    policy = Policy(total_timeout=0.3, retries=1, first_pause=0, jitter=0)
    with HANGS[hang]() as url, Client(url, policy=policy) as client:
        start = time.monotonic()
        with pytest.raises(ConnectionError, match="no answer in time"):
            client.version()
        assert 0.6 <= time.monotonic() - start < 5


@pytest.mark.parametrize(
    ("hang", "policy"),
    [
        ("accepts nobody", replace(PATIENT, retries=0, connect_timeout=0.3)),
        ("says nothing", replace(PATIENT, retries=0, read_timeout=0.3)),
    ],
    ids=["connecting", "reading"],
)
def test_connecting_and_reading_have_timeouts_of_their_own(hang: str, policy: Policy) -> None:
    with HANGS[hang]() as url, Client(url, policy=policy) as client:
        start = time.monotonic()
        with pytest.raises(ConnectionError, match="no answer in time"):
            client.version()
        assert 0.3 <= time.monotonic() - start < 5


def test_a_transfer_may_take_longer_than_another_exchange() -> None:
    brief = Policy(total_timeout=0.15, retries=0)
    with (
        Simulator(faults=[Fault(kind="latency", seconds=0.3)]) as simulator,
        Client(simulator.serve(), policy=brief) as client,
    ):
        image = client.upload(picture())
        assert client.download(image).startswith(b"\x89PNG")
        with pytest.raises(ConnectionError, match="no answer in time"):
            client.version()


def blocking_calls(url: str) -> list[str]:
    """How five calls ended."""
    ends = []
    with Client(url, policy=Policy(retries=0)) as client:
        for _ in range(5):
            try:
                ends.append(client.version())
            except ConnectionError:
                ends.append("broke")
    return ends


def awaited_calls(url: str) -> list[str]:
    async def main() -> list[str]:
        ends = []
        async with AsyncClient(url, policy=Policy(retries=0)) as client:
            for _ in range(5):
                try:
                    ends.append(await client.version())
                except ConnectionError:
                    ends.append("broke")
        return ends

    return asyncio.run(main())


@pytest.mark.parametrize("calls", [blocking_calls, awaited_calls])
def test_after_a_kept_connection_broke_none_is_kept_for_a_while(
    calls: Callable[[str], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with at_port(listening(closing_kept)) as url:
        assert calls(url) == ["6.14.2", "broke", "6.14.2", "6.14.2", "6.14.2"]
        monkeypatch.setattr(network, "_DISTRUST", 0.0)
        assert calls(url) == ["6.14.2", "broke", "6.14.2", "broke", "6.14.2"]


def test_only_a_request_that_was_written_may_have_arrived() -> None:
    policy = Policy(total_timeout=0.3, retries=0)
    for hang, sent in {"accepts nobody": False, "no handshake": False, "says nothing": True}.items():
        with HANGS[hang]() as url, Client(url, policy=policy) as client, pytest.raises(ConnectionError) as caught:
            client.version()
        assert caught.value.sent is sent, hang


def test_a_request_that_times_out_before_it_is_written_has_not_arrived() -> None:
    with Simulator() as simulator, Client(simulator.serve()) as client:
        client.version()  # opens a connection, so that only writing can take time
        with pytest.raises(ConnectionError) as caught:
            client._engine.transport.send(Request("GET", "/api/v1/app/version", timeout=1e-9))
    assert not caught.value.sent


@pytest.mark.parametrize(("hang", "sent"), [("accepts nobody", False), ("no handshake", False), ("says nothing", True)])
def test_after_an_interrupt_it_is_known_whether_a_request_may_have_arrived(hang: str, sent: bool) -> None:
    request = Request("POST", "/api", json={})
    with HANGS[hang]() as url, Client(url, verify=trust()) as client, pytest.raises(KeyboardInterrupt):
        interrupted(lambda: client._engine.transport.send(request), after=0.3)
    assert request.transmission.may_have_arrived is sent


def test_what_opens_a_tunnel_through_a_proxy_is_not_the_request() -> None:
    with HANGS["says nothing"]() as proxy:
        connection = Connection("https://invokeai.test", proxy=proxy)
        with Client(connection, policy=Policy(total_timeout=0.3, retries=0)) as client:
            request = Request("POST", "/api", json={})
            with pytest.raises(ConnectionError) as caught:
                client._engine.transport.send(request)
    assert not caught.value.sent
    assert not request.transmission.may_have_arrived


def test_an_interrupt_leaves_no_lock_held(monkeypatch: pytest.MonkeyPatch) -> None:
    # Signals are handled in the main thread, at any instruction, so it must never hold the library's locks.
    threads: set[threading.Thread] = set()
    send = httpcore.ConnectionPool.handle_request

    def sending(pool: httpcore.ConnectionPool, request: httpcore.Request) -> httpcore.Response:
        threads.add(threading.current_thread())
        return send(pool, request)

    monkeypatch.setattr(httpcore.ConnectionPool, "handle_request", sending)
    with Simulator() as simulator, Client(simulator.serve()) as client:
        client.version()
    assert threads
    assert threading.main_thread() not in threads


def test_an_interrupt_ends_a_hanging_request_immediately() -> None:
    with HANGS["says nothing"]() as url, Client(url, policy=PATIENT) as client:
        before = threading.active_count()
        start = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            interrupted(client.version, after=0.3)
        assert time.monotonic() - start < 1
        until(lambda: threading.active_count() <= before)


def test_an_interrupt_before_the_batch_was_sent_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_steps, "_SUBSCRIBE_TIMEOUT", 0.1)  # seconds for the events
    with HANGS["accepts nobody"]() as url, Client(url) as client:
        start = time.monotonic()
        with pytest.raises(KeyboardInterrupt) as caught:
            interrupted(lambda: client.run(ColourCard(stamp=Image("stamp.png"))), after=0.4)
        assert time.monotonic() - start < 2
    assert not getattr(caught.value, "__notes__", [])


def test_waiting_for_a_free_connection_times_out() -> None:
    policy = Policy(connections=1, pool_timeout=0.2, total_timeout=1, retries=0)
    with HANGS["says nothing"]() as url, Client(url, policy=policy) as client, ThreadPoolExecutor(1) as threads:
        first = threads.submit(client.version)
        time.sleep(0.1)
        with pytest.raises(ConnectionError, match="all connections are in use") as caught:
            client.version()
        assert not caught.value.sent
        assert isinstance(first.exception(), ConnectionError)
