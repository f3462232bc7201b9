"""Transport: HTTP to the simulator without a port, for sync and async httpx clients.

Clients see the same errors as on a network: refused, reset, incomplete or slow connections.
"""

from __future__ import annotations

import asyncio
import queue
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Protocol

import httpx

from invokable.testing.faults.exchange import CONNECTION
from invokable.testing.web.loop import Loop

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message

_START, _BODY, _END, _CUT, _CLOSED = "start", "body", "end", "cut", "closed"
_Note = tuple[str, Any]


class Host(Protocol):
    """The host of the application."""

    @property
    def loop(self) -> Loop:
        """Its event loop."""

    @property
    def app(self) -> ASGIApp | None:
        """The application; None while the server is down."""

    @property
    def open_pipes(self) -> set[Pipe]:
        """The connections in use."""


class Pipe(ABC):
    """Passes an answer from the simulator's thread to the client's, like a connection."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()
        self.bodiless = False
        self._over = False

    @abstractmethod
    def put(self, note: _Note) -> None:
        """Pass a note to the client."""

    async def send(self, message: Message) -> None:
        """Accept a part of the answer."""
        if self._over:
            return
        if message["type"] == "http.response.start":
            self.put((_START, message))
        else:
            content = message.get("body", b"")
            if content and not self.bodiless:
                self.put((_BODY, content))
            if not message.get("more_body"):
                self._over = True
                self.put((_END, None))

    def cut(self) -> None:
        """Reset the connection."""
        self._finish(_CUT)

    def close(self) -> None:
        """End the connection."""
        self._finish(_CLOSED)

    def _finish(self, kind: str) -> None:
        if not self._over:
            self._over = True
            self.put((kind, None))


class _SyncPipe(Pipe):
    def __init__(self) -> None:
        super().__init__()
        self._notes: queue.SimpleQueue[_Note] = queue.SimpleQueue()

    def put(self, note: _Note) -> None:
        self._notes.put(note)

    def get(self, timeout: float | None) -> _Note:
        try:
            return self._notes.get(timeout=timeout)
        except queue.Empty:
            raise httpx.ReadTimeout("The read operation timed out") from None


class _AsyncPipe(Pipe):
    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self._notes: asyncio.Queue[_Note] = asyncio.Queue()

    def put(self, note: _Note) -> None:
        # The client's loop may have ended; then nobody is reading.
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._notes.put_nowait, note)

    async def get(self, timeout: float | None) -> _Note:
        try:
            async with asyncio.timeout(timeout):
                return await self._notes.get()
        except TimeoutError:
            raise httpx.ReadTimeout("The read operation timed out") from None


class InProcess(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """An httpx transport to a simulator."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and wait for the start of the answer."""
        pipe = _SyncPipe()
        self._enter(request, request.read(), pipe)
        timeout = _read_timeout(request)
        start = _begun(pipe.get(timeout))
        return _response(start, _SyncBody(pipe, timeout))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The same for an asynchronous client."""
        pipe = _AsyncPipe()
        self._enter(request, await request.aread(), pipe)
        timeout = _read_timeout(request)
        start = _begun(await pipe.get(timeout))
        return _response(start, _AsyncBody(pipe, timeout))

    def _enter(self, request: httpx.Request, body: bytes, pipe: Pipe) -> None:
        app = self._host.app
        if app is None:
            raise httpx.ConnectError("[Errno 111] Connection refused")
        pipe.bodiless = request.method == "HEAD"
        given = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            if given:
                return given.pop()
            await pipe.gone.wait()
            return {"type": "http.disconnect"}

        self._host.open_pipes.add(pipe)
        future = self._host.loop.spawn(_served(app, _scope(request, pipe), receive, pipe))
        future.add_done_callback(lambda done: self._leave(pipe, done))

    def _leave(self, pipe: Pipe, done: Future[None]) -> None:
        self._host.open_pipes.discard(pipe)
        pipe.close()
        if not done.cancelled() and (error := done.exception()) is not None:
            raise error


async def _served(app: ASGIApp, scope: Any, receive: Any, pipe: Pipe) -> None:
    await app(scope, receive, pipe.send)


def _scope(request: httpx.Request, pipe: Pipe) -> dict[str, Any]:
    path, _, query = request.url.raw_path.partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "server": (request.url.host, request.url.port or 80),
        "client": ("127.0.0.1", 0),
        "extensions": {CONNECTION: pipe},
    }


def _read_timeout(request: httpx.Request) -> float | None:
    timeout: float | None = request.extensions.get("timeout", {}).get("read")
    return timeout


def _begun(note: _Note) -> Message:
    kind, value = note
    if kind == _CUT:
        raise httpx.ReadError("[Errno 104] Connection reset by peer")
    if kind != _START:
        raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
    message: Message = value
    return message


def _response(start: Message, stream: httpx.SyncByteStream | httpx.AsyncByteStream) -> httpx.Response:
    return httpx.Response(start["status"], headers=start["headers"], stream=stream)


def _content(note: _Note) -> bytes | None:
    kind, value = note
    if kind == _CUT:
        raise httpx.ReadError("[Errno 104] Connection reset by peer")
    if kind == _CLOSED:
        raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")
    content: bytes | None = value
    return content


class _SyncBody(httpx.SyncByteStream):
    def __init__(self, pipe: _SyncPipe, timeout: float | None) -> None:
        self._pipe, self._timeout = pipe, timeout

    def __iter__(self) -> Iterator[bytes]:
        while (content := _content(self._pipe.get(self._timeout))) is not None:
            yield content


class _AsyncBody(httpx.AsyncByteStream):
    def __init__(self, pipe: _AsyncPipe, timeout: float | None) -> None:
        self._pipe, self._timeout = pipe, timeout

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (content := _content(await self._pipe.get(self._timeout))) is not None:
            yield content
