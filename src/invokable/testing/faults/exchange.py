"""Exchange: an HTTP request with faults before and after it is handled.

latency stall cut_before status html late duplicate │ handler │ cut_after crash … garbled trickle cut_within
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

from invokable.testing.faults.matching import Faults
from invokable.testing.faults.plan import SERVER_KINDS, Fault

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONNECTION: Final = "invokable.connection"
"""The scope extension with the Connection."""
_PAGE: Final = b"<html><head><title>502 Bad Gateway</title></head><body><center><h1>502</h1></center></body></html>"
_PART: Final = 16

Act = Callable[[Fault], Awaitable[None]]


class Connection(Protocol):
    """The connection that carries a request."""

    def cut(self) -> None:
        """Reset it; unread data is lost."""

    def close(self) -> None:
        """Close it after the data sent so far."""


class FaultyApp:
    """An ASGI application wrapped with faults."""

    def __init__(self, app: ASGIApp, faults: Faults, act: Act) -> None:
        self._app = app
        self._faults = faults
        self._act = act
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request or socket, with the faults that are due."""
        if scope["type"] == "websocket" and self._faults.for_socket():
            await receive()
            await send({"type": "websocket.close", "code": 1013})
            return
        found = self._faults.for_request(scope["method"], scope["path"]) if scope["type"] == "http" else []
        if not found:
            await self._app(scope, receive, send)
            return
        answered = await self._on_the_way_in(found, scope, receive, send)
        if answered is not None:
            await self._on_the_way_out(found, answered, scope, send)

    async def _on_the_way_in(
        self, found: Sequence[Fault], scope: Scope, receive: Receive, send: Send
    ) -> list[Message] | None:
        connection: Connection = scope["extensions"][CONNECTION]
        body = await _whole(receive)  # a client that is still sending might not notice the fault
        for fault in found:
            match fault.kind:
                case "latency":
                    await asyncio.sleep(fault.seconds)
                case "stall":
                    while (await receive())["type"] != "http.disconnect":
                        pass
                    return None
                case "cut_before":
                    connection.cut()
                    return None
                case "status":
                    await _plain(send, fault.status)
                    return None
                case "html":
                    await _plain(send, 502 if fault.status == 503 else fault.status, _PAGE, b"text/html")
                    return None
                case "late":
                    self._later(fault.seconds, scope, body)
                    connection.cut()
                    return None
                case "duplicate":
                    await _recorded(self._app, scope, body)
        return await _recorded(self._app, scope, body)

    async def _on_the_way_out(self, found: Sequence[Fault], answered: list[Message], scope: Scope, send: Send) -> None:
        connection: Connection = scope["extensions"][CONNECTION]
        start, content = answered[0], b"".join(message.get("body", b"") for message in answered[1:])
        pause = 0.0
        for fault in found:
            match fault.kind:
                case "latency_after":
                    await asyncio.sleep(fault.seconds)
                case "cut_after":
                    connection.cut()
                    return
                case "status_after":
                    await _plain(send, fault.status)
                    return
                case "cut_within":
                    await send(start)
                    await send({"type": "http.response.body", "body": content[: len(content) // 2], "more_body": True})
                    connection.close()
                    return
                case "garbled" | "truncated" | "broken_gzip":
                    start, content = _spoilt(fault.kind, start, content)
                case "trickle":
                    pause = fault.seconds
                case kind if kind in SERVER_KINDS:
                    await self._act(fault)
        await _sent(send, start, content, pause)

    def _later(self, seconds: float, scope: Scope, body: bytes) -> None:
        async def arrive() -> None:
            await asyncio.sleep(seconds)
            await _recorded(self._app, scope, body)

        task = asyncio.get_running_loop().create_task(arrive())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _whole(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return body
        part: bytes = message.get("body", b"")
        body += part
        if not message.get("more_body"):
            return body


async def _recorded(app: ASGIApp, scope: Scope, body: bytes) -> list[Message]:
    messages: list[Message] = []
    given = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return given.pop() if given else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        messages.append(message)

    await app({**scope}, receive, send)
    return messages


async def _plain(send: Send, status: int, content: bytes = b"", content_type: bytes = b"application/json") -> None:
    content = content or b'{"detail":"simulated fault"}'
    headers = [(b"content-type", content_type), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


async def _sent(send: Send, start: Message, content: bytes, pause: float) -> None:
    await send(start)
    if pause:
        size = max(len(content) // _PART, 1)
        for begin in range(0, len(content), size):
            await send({"type": "http.response.body", "body": content[begin : begin + size], "more_body": True})
            await asyncio.sleep(pause)
        content = b""
    await send({"type": "http.response.body", "body": content})


def _spoilt(kind: str, start: Message, content: bytes) -> tuple[Message, bytes]:
    headers = [one for one in start["headers"] if one[0] not in (b"content-length", b"content-encoding")]
    if kind == "truncated":
        content = b'{"detail": "cut'
    elif kind == "garbled":
        content = bytes(byte ^ 0x55 for byte in content)
    else:
        headers.append((b"content-encoding", b"gzip"))
        content = b"\x1f\x8b\x08\x00" + content
    headers.append((b"content-length", str(len(content)).encode()))
    return {**start, "headers": headers}, content
