"""Writing: how requests get onto the wire, with both clients."""

from __future__ import annotations

import asyncio
import gc
import socket
import traceback
import weakref
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import httpcore
import pytest
from httpcore._backends.anyio import AnyIOStream
from httpcore._backends.sync import SyncStream

from invokable import AsyncClient, Client, ConnectionError, Policy  # noqa: A004
from invokable.runtime.steps.exchange.protocol import File, Request, Response
from invokable.testing import Simulator
from tests.memory import takes_less
from tests.runtime.relays import listening
from tests.testing.asking import until

Send = Callable[[str, Request], Response]
REFUSED = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n"
PICTURE = File("image", b"\x89PNG\r\n\x1a\n" + bytes(300_000), ".png", "image/png")


def blocking(url: str, request: Request) -> Response:
    with Client(url) as client:
        return client._engine.transport.send(request)


def asynchronous(url: str, request: Request) -> Response:
    async def send() -> Response:
        async with AsyncClient(url) as client:
            return await client._engine.transport.send(request)

    return asyncio.run(send())


@pytest.fixture(params=[blocking, asynchronous])
def send(request: pytest.FixtureRequest) -> Send:
    found: Send = request.param
    return found


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What is written to sockets, a piece each."""
    pieces: list[bytes] = []
    write, async_write = SyncStream.write, AnyIOStream.write

    def noted(stream: SyncStream, buffer: bytes, timeout: float | None = None) -> None:
        pieces.append(buffer)
        write(stream, buffer, timeout)

    def async_noted(stream: AnyIOStream, buffer: bytes, timeout: float | None = None) -> Awaitable[None]:
        pieces.append(buffer)
        return async_write(stream, buffer, timeout)

    monkeypatch.setattr(SyncStream, "write", noted)
    monkeypatch.setattr(AnyIOStream, "write", async_noted)
    return pieces


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", "/api/v1/app/version"),
        Request("POST", "/api/v1/queue/default/item_summaries_by_ids", json={"item_ids": [1]}),
    ],
    ids=["without a body", "with a body"],
)
def test_a_request_is_written_at_once(send: Send, request_: Request, written: list[bytes]) -> None:
    with Simulator() as simulator:
        assert send(simulator.serve(), request_).status == 200
    assert len(written) == 1


def test_a_file_is_written_in_pieces(send: Send, written: list[bytes]) -> None:
    upload = Request("POST", "/api/v1/images/upload", params={"image_category": "user"}, file=PICTURE)
    with Simulator() as simulator:
        send(simulator.serve(), upload)
    assert [len(piece) for piece in written[:-1]] == [65_536] * 4
    assert PICTURE.content in b"".join(written)


def test_a_long_body_is_written_without_copies(send: Send) -> None:
    body = {"text": "x" * 2**22}

    def swallow(client: socket.socket) -> None:
        received = 0
        while received < 2**22:
            received += len(client.recv(2**16))
        client.sendall(REFUSED)

    def action() -> None:
        with listening(swallow) as port:
            assert send(f"http://127.0.0.1:{port}", Request("POST", "/api", json=body)).status == 413

    action()  # what is imported on first use
    assert takes_less(1.5 * 2**22, action)


def test_an_answer_is_read_even_if_the_server_stopped_reading(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise httpcore.WriteError("broken pipe")

    def refuse(client: socket.socket) -> None:
        client.sendall(REFUSED)
        client.recv(1)  # until the client closes the connection

    monkeypatch.setattr(SyncStream, "write", broken)
    monkeypatch.setattr(AnyIOStream, "write", broken)
    with listening(refuse) as port:
        assert send(f"http://127.0.0.1:{port}", Request("POST", "/api", json={})).status == 413


class Body(dict[str, Any]):
    """A body whose end can be observed."""


def fail(client: Client, request: Request) -> None:
    with client, suppress(ConnectionError):
        client._engine.transport.send(request)


async def fail_in_a_task(client: AsyncClient, request: Request) -> None:
    async with client:
        with suppress(ConnectionError):
            await client._engine.transport.send(request)


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_request_that_failed_is_freed_at_once(kind: Any) -> None:
    body = Body(value=1)
    kept = weakref.ref(body)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # nothing listens
        client = kind(f"http://127.0.0.1:{unused.getsockname()[1]}")
        gc.disable()
        try:
            request = Request("POST", "/api/v1/anything", json=body)
            if kind is Client:
                fail(client, request)
            else:
                asyncio.run(fail_in_a_task(client, request))
            del body, request
            until(lambda: kept() is None)  # the thread that sent it may not have ended yet
        finally:
            gc.enable()


def test_a_failure_shows_the_frames_of_its_own_code_only() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        client = Client(f"http://127.0.0.1:{unused.getsockname()[1]}", policy=Policy(retries=0))
        with client, pytest.raises(ConnectionError) as caught:
            client.boards.find("portraits")
    shown = "".join(traceback.format_exception(caught.value))
    assert "httpcore.ConnectError" in shown
    assert "site-packages/httpcore" not in shown
