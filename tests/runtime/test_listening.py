"""Listening over a real socket: one for all jobs, in order, checked for being alive, and closed with the client."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from generated_examples.colour_card import ColourCard

from invokable import Client, ClientClosedError, Ended, Image, JobEvent, NodeFinished, NodeStarted
from invokable.runtime.client import socket as event_socket
from invokable.runtime.client._async.concurrency import wait_for_event
from invokable.runtime.client.connection import Connection
from invokable.runtime.client.listening import BatchSubscription, Listener
from invokable.runtime.locks import Lock
from invokable.runtime.steps.exchange.protocol import AwaitEvents, ServerEvent
from invokable.testing import Fault, Simulator
from tests.runtime.frames import ANSWERS, frame, subscribed
from tests.runtime.relays import listening, silent, without_websockets
from tests.testing.asking import picture, until


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator() as running:
        running.serve()
        yield running


def card(client: Client) -> ColourCard:
    return card_at(client.upload(picture()), 0)


def card_at(stamp: Image, left: int) -> ColourCard:
    return ColourCard(stamp=stamp, width=64, height=64, left=left)


def asked(simulator: Simulator, part: str = "") -> list[str]:
    """The requests for the queue."""
    found = [f"{request.method} {request.path}" for request in simulator.requests if "/queue/" in request.path]
    return [request for request in found if part in request]


def event_thread_of(client: Client) -> threading.Thread:
    """The thread that listens for a client."""
    thread = client._engine.listener._thread
    assert thread is not None
    return thread


def test_one_socket_serves_many_jobs_and_each_takes_one_request(simulator: Simulator) -> None:
    with Client(simulator.url) as client:
        stamp = client.upload(picture())
        with ThreadPoolExecutor(8) as pool:
            results = list(pool.map(lambda left: client.run(card_at(stamp, left)), range(40)))
        assert len({result.card.name for result in results}) == 40
        assert len(simulator._sockets._people) == 1
        thread = event_thread_of(client)
    assert len(asked(simulator)) == len(asked(simulator, "enqueue_batch")) == 40
    until(lambda: not thread.is_alive())


def test_no_event_overtakes_another(simulator: Simulator) -> None:
    with Client(simulator.url) as client:
        for _ in range(5):
            told: list[JobEvent] = []
            client.run(card(client), on_progress=told.append)
            steps = [event for event in told if isinstance(event, NodeStarted | NodeFinished)]
            pairs = list(zip(steps[::2], steps[1::2], strict=True))
            assert len(pairs) == 4
            for begin, end in pairs:
                assert isinstance(begin, NodeStarted)
                assert isinstance(end, NodeFinished)
                assert begin.node_id == end.node_id
            assert isinstance(told[-1], Ended)


def test_events_are_handled_in_one_thread(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []  # kept, so that no two have the same id
    deliver = Listener._deliver

    def recording(listener: Listener, name: str, payload: Any) -> None:
        threads.append(threading.current_thread())
        deliver(listener, name, payload)

    monkeypatch.setattr(Listener, "_deliver", recording)
    with Client(simulator.url) as client:
        client.run(card(client), on_progress=lambda event: None)
    assert len(threads) > 10
    assert len({id(thread) for thread in threads}) == 1


def test_events_of_other_batches_are_not_parsed(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    took: list[str] = []
    deliver = Listener._deliver

    def recording(listener: Listener, name: str, payload: Any) -> None:
        took.append(payload.get("batch_id", ""))
        deliver(listener, name, payload)

    with Client(simulator.url) as one, Client(simulator.url) as other:
        one.run(card(one))
        monkeypatch.setattr(Listener, "_deliver", recording)
        job = other.submit(card(other))
        job.result()
        until(lambda: one._engine.listener.connection_id > 0)
    assert set(took) == {job.batch_id}
    assert len(took) > 10


def test_a_socket_that_breaks_is_opened_again_and_nothing_is_lost() -> None:
    drops = [Fault(kind="drop_socket", event="invocation_started", nth=number) for number in (2, 7, 15)]
    with Simulator(faults=drops, speed=0.05) as simulator:
        simulator.serve()
        with Client(simulator.url) as client:
            for _ in range(5):
                assert client.run(card(client), timeout=30).card
            until(lambda: client._engine.listener.connection_id > 0)
        assert len(simulator.fired) == 3
        assert len(simulator.jobs) == 5


def test_a_server_without_events_is_polled(simulator: Simulator) -> None:
    simulator.add_fault(Fault(kind="refuse_socket"))
    with Client(simulator.url) as client:
        begin = time.monotonic()
        assert client.run(card(client), timeout=30).card
        assert client.run(card(client), timeout=30).card
        assert time.monotonic() - begin < 5
    assert asked(simulator, "/status")


OPEN = b'0{"sid":"x","upgrades":[],"pingInterval":25000,"pingTimeout":20000}'


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: 19\r\n\r\n"
        + b'"Invalid transport"',
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(OPEN) + OPEN,
        b"",
        None,
    ],
    ids=["refused", "answered for polling", "cut", "forwarded as a plain request"],
)
def test_a_server_that_offers_only_long_polling_is_polled(simulator: Simulator, answer: bytes | None) -> None:
    with listening(without_websockets(simulator.url, answer)) as port, Client(f"http://127.0.0.1:{port}") as client:
        begin = time.monotonic()
        job = client.submit(card(client))
        assert [type(event) for event in job.events(timeout=30)][-1] is Ended
        assert job.result(timeout=30).card
        assert client.run(card(client), timeout=30).card
        assert time.monotonic() - begin < 5
    assert asked(simulator, "/status")


class Tap:
    """Between a client and a server: forwards everything, until it is set to hold everything back silently."""

    def __init__(self, url: str) -> None:
        host, port = url.removeprefix("http://").split(":")
        self._server = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.holds = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _listen(self) -> None:
        while True:
            try:
                client = self._listener.accept()[0]
            except OSError:
                return
            server = socket.create_connection(self._server)
            first = client.recv(65536)
            server.sendall(first)
            is_socket = b"/ws/socket.io" in first
            for one, other in ((client, server), (server, client)):
                threading.Thread(target=self._pass, args=(one, other, is_socket), daemon=True).start()

    def _pass(self, one: socket.socket, other: socket.socket, is_socket: bool) -> None:
        try:
            while data := one.recv(65536):
                if is_socket and self.holds.is_set():
                    continue
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)
        except OSError:
            pass


@pytest.fixture
def tap(simulator: Simulator) -> Iterator[Tap]:
    opened = Tap(simulator.url)
    yield opened
    opened.close()


@pytest.mark.slow
def test_a_silent_socket_is_noticed(simulator: Simulator, tap: Tap, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_socket, "_CONNECT_TIMEOUT", 1.0)
    monkeypatch.setattr(event_socket, "_ANSWER_TIMEOUT", 0.3)
    monkeypatch.setattr("invokable.runtime.client.listening._CHECK_INTERVAL", 0.3)
    monkeypatch.setattr("invokable.runtime.client.listening._PAUSES", (0.2,))
    with Client(tap.url) as client:
        assert client.run(card(client), timeout=30).card
        before = client._engine.listener.connection_id
        tap.holds.set()
        begin = time.monotonic()
        simulator.pause()
        job = client.submit(card(client))
        threading.Timer(1.5, simulator.resume).start()
        assert job.result(timeout=30).card
        assert time.monotonic() - begin < 5
        assert client._engine.listener.connection_id != before
        tap.holds.clear()
        until(lambda: client._engine.listener.connection_id > before, seconds=10)
        assert client.run(card(client), timeout=30).card


def test_an_unreferenced_client_stops_listening(simulator: Simulator) -> None:
    client = Client(simulator.url)
    client.run(card(client))
    thread = event_thread_of(client)
    del client
    gc.collect()
    until(lambda: not thread.is_alive())


def test_all_node_events_and_the_latest_pictures_are_kept(simulator: Simulator) -> None:
    with Client(simulator.url) as client:
        subscription = client._engine.listener.subscribe("a batch", watched=True)
        for item_id in range(1, 101):
            subscription.add(ServerEvent("invocation_started", item_id, {"id": "x"}))
            for part in range(20):
                subscription.add(
                    ServerEvent(
                        "invocation_progress", item_id, {"id": "x", "percentage": part, "image": {"dataURL": "…"}}
                    )
                )
            subscription.add(ServerEvent("invocation_complete", item_id, {"id": "x"}))
        events = subscription.read(0).events
        names = [event.name for event in events if event.item_id == 50]
        assert names == ["invocation_started", "invocation_progress", "invocation_complete"]
        assert {event.content["percentage"] for event in events if "percentage" in event.content} == {19}
        assert len(events) == len(subscription._events) == 300
        assert 1 <= sum("image" in event.content for event in events) <= 16
        assert subscription.read(subscription.read(0).end - 2).events == events[-2:]


def test_waiters_wake_when_a_batch_is_there_twice(simulator: Simulator) -> None:
    woken: list[bool] = []
    with Client(simulator.url) as client:
        subscription = client._engine.listener.subscribe("a batch", watched=False)
        with subscription.waking(lambda: woken.append(True), 0, subscription.connection_id, any_event=False):
            subscription.add(ServerEvent("batch_enqueued", 0, {}))
            assert not woken  # whoever waits for its end has submitted it
            subscription.add(ServerEvent("batch_enqueued", 0, {}))
            assert woken
        with subscription.waking(woken.clear, 1, subscription.connection_id, any_event=False):
            assert not woken  # as soon as it waits, it learns what it has missed


def test_a_task_that_watches_wakes_at_any_event() -> None:
    async def main() -> None:
        subscription = Listener(None, lambda: None).subscribe("a batch", watched=True)
        step = AwaitEvents(subscription, 0, 0, 60.0, any_event=True)
        waiting = asyncio.ensure_future(wait_for_event(subscription, step))
        while not subscription.has_waiters:
            await asyncio.sleep(0)
        subscription.add(ServerEvent("invocation_started", 1, {"id": "x"}))
        await asyncio.wait_for(waiting, 10)

    asyncio.run(main())


def test_events_are_read_together_while_many_jobs_are_followed(simulator: Simulator) -> None:
    with Client(simulator.url) as client:
        listener = client._engine.listener
        subscriptions = [listener.subscribe(f"batch {number}", watched=False) for number in range(4)]
        assert not listener._is_busy()
        subscriptions.append(listener.subscribe("another batch", watched=False))
        assert listener._is_busy()
        assert subscriptions[0].read(0).runs == 5
        del subscriptions
        assert not listener._is_busy()


def test_an_unreferenced_client_stops_without_waiting(simulator: Simulator) -> None:
    client = Client(simulator.url)
    client.run(card(client))
    listener = client._engine.listener
    collecting = threading.Thread(target=gc.collect)
    with listener._lock:  # as its own thread may hold it during garbage collection
        del client
        collecting.start()
        collecting.join(10)
        assert listener._closed
    collecting.join()


def test_closing_leaves_no_endless_wait(simulator: Simulator) -> None:
    client = Client(simulator.url)
    client.run(card(client))
    begin = time.monotonic()
    client.close()
    assert time.monotonic() - begin < 1
    with pytest.raises(RuntimeError, match="closed"):
        client.run(card_at(Image("a.png"), 0))


def test_a_finalizer_in_the_event_thread_may_close_the_client(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client(simulator.url)
    closing: list[Exception | None] = []
    set_connection = Listener._set_connection

    def finalize(listener: Listener, connection_id: int) -> None:
        set_connection(listener, connection_id)
        try:
            client.close()
            closing.append(None)
        except Exception as error:
            closing.append(error)

    monkeypatch.setattr(Listener, "_set_connection", finalize)
    with pytest.raises(ClientClosedError):
        client.run(card(client))
    until(lambda: len(closing) == 2)  # when the connection opened, and when it ended
    assert closing == [None, None]


def test_closing_does_not_wait_as_if_to_connect_again(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("invokable.runtime.client.listening._PAUSES", (60.0,))
    # The end of the connection would wake the thread, too, if it came late enough.
    monkeypatch.setattr("invokable.runtime.client.socket.EventSocket._disconnected", lambda *_: None)
    with Client(simulator.url) as client:
        client.run(card(client))
        thread = event_thread_of(client)
    until(lambda: not thread.is_alive())


@pytest.mark.parametrize("answers", [None, *range(len(ANSWERS))])
def test_stopping_ends_a_connection_that_is_not_open_yet(answers: int | None) -> None:
    waiting = threading.Event()

    def serve(client: socket.socket) -> None:
        if answers is not None:
            subscribed(client, answers)
        waiting.set()
        silent(client)

    with listening(serve) as port:
        listener = Listener(Connection(f"http://127.0.0.1:{port}"), lambda: None)
        listener.subscribe("a batch", watched=False)
        thread = listener._thread
        assert waiting.wait(10)
        assert thread is not None
        time.sleep(0.1)  # until it waits for the next answer
        listener.stop()
        thread.join(2)  # for the answer, it would wait four seconds or more
        assert not thread.is_alive()


@pytest.mark.parametrize(("answers", "refusal"), [(1, '44{"message":"who are you?"}'), (2, "41"), (2, "1")])
def test_a_refused_connection_is_not_opened_again_at_once(
    answers: int, refusal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("invokable.runtime.client.listening._PAUSES", (60.0,))
    connections = []

    def serve(client: socket.socket) -> None:
        connections.append(client)
        subscribed(client, answers)
        client.recv(65536)
        client.sendall(frame(refusal))
        silent(client)

    with listening(serve) as port:
        listener = Listener(Connection(f"http://127.0.0.1:{port}"), lambda: None)
        begin = time.monotonic()
        listener.subscribe("a batch", watched=False)
        listener.wait(10)
        assert time.monotonic() - begin < 3  # for an answer, it would wait four seconds or more
        assert listener.connection_id == 0
        time.sleep(0.3)
        assert len(connections) == 1
        listener.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_forked_child_listens_by_itself_and_attaches_to_its_parents_job(simulator: Simulator) -> None:
    with Client(simulator.url) as client:
        stamp = client.upload(picture())
        client.run(card_at(stamp, 0))
        simulator.pause()
        job = client.submit(card_at(stamp, 1))

        def work() -> bool:
            simulated = [client.submit(card_at(stamp, left)) for left in (2, 3)]
            return (
                all(one.result(timeout=30).card for one in (*simulated, job))
                and client._engine.listener.connection_id > 0
            )

        children = [child(work) for _ in range(2)]
        time.sleep(0.5)
        simulator.resume()
        assert job.result(timeout=30).card
        assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children] == [0, 0]
        assert client.run(card_at(stamp, 9), timeout=30).card
    assert len(simulator.jobs) == 7


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_forked_child_does_not_wait_for_a_lock_of_its_parent(simulator: Simulator) -> None:
    with Client(simulator.url) as client, ThreadPoolExecutor() as pool:
        job = client.submit(card(client))
        job.result(timeout=30)
        subscription = job._state.subscription
        assert isinstance(subscription, BatchSubscription)
        over, held = threading.Event(), threading.Barrier(3)

        def hold(lock: Lock) -> None:
            with lock:
                held.wait(10)
                over.wait(30)

        def work() -> bool:
            signal.alarm(20)
            return (
                job.status().completed == 1
                and job.result().card is not None
                and job._state.subscription is not subscription
            )

        for lock in (client._engine._item_reader._of_this_process()[0], subscription._lock):
            pool.submit(hold, lock)
        held.wait(10)
        status = os.waitstatus_to_exitcode(os.waitpid(child(work), 0)[1])
        over.set()
    assert status == 0


def child(work: Callable[[], bool]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 2
    try:
        code = 0 if work() else 1
    finally:
        os._exit(code)
