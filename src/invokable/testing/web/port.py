"""Port: the simulator on a real port, with connections that can be cut.

uvicorn serves it; its connections are recorded here, so that a fault can find the connection of a request.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any, Final

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from invokable.testing.faults.exchange import CONNECTION
from invokable.testing.web.loop import Loop

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_KEEP_ALIVE: Final = 5
_WAIT: Final = 5.0
Address = tuple[str, int]


class _Line:
    """A network connection."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport

    def cut(self) -> None:
        """Reset the connection."""
        if self._transport is None or self._transport.is_closing():
            return
        raw = self._transport.get_extra_info("socket")
        if raw is not None and raw.fileno() >= 0:
            # Zero linger time: the other side gets a reset, not an end of stream.
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        self._transport.abort()

    def close(self) -> None:
        """Close the connection after the data sent so far."""
        self._transport.close()


class Port:
    """A listening port, open while the server runs. Its number stays the same after a restart."""

    def __init__(self, loop: Loop, host: str, port: int) -> None:
        self._loop = loop
        self._host = host
        self._port = port
        self._lines: dict[Address, Any] = {}
        self._server: uvicorn.Server | None = None
        self._socket: socket.socket | None = None
        if not port:
            self._socket = self._bound()
            self._port = self._socket.getsockname()[1]

    @property
    def url(self) -> str:
        """The URL."""
        return f"http://{self._host}:{self._port}"

    def open(self, app: ASGIApp) -> None:
        """Listen. Raises OSError if the port is taken."""
        listener = self._socket or self._bound()
        self._socket = listener
        config = uvicorn.Config(
            self._with_lines(app),
            http=self._protocol(),
            ws="wsproto",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            timeout_keep_alive=_KEEP_ALIVE,
        )
        self._server = uvicorn.Server(config)
        self._loop.wait(self._started(self._server, listener))

    def shut(self) -> None:
        """Stop listening and cut all connections."""
        if self._server is None:
            return
        server, self._server = self._server, None
        self._loop.wait(self._stopped(server))

    def _bound(self) -> socket.socket:
        # asyncio checks the socket's protocol number before it disables Nagle's algorithm, which delays small packets.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((self._host, self._port))
        listener.listen(100)
        return listener

    async def _started(self, server: uvicorn.Server, listener: socket.socket) -> None:
        self._serving = asyncio.get_running_loop().create_task(server.serve(sockets=[listener]))
        while not server.started and not self._serving.done():
            await asyncio.sleep(0.005)

    async def _stopped(self, server: uvicorn.Server) -> None:
        server.should_exit = server.force_exit = True
        for one in server.servers:
            one.close()
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        for transport in list(self._lines.values()):
            _Line(transport).cut()
        self._serving.cancel()  # instead of waiting for its next tick
        await asyncio.wait([self._serving], timeout=_WAIT)

    def _protocol(self) -> type[H11Protocol]:
        lines = self._lines

        class Protocol(H11Protocol):
            """uvicorn's protocol, which records its connections."""

            def connection_made(self, transport: Any) -> None:
                lines[transport.get_extra_info("peername")[:2]] = transport
                super().connection_made(transport)

        return Protocol

    def _with_lines(self, app: ASGIApp) -> ASGIApp:
        async def served(scope: Scope, receive: Receive, send: Send) -> None:
            self._forget()
            if scope.get("client"):
                transport = self._lines.get(tuple(scope["client"]))
                scope["extensions"] = {**scope.get("extensions", {}), CONNECTION: _Line(transport)}
            await app(scope, receive, send)

        return served

    def _forget(self) -> None:
        for address in [address for address, transport in self._lines.items() if transport.is_closing()]:
            del self._lines[address]
