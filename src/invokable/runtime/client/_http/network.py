"""Network: connections that keep to the time limit of the exchange they serve.

httpcore limits each read and each write separately, so a server that sends a byte now and then can prolong an exchange
without end. Here every name lookup, connect, read and write gets what is left of the time for the whole exchange.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import re
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

import httpcore

from invokable.runtime.client._http.addresses import ConnectTimer, async_wait_for, look_up, wait_for
from invokable.runtime.client._http.exchange import CURRENT, NO_EXCHANGE, Exchange
from invokable.runtime.client.connection import Connection
from invokable.runtime.client.readable import is_readable
from invokable.runtime.steps.exchange.policy import Policy

if TYPE_CHECKING:
    import ssl

# InvokeAI's server closes a connection after 5 idle seconds; a connection that is reused at that moment breaks.
_KEEPALIVE: Final = 2.0
_DISTRUST: Final = 60.0
"""Seconds for which no connection is kept after one broke. Some load balancers close kept connections without notice,
and each attempt to send a batch might meet one. Longer than a batch is looked for before it is sent again.
"""
_SECRETS: Final = re.compile(
    r"((?:b'(?:x-refreshed-token|set-cookie|(?:proxy-)?authorization)', b'|auth=\(b'))[^)]*", re.IGNORECASE
)
_PIECE: Final = 64 * 1024  # bytes that are written at a time


class _SecretFilter(logging.Filter):
    """Removes tokens and passwords from httpcore's debug log."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = _SECRETS.sub(r"\1…", str(record.msg))
        return True


for _name in ("http11", "proxy", "socks"):
    logging.getLogger(f"httpcore.{_name}").addFilter(_SecretFilter())


@dataclass(slots=True)
class PoolState:
    """What the connections of a pool have in common."""

    is_closed: bool = False
    """Whether the pool was closed. httpcore closes only connections that are open, not those that are being opened."""
    broke_at: float = -math.inf
    """When a connection last broke."""

    @property
    def may_keep(self) -> bool:
        """Whether a connection may serve several requests."""
        return time.monotonic() - self.broke_at > _DISTRUST

    def check(self) -> None:
        """Raise ConnectError once the pool is closed, so that no request is sent on such a connection."""
        if self.is_closed:
            raise httpcore.ConnectError("the client was closed")


def pool(connection: Connection, policy: Policy, state: PoolState) -> httpcore.ConnectionPool:
    """The connections of one process."""
    return httpcore.ConnectionPool(**_options(connection, policy), network_backend=_Backend(state))


def async_pool(connection: Connection, policy: Policy, state: PoolState) -> httpcore.AsyncConnectionPool:
    """The connections of one event loop."""
    return httpcore.AsyncConnectionPool(**_options(connection, policy), network_backend=_AsyncBackend(state))


def _options(connection: Connection, policy: Policy) -> dict[str, Any]:
    return {
        "ssl_context": connection.ssl_context,
        "proxy": _proxy(connection),
        "max_connections": policy.connections,
        "max_keepalive_connections": policy.idle_connections,
        "keepalive_expiry": _KEEPALIVE,
    }


def _proxy(connection: Connection) -> httpcore.Proxy | None:
    if connection.proxy_url is None:
        return None
    parts = urlsplit(connection.proxy_url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    auth = (unquote(parts.username).encode(), unquote(parts.password or "").encode()) if parts.username else None
    url = f"{parts.scheme}://{host}:{connection.proxy_port}"
    return httpcore.Proxy(url, auth=auth, ssl_context=connection.proxy_ssl_context)


class _WriteBuffer:
    """What was written but not sent yet, so that the headers of a request are sent together with its body."""

    def __init__(self) -> None:
        self._rest = b""

    def add(self, buffer: bytes) -> Iterator[bytes]:
        """Add what is written. Yields the pieces to send now, without a copy of the whole."""
        begin = 0
        while len(buffer) - begin >= (room := _PIECE - len(self._rest)):
            piece, self._rest = self._rest + buffer[begin : begin + room], b""
            yield piece
            begin += room
        self._rest += buffer[begin:]

    def flush(self) -> list[bytes]:
        """The last pieces to send, before the answer is read."""
        rest, self._rest = self._rest, b""
        return [rest] if rest else []


# ------------------------------------------------------------------------------------------------- blocking


class _Backend(httpcore.NetworkBackend):
    def __init__(self, state: PoolState) -> None:
        self._inner = httpcore.SyncBackend()
        self._state = state

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        current = CURRENT.get()
        timer = ConnectTimer(current, timeout)
        addresses = wait_for(look_up(host, port), timer.time_left())
        for number, address in enumerate(addresses, start=1):
            try:
                limit = timer.time_left(of=len(addresses) - number + 1)
                stream = self._inner.connect_tcp(address, port, limit, local_address, socket_options)
                return _Stream(stream, self._state)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number == len(addresses):
                    raise
        raise httpcore.ConnectError(f"{host} has no address")


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, state: PoolState) -> None:
        self._inner = inner
        self._state = state
        self._unsent = _WriteBuffer()
        self._process = os.getpid()
        self._user: int | None = None
        self._is_closed = False

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        current = self._acquire()
        try:
            with contextlib.suppress(httpcore.WriteError):  # the server may have answered before it closed
                self._send(self._unsent.flush(), current, timeout)
            return self._inner.read(max_bytes, current.time_left(timeout, httpcore.ReadTimeout))
        finally:
            self._release()

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        current = self._acquire()
        try:
            self._send(self._unsent.add(buffer), current, timeout)
        finally:
            self._release()

    def _send(self, pieces: Iterable[bytes], current: Exchange, timeout: float | None) -> None:
        self._state.check()
        for piece in pieces:
            limit = current.time_left(timeout, httpcore.WriteTimeout)
            current.record_write()
            self._inner.write(piece, limit)

    def close(self) -> None:
        self._is_closed = True
        self.shut_down()
        # A thread that is about to read would otherwise wait for a new connection with the same file descriptor.
        if self._user in (None, threading.get_ident()):
            self._inner.close()

    def shut_down(self) -> None:
        """Wake a thread that is reading or writing, which closing alone does not."""
        if self._process == os.getpid():  # do not shut down a connection shared with a parent process
            with contextlib.suppress(OSError):
                self._inner.get_extra_info("socket").shutdown(socket.SHUT_RDWR)

    def _acquire(self) -> Exchange:
        """Keep other threads from closing it while this one uses it."""
        self._user = threading.get_ident()
        return self._current()

    def _release(self) -> None:
        self._user = None
        if self._is_closed:
            self._inner.close()

    def _current(self) -> Exchange:
        current = CURRENT.get()
        if current is not NO_EXCHANGE:
            current.stream = self
        return current

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        limit = self._current().time_left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, limit), self._state)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


# --------------------------------------------------------------------------------------------- asynchronous


class _AsyncBackend(httpcore.AsyncNetworkBackend):
    def __init__(self, state: PoolState) -> None:
        self._inner = httpcore.AnyIOBackend()
        self._state = state

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        current = CURRENT.get()
        timer = ConnectTimer(current, timeout)
        addresses = await async_wait_for(look_up(host, port), timer.time_left())
        for number, address in enumerate(addresses, start=1):
            try:
                limit = timer.time_left(of=len(addresses) - number + 1)
                stream = await self._inner.connect_tcp(address, port, limit, local_address, socket_options)
                return _AsyncStream(stream, self._state)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if number == len(addresses):
                    raise
        raise httpcore.ConnectError(f"{host} has no address")


class _AsyncStream(httpcore.AsyncNetworkStream):
    def __init__(self, inner: httpcore.AsyncNetworkStream, state: PoolState) -> None:
        self._inner = inner
        self._state = state
        self._unsent = _WriteBuffer()
        self._socket = inner.get_extra_info("socket")

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        current = CURRENT.get()
        with contextlib.suppress(httpcore.WriteError):  # the server may have answered before it closed
            await self._send(self._unsent.flush(), current, timeout)
        try:
            return await self._inner.read(max_bytes, current.time_left(timeout, httpcore.ReadTimeout))
        except OSError as error:  # TLS errors, which anyio does not translate
            raise httpcore.ReadError(str(error)) from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._send(self._unsent.add(buffer), CURRENT.get(), timeout)

    async def _send(self, pieces: Iterable[bytes], current: Exchange, timeout: float | None) -> None:
        self._state.check()
        for piece in pieces:
            limit = current.time_left(timeout, httpcore.WriteTimeout)
            current.record_write()
            try:
                await self._inner.write(piece, limit)
            except OSError as error:
                raise httpcore.WriteError(str(error)) from error

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        limit = CURRENT.get().time_left(timeout, httpcore.ConnectTimeout)
        return _AsyncStream(await self._inner.start_tls(ssl_context, server_hostname, limit), self._state)

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":  # of each idle connection at each request; anyio would make three system calls
            return is_readable(self._socket)
        return self._inner.get_extra_info(info)
