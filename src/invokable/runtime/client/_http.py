"""HTTP: the one module that knows httpx. Its types go no further."""

from __future__ import annotations

import asyncio
import io
import os
import re
import ssl
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, Final, TypeAlias
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import httpx

from invokable.runtime.errors import ConnectionError  # noqa: A004
from invokable.runtime.steps.protocol import Request, Response

Network: TypeAlias = httpx.BaseTransport
"""What carries requests in place of the network, as the simulator does."""
AsyncNetwork: TypeAlias = httpx.AsyncBaseTransport
"""The same for tasks."""

_NEVER_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.LocalProtocolError,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
# InvokeAI's server closes a connection that idles for 5 s: just then, one that is used again breaks.
_LIMITS: Final = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=2.0)
_LARGEST: Final = 64 * 2**20  # bytes of an answer that is not a file
_PIECE: Final = 2**20  # bytes that are decompressed at once
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")


class _Sending:
    """What both transports know: the address, what each request is sent with, and what an answer is taken for."""

    def __init__(
        self, url: str, *, token: str | None, timeout: float, verify: bool | str | ssl.SSLContext, network: Any = None
    ) -> None:
        self.url = _address(url)
        self._timeout = timeout
        self._options: dict[str, Any] = {
            "timeout": timeout,
            "verify": ssl.create_default_context(cafile=verify) if isinstance(verify, str) else verify,
            "transport": network,
            "headers": {"Authorization": f"Bearer {_checked(token)}"} if token else {},
            "limits": _LIMITS,
            "follow_redirects": False,  # a redirect could carry the token to another host
        }

    def _allowed(self, request: Request) -> float:
        return self._timeout if request.timeout is None else min(self._timeout, request.timeout)

    def _arguments(self, request: Request) -> dict[str, Any]:
        return {
            "method": request.method,
            "url": self.url + request.path,
            "params": dict(request.params),
            "json": request.json,
            "files": _form(request),
            "headers": {"Accept-Encoding": "gzip" if request.into is None else "identity"},
            "timeout": self._allowed(request),
        }

    def _end(self, request: Request) -> float | None:
        """When the exchange has to end, if ever: a file may take its time as long as it moves."""
        is_file = request.file is not None or request.into is not None
        limit = request.timeout if is_file else self._allowed(request)
        return None if limit is None else time.monotonic() + limit

    @contextmanager
    def _errors(self, request: Request) -> Iterator[None]:
        url = self.url + request.path
        try:
            yield
        except httpx.InvalidURL as error:
            raise ConnectionError(f"{url} is not a valid URL: {error}", url=url) from None
        except httpx.RequestError as error:
            sent = not isinstance(error, _NEVER_SENT)
            raise ConnectionError(f"{self.url}: {_words(error, sent)}", url=url, sent=sent) from error


class Transport(_Sending):
    """A connection pool to one server, for any number of threads. A process that was forked gets a pool of its own."""

    def __init__(
        self,
        url: str,
        *,
        token: str | None,
        timeout: float,
        verify: bool | str | ssl.SSLContext,
        network: Network | None = None,
    ) -> None:
        super().__init__(url, token=token, timeout=timeout, verify=verify, network=network)
        self._pools: dict[int, httpx.Client] = {}
        self._lock = threading.Lock()

    def send(self, request: Request) -> Response:
        """Send a request and read its answer to the end. Raises ConnectionError."""
        with self._errors(request):
            pool, end = self._pool(), self._end(request)
            answer = pool.send(pool.build_request(**self._arguments(request)), stream=True)
            try:
                body = _Body(answer, request, self.url + request.path, end)
                for chunk in answer.iter_raw():
                    for piece in body.unpacked(chunk):
                        body.into.write(piece)
                return body.response()
            finally:
                answer.close()

    def close(self) -> None:
        """Close all connections of this process."""
        if pool := self._pools.pop(os.getpid(), None):
            pool.close()

    def _pool(self) -> httpx.Client:
        process = os.getpid()
        if process not in self._pools:
            # The pool of a parent process stays as it is: its connections are the parent's to use and to close.
            with self._lock:
                self._pools.setdefault(process, httpx.Client(**self._options))
        return self._pools[process]


class AsyncTransport(_Sending):
    """The same for tasks. Each event loop of each process gets a pool of its own."""

    def __init__(
        self,
        url: str,
        *,
        token: str | None,
        timeout: float,
        verify: bool | str | ssl.SSLContext,
        network: AsyncNetwork | None = None,
    ) -> None:
        super().__init__(url, token=token, timeout=timeout, verify=verify, network=network)
        self._pools: WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[int, httpx.AsyncClient]] = WeakKeyDictionary()

    async def send(self, request: Request) -> Response:
        """Send a request and read its answer to the end. Raises ConnectionError."""
        with self._errors(request):
            pool, end = self._pool(), self._end(request)
            answer = await pool.send(pool.build_request(**self._arguments(request)), stream=True)
            try:
                body = _Body(answer, request, self.url + request.path, end)
                async for chunk in answer.aiter_raw():
                    for piece in body.unpacked(chunk):
                        await self._write(body.into, piece)
                return body.response()
            finally:
                await answer.aclose()

    async def aclose(self) -> None:
        """Close all connections of this event loop."""
        process, pool = self._pools.pop(asyncio.get_running_loop(), (0, None))
        if pool is not None and process == os.getpid():
            await pool.aclose()

    async def _write(self, into: BinaryIO, piece: bytes) -> None:
        if isinstance(into, io.BytesIO):
            into.write(piece)
        else:
            await asyncio.to_thread(into.write, piece)

    def _pool(self) -> httpx.AsyncClient:
        loop = asyncio.get_running_loop()
        process, pool = self._pools.get(loop, (0, None))
        if pool is None or process != os.getpid():
            pool = httpx.AsyncClient(**self._options)
            self._pools[loop] = (os.getpid(), pool)
        return pool


class _Body:
    """The body of an answer as it comes in. It has to end in time, and within bounds."""

    def __init__(self, answer: httpx.Response, request: Request, url: str, end: float | None) -> None:
        self._answer = answer
        self._url = url
        self._request = request
        self._end = end
        self._encoding = answer.headers.get("content-encoding", "identity")
        self._unpacking: Any = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        is_file = request.into is not None and answer.status_code == 200
        self._buffer = io.BytesIO()
        self.into: BinaryIO = request.into if request.into is not None and is_file else self._buffer
        if self._encoding not in ("identity", "gzip") or (is_file and self._encoding != "identity"):
            raise httpx.DecodingError(f"the answer is compressed as {self._encoding!r}, which was not asked for")

    def unpacked(self, chunk: bytes) -> Iterator[bytes]:
        """Decompress in pieces of bounded size; httpx would unpack a small bomb to any size at once."""
        if self._end is not None and time.monotonic() > self._end:
            raise httpx.ReadTimeout("the answer did not end in time")
        if self._encoding == "identity":
            yield self._bounded(chunk)
            return
        try:
            while chunk:
                yield self._bounded(self._unpacking.decompress(chunk, _PIECE))
                chunk = self._unpacking.unconsumed_tail
        except zlib.error as error:
            raise httpx.DecodingError(str(error)) from None

    def response(self) -> Response:
        """The whole answer."""
        if self._encoding == "gzip" and not self._unpacking.eof:
            raise httpx.DecodingError("the compressed answer was cut off")
        return Response(
            status=self._answer.status_code,
            content_type=self._answer.headers.get("content-type", ""),
            body=self._buffer.getvalue(),
            method=self._request.method,
            url=self._url,
            retry_after=_seconds(self._answer.headers.get("retry-after", "")),
        )

    def _bounded(self, piece: bytes) -> bytes:
        if self.into is self._buffer and self._buffer.tell() + len(piece) > _LARGEST:
            raise httpx.DecodingError(f"the answer is larger than {_LARGEST // 2**20} MiB")
        return piece


def _form(request: Request) -> dict[str, tuple[str, bytes, str]] | None:
    """The upload form, without the file's name: the server chooses its own, and a path may be private."""
    if request.file is None:
        return None
    return {"file": (f"upload{request.file.suffix}", request.file.content, request.file.content_type)}


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r} is not a server URL; expected http:// or https://, as in http://127.0.0.1:9090")
    if parts.username or parts.password:
        raise ValueError("the server URL holds a user or a password; give a token instead")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _checked(token: str) -> str:
    if not _TOKEN.fullmatch(token):
        raise ValueError("the token holds a character that no HTTP header may hold, such as a line break or a space")
    return token


def _seconds(retry_after: str) -> float | None:
    return float(retry_after) if retry_after.isascii() and retry_after.isdigit() else None


def _words(error: httpx.RequestError, sent: bool) -> str:
    reason = str(error) or type(error).__name__
    if isinstance(error, httpx.TimeoutException):
        return f"no answer in time ({type(error).__name__})"
    if isinstance(error, httpx.DecodingError):
        return f"the answer cannot be read: {reason}"
    return f"the connection broke: {reason}" if sent else f"the server was not reached: {reason}"
