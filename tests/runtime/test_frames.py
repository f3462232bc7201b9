"""Frames: events arrive however the network splits them, and everything else is left to the library."""

from __future__ import annotations

import itertools
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from websocket._socket import recv

from invokable.runtime.client.connection import Connection
from invokable.runtime.client.socket import EventSocket
from tests.runtime.frames import frame, subscribed
from tests.runtime.relays import listening

CONTINUED = 0x0
Received = list[tuple[str, Any]]


def event(number: int, size: int = 0) -> str:
    return "42" + json.dumps(["counted", {"number": number, "filling": "ä" * size}], ensure_ascii=False)


@contextmanager
def received_after(
    send: Callable[[socket.socket], None], *, is_busy: bool = False
) -> Iterator[tuple[EventSocket, Received]]:
    """A socket to a server that sends whatever `send` sends after the subscription, and the events it received."""

    def serve(client: socket.socket) -> None:
        subscribed(client)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        send(client)
        client.recv(65536)

    received: Received = []
    with listening(serve) as port:
        over = threading.Event()

        def take(name: str, payload: Any) -> None:
            received.append((name, payload))
            if name == "over":
                over.set()

        server = Connection(f"http://127.0.0.1:{port}")
        event_socket = EventSocket(
            server, None, lambda name, text: True, take, over.set, lambda: is_busy and not over.is_set()
        )
        event_socket.open()
        event_socket.subscribe()
        assert over.wait(10)
        yield event_socket, received
        event_socket.abort()


OVER = frame('42["over",{}]')


def numbers(received: Received) -> list[int]:
    return [payload["number"] for name, payload in received if name == "counted"]


@pytest.mark.parametrize("is_busy", [False, True])
@pytest.mark.parametrize("piece", [1, 2, 3, 7, 300, 10**6])
def test_events_stay_in_order_however_they_are_split(piece: int, is_busy: bool) -> None:
    stream = b"".join(frame(event(number, size)) for number, size in enumerate((0, 40, 60, 61, 200, 0, 300))) + OVER

    def send(client: socket.socket) -> None:
        for start in range(0, len(stream), piece):
            client.sendall(stream[start : start + piece])

    with received_after(send, is_busy=is_busy) as (_, received):
        assert numbers(received) == list(range(7))


def reads_and_pauses(monkeypatch: pytest.MonkeyPatch, *, is_busy: bool) -> tuple[int, int]:
    """How often a socket reads, and pauses, for fifty events that arrive one after the other."""
    reads, pauses = itertools.count(), itertools.count()

    def pause(seconds: float) -> None:
        next(pauses)
        time.sleep(seconds)

    clock = SimpleNamespace(sleep=pause, monotonic=time.monotonic)
    monkeypatch.setattr("invokable.runtime.client.frames.time", clock)
    monkeypatch.setattr("websocket._core.recv", lambda *arguments: (next(reads), recv(*arguments))[1])

    def send(client: socket.socket) -> None:
        for number in range(50):
            client.sendall(frame(event(number)))
            time.sleep(0.001)
        client.sendall(OVER)

    with received_after(send, is_busy=is_busy) as (_, received):
        assert numbers(received) == list(range(50))
    return next(reads), next(pauses)


def test_events_of_many_jobs_are_read_together(monkeypatch: pytest.MonkeyPatch) -> None:
    reads, pauses = reads_and_pauses(monkeypatch, is_busy=True)
    assert 0 < reads - pauses < 12  # those of opening the connection


def test_events_that_follow_each_other_after_a_silence_are_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("invokable.runtime.client.frames._COALESCING", 0.3)
    reads: list[bytes] = []

    def read(*given: Any) -> bytes:
        reads.append(recv(*given))
        return reads[-1]

    monkeypatch.setattr("websocket._core.recv", read)
    events = [frame(event(number)) for number in range(5)]

    def send(client: socket.socket) -> None:
        time.sleep(0.7)  # longer than a pause
        for part in (*events, OVER):
            client.sendall(part)
            time.sleep(0.01)

    with received_after(send, is_busy=True) as (_, received):
        assert numbers(received) == list(range(5))
    assert reads[-1] == b"".join(events) + OVER


def test_events_of_few_jobs_are_read_immediately(monkeypatch: pytest.MonkeyPatch) -> None:
    _, pauses = reads_and_pauses(monkeypatch, is_busy=False)
    assert pauses == 0


def test_what_has_arrived_is_read_without_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    clock = SimpleNamespace(sleep=pauses.append, monotonic=time.monotonic)  # other threads keep theirs
    monkeypatch.setattr("invokable.runtime.client.frames.time", clock)
    monkeypatch.setattr("invokable.runtime.client.frames._READ_SIZE", 1)  # so that nothing is read ahead
    stream = b"".join(frame(event(number)) for number in range(200)) + OVER

    with received_after(lambda client: client.sendall(stream), is_busy=True) as (_, received):
        assert numbers(received) == list(range(200))
    assert len(pauses) < 10


@pytest.mark.parametrize("size", [16_000, 32_700, 32_800, 100_000])
def test_large_events_arrive_complete(size: int) -> None:
    with received_after(lambda client: client.sendall(frame(event(1, size)) + frame(event(2)) + OVER)) as (_, received):
        assert numbers(received) == [1, 2]
        assert received[0][1]["filling"] == "ä" * size


def test_an_event_in_several_frames_arrives_complete() -> None:
    text = event(1, 50)
    parts = frame(text[:30], last=False) + frame(text[30:50], CONTINUED, last=False) + frame(text[50:], CONTINUED)

    with received_after(lambda client: client.sendall(parts + frame(event(2)) + OVER)) as (_, received):
        assert numbers(received) == [1, 2]


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize(
    "text", ["42[", '42["counted"', '42["counted"]', "43[", "43x", "4", "45-[", "49", "\ufeff", "7"]
)
def test_an_unreadable_event_is_ignored(text: str, capfd: pytest.CaptureFixture[str]) -> None:
    with received_after(lambda client: client.sendall(frame(event(1)) + frame(text) + frame(event(2)) + OVER)) as (
        _,
        received,
    ):
        assert numbers(received)[:1] == [1]
    assert not capfd.readouterr().err


def test_any_message_shows_that_the_connection_is_alive() -> None:
    with received_after(lambda client: client.sendall(OVER)) as (event_socket, _):
        event_socket._last_received -= 100.0
        assert event_socket.silent_for() > 99
        event_socket._handle("2")
        assert event_socket.silent_for() < 99


def test_a_connection_that_is_reset_is_closed() -> None:
    def reset(client: socket.socket) -> None:
        client.sendall(OVER)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()

    with received_after(reset) as (event_socket, _):
        while event_socket.is_open:
            time.sleep(0.01)
        assert event_socket._websocket.sock is None
