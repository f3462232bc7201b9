"""Pools: httpx transports over connections that keep to the time of an exchange."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

import httpcore
import httpx

from invokable.runtime.client._http.exchange import begin_body
from invokable.runtime.client._http.network import PoolState, async_pool, pool
from invokable.runtime.client.connection import Connection
from invokable.runtime.steps.exchange.policy import Policy

_BROKEN: Final = (httpcore.NetworkError, httpcore.RemoteProtocolError)
"""What is raised if a connection breaks, unlike one whose server takes too long to answer."""


class Pool(httpx.BaseTransport):
    """The network."""

    def __init__(self, connection: Connection, policy: Policy) -> None:
        self._state = PoolState()
        self._keeping = pool(connection, policy, self._state)
        self._not_keeping = pool(connection, replace(policy, idle_connections=0), self._state)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        chosen = self._keeping if self._state.may_keep else self._not_keeping
        with _as_httpx:
            try:
                return _answer(chosen.handle_request(_core_request(request)))
            except _BROKEN:
                self._state.broke_at = time.monotonic()
                raise

    def close(self) -> None:
        self._state.is_closed = True
        self._keeping.close()
        self._not_keeping.close()


class AsyncPool(httpx.AsyncBaseTransport):
    """The network, for asyncio."""

    def __init__(self, connection: Connection, policy: Policy) -> None:
        self._state = PoolState()
        self._keeping = async_pool(connection, policy, self._state)
        self._not_keeping = async_pool(connection, replace(policy, idle_connections=0), self._state)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        chosen = self._keeping if self._state.may_keep else self._not_keeping
        with _as_httpx:
            try:
                return _answer(await chosen.handle_async_request(_core_request(request)))
            except _BROKEN:
                self._state.broke_at = time.monotonic()
                raise

    async def aclose(self) -> None:
        self._state.is_closed = True
        await self._keeping.aclose()
        await self._not_keeping.aclose()


class _Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    """The body of a request, which the network requests once the headers are written."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        begin_body()
        yield from self._stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        begin_body()
        async for chunk in self._stream:
            yield chunk


class _Stream(httpx.SyncByteStream, httpx.AsyncByteStream):
    """The body of an answer from the network."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx:
            yield from self._stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx:
            async for chunk in self._stream:
                yield chunk

    def close(self) -> None:
        self._stream.close()

    async def aclose(self) -> None:
        await self._stream.aclose()


def _core_request(request: httpx.Request) -> httpcore.Request:
    content = _Body(request.stream)
    core = httpcore.Request(request.method, _core_url(request.url), content=content, extensions=request.extensions)
    core.headers = request.headers.raw  # bytes already, which its constructor would check one by one
    return core


@lru_cache(64)
def _core_url(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)


def _answer(answer: httpcore.Response) -> httpx.Response:
    return httpx.Response(answer.status, headers=answer.headers, stream=_Stream(answer.stream))


class _AsHttpx:
    """Translates errors of httpcore into those of httpx, which have the same names."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is not None and type(error).__module__.split(".")[0] == "httpcore":
            raise getattr(httpx, type(error).__name__, httpx.TransportError)(str(error)) from error


_as_httpx: Final = _AsHttpx()
