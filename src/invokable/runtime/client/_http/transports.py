"""Transports: requests to the server and their answers, for threads and for asyncio.

    send ── no token yet? sign in ── exchange ── 401? sign in, exchange once more ──▶ Response
    exchange ── build ── carry (the network, or the simulator) ── read to the end, in time

Redirects are not followed and cookies are not kept: secrets go to the server's own address only.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import threading
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import lru_cache, partial
from typing import Any, BinaryIO, Final, TypeAlias, cast

import httpx
from pydantic_core import to_json

from invokable.runtime.client._http.body import Body, UnreadableError
from invokable.runtime.client._http.exchange import Exchange, exchange
from invokable.runtime.client._http.failures import PROXY_REFUSED, drop_frames, failure, may_have_arrived
from invokable.runtime.client._http.interrupts import uninterrupted
from invokable.runtime.client._http.pools import AsyncPool, Pool
from invokable.runtime.client.connection import Connection, check_usable
from invokable.runtime.client.loops import ByLoop
from invokable.runtime.errors import ConnectionError  # noqa: A004
from invokable.runtime.locks import Lock
from invokable.runtime.steps.exchange.credentials import Credentials
from invokable.runtime.steps.exchange.policy import Policy, retry_after_seconds
from invokable.runtime.steps.exchange.protocol import Request, Response
from invokable.runtime.values.characters import check_characters

Network: TypeAlias = httpx.BaseTransport
"""Carries requests in place of the network, as the simulator does."""
AsyncNetwork: TypeAlias = httpx.AsyncBaseTransport
"""The same for asyncio."""


_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
_NOT_SIGNED_IN: Final = "timed out while another thread or task was signing in"


class _BaseTransport:
    """What both transports share: headers, timeouts, and reading answers."""

    def __init__(self, connection: Connection, policy: Policy, *, is_real: bool) -> None:
        self.connection = connection
        self.policy = policy
        self.url = connection.url
        self._credentials = Credentials(connection.token, connection.email, connection.password)
        self.is_real = is_real
        self._is_closed = False
        own = {"User-Agent": "invokable", "Accept": "*/*", **connection.extra_headers}
        self._headers = self._own_headers({**own, "Accept-Encoding": "gzip"})
        self._plain_headers = self._own_headers({**own, "Accept-Encoding": "identity"})
        if is_real:
            check_usable(connection)

    def current_token(self) -> str | None:
        """The token currently in use, if any."""
        return self._credentials.token

    def _check_open(self) -> None:
        if self._is_closed:
            raise ConnectionError("the client was closed", url=self.url)

    def _end_of(self, request: Request) -> float:
        """When the exchange must end."""
        is_file = request.file is not None or request.into is not None
        limit = self.policy.transfer_timeout if is_file else self.policy.total_timeout
        return time.monotonic() + (limit if request.timeout is None else min(limit, request.timeout))

    def _own_headers(self, headers: dict[str, str]) -> httpx.Headers:
        own = httpx.Headers(headers)
        own.setdefault("Host", _url(self.url).netloc.decode("ascii"))
        return own

    def _build(self, request: Request, token: str | None, end: float) -> httpx.Request:
        try:
            return self._built(request, token, end)
        except ValueError:  # of httpx or pydantic, without the text
            check_characters([request.params, request.json])
            raise

    def _built(self, request: Request, token: str | None, end: float) -> httpx.Request:
        is_form = request.file is not None or bool(request.form)
        content = b"" if request.json is None else _json(request.json)
        built = httpx.Request(
            request.method,
            _url(self.url + request.path),
            params=dict(request.params) or None,
            data=dict(request.form) or None,
            files=_form(request),
            # Given a stream, httpx adds no headers of its own, which takes half of its time.
            stream=None if is_form else httpx.ByteStream(content),
            headers=self._plain_headers if request.plain or request.into is not None else self._headers,
            extensions={"timeout": self._timeouts(end)},
        )
        if not is_form and (content or request.method in _WITH_BODY):
            built.headers["Content-Length"] = str(len(content))
        if request.json is not None:
            built.headers["Content-Type"] = "application/json"
        if token is not None:
            built.headers["Authorization"] = f"Bearer {token}"
        return built

    def _timeouts(self, end: float) -> dict[str, float]:
        policy = self.policy
        left = max(end - time.monotonic(), 0.001)
        return {
            "connect": min(policy.connect_timeout, left),
            "read": min(policy.read_timeout, left),
            "write": min(policy.read_timeout, left),
            "pool": min(policy.pool_timeout, left),
        }

    def _response(self, answer: httpx.Response, body: Body, request: Request) -> Response:
        if answer.status_code == PROXY_REFUSED and self.is_real and self.connection.proxy_url:
            raise httpx.ProxyError(str(PROXY_REFUSED))  # as for https://, where it refuses to open a tunnel
        headers = {name.lower(): value.decode("latin-1") for name, value in answer.headers.raw}
        return Response(
            status=answer.status_code,
            content_type=headers.get(b"content-type", ""),
            body=body.whole(),
            method=request.method,
            url=self.url + request.path,
            retry_after=retry_after_seconds(headers.get(b"retry-after", ""), headers.get(b"date", ""), time.time()),
            new_token=headers.get(b"x-refreshed-token"),
            location=headers.get(b"location", "").partition("?")[0] if answer.is_redirect else "",
            disposition=headers.get(b"content-disposition", ""),
        )

    @contextmanager
    def _errors(self, request: Request, current: Exchange) -> Iterator[None]:
        """Translate httpx's errors into our own, and track whether anything was sent."""
        url = self.url + request.path
        request.transmission.may_have_arrived = not self.is_real  # other networks do not report it
        with exchange(current):
            try:
                yield
            except httpx.InvalidURL as error:
                raise ConnectionError(f"{url} is not a valid URL: {error}", url=url) from None
            except (httpx.RequestError, UnreadableError) as error:
                sent = may_have_arrived(error, written=request.transmission.may_have_arrived)
                request.transmission.may_have_arrived = sent
                problem = failure(error, self.connection, request, sent=sent)
                drop_frames(error)
                try:
                    raise problem from error
                finally:
                    del problem  # or its traceback keeps the request, by this frame, until garbage collection


class Transport(_BaseTransport):
    """Sends requests to one server, for any number of threads. A forked process gets its own connections."""

    def __init__(self, connection: Connection, policy: Policy, network: Network | None = None) -> None:
        super().__init__(connection, policy, is_real=network is None)
        self._network = network
        self._processes: dict[int, tuple[Network, Lock]] = {}

    def send(self, request: Request) -> Response:
        """Send a request and read its answer to the end. Raises ConnectionError and AuthenticationError."""
        end = self._end_of(request)
        credentials = self._credentials
        token = credentials.token
        if credentials.wants_sign_in():
            token = self._sign_in(token, end, refused=False)
        response = self._exchange(request, token, end)
        if credentials.wants_sign_in(response):
            request.transmission.may_have_arrived = False  # the server refused it
            token = self._sign_in(token, end, refused=True)
            response = self._exchange(request, token, end)
        credentials.renew(token, response)
        return response

    def token(self, timeout: float) -> str | None:
        """The token to authenticate with, signing in if necessary; None if none is needed.

        Raises AuthenticationError and ConnectionError.
        """
        if self._credentials.wants_sign_in():
            return self._sign_in(None, time.monotonic() + timeout, refused=False)
        return self._credentials.token

    def _sign_in(self, stale: str | None, end: float, *, refused: bool) -> str | None:
        credentials = self._credentials
        with _locked(self._of_this_process()[1], end):
            if credentials.still_wants_sign_in(stale, refused=refused):
                request = credentials.request()
                credentials.accept(self._exchange(request, None, min(end, self._end_of(request))))
            return credentials.token

    def close(self) -> None:
        """Close all connections of this process."""
        self._is_closed = True
        if here := self._processes.pop(os.getpid(), None):
            here[0].close()

    def _exchange(self, request: Request, token: str | None, end: float) -> Response:
        current = Exchange(end, request.transmission)
        perform = partial(self._perform, request, token, current, end)
        if self.is_real and threading.current_thread() is threading.main_thread():
            return uninterrupted(perform, current.abort)
        return perform()

    def _perform(self, request: Request, token: str | None, current: Exchange, end: float) -> Response:
        with self._errors(request, current):
            answer = self._of_this_process()[0].handle_request(self._build(request, token, end))
            try:
                body = _body(answer, request)
                for chunk in cast(Iterable[bytes], answer.stream):
                    current.time_left(None, httpx.ReadTimeout)
                    for piece in body.unpacked(chunk):
                        body.into.write(piece)
                return self._response(answer, body, request)
            finally:
                answer.close()

    def _of_this_process(self) -> tuple[Network, Lock]:
        """The connections of this process, and the lock for signing in."""
        self._check_open()
        found = self._processes.get(os.getpid())
        if found is None:
            # Leave those of a parent process alone: they are the parent's to use and to close.
            new = self._network or Pool(self.connection, self.policy), Lock()
            found = self._processes.setdefault(os.getpid(), new)
        return found


class AsyncTransport(_BaseTransport):
    """The same for asyncio. Each event loop of each process gets its own connections."""

    def __init__(self, connection: Connection, policy: Policy, network: AsyncNetwork | None = None) -> None:
        super().__init__(connection, policy, is_real=network is None)
        self._network = network
        self._loops: ByLoop[tuple[int, AsyncNetwork, asyncio.Lock]] = ByLoop()

    async def send(self, request: Request) -> Response:
        """Send a request and read its answer to the end. Raises ConnectionError and AuthenticationError."""
        end = self._end_of(request)
        credentials = self._credentials
        token = credentials.token
        if credentials.wants_sign_in():
            token = await self._sign_in(token, end, refused=False)
        response = await self._exchange(request, token, end)
        if credentials.wants_sign_in(response):
            request.transmission.may_have_arrived = False  # the server refused it
            token = await self._sign_in(token, end, refused=True)
            response = await self._exchange(request, token, end)
        credentials.renew(token, response)
        return response

    async def token(self, timeout: float) -> str | None:
        """The token to authenticate with, signing in if necessary; None if none is needed.

        Raises AuthenticationError and ConnectionError.
        """
        if self._credentials.wants_sign_in():
            return await self._sign_in(None, time.monotonic() + timeout, refused=False)
        return self._credentials.token

    async def _sign_in(self, stale: str | None, end: float, *, refused: bool) -> str | None:
        credentials = self._credentials
        async with _async_locked(self._of_this_loop()[2], end):
            if credentials.still_wants_sign_in(stale, refused=refused):
                request = credentials.request()
                credentials.accept(await self._exchange(request, None, min(end, self._end_of(request))))
            return credentials.token

    async def aclose(self) -> None:
        """Close all connections of this event loop."""
        self._is_closed = True
        process, network, _ = self._loops.pop() or (0, None, None)
        if network is not None and process == os.getpid():
            await network.aclose()

    async def _exchange(self, request: Request, token: str | None, end: float) -> Response:
        current = Exchange(end, request.transmission)
        with self._errors(request, current):
            answer = await self._of_this_loop()[1].handle_async_request(self._build(request, token, end))
            try:
                body = _body(answer, request)
                async for chunk in cast(AsyncIterator[bytes], answer.stream):
                    current.time_left(None, httpx.ReadTimeout)
                    for piece in body.unpacked(chunk):
                        await _write(body.into, piece)
                return self._response(answer, body, request)
            finally:
                await answer.aclose()

    def _of_this_loop(self) -> tuple[int, AsyncNetwork, asyncio.Lock]:
        self._check_open()
        found = self._loops.get()
        if found is None or found[0] != os.getpid():
            network = self._network or AsyncPool(self.connection, self.policy)
            return self._loops.set((os.getpid(), network, asyncio.Lock()))
        return found


def _body(answer: httpx.Response, request: Request) -> Body:
    into = request.into if answer.status_code == 200 else None
    return Body(answer.headers.get("content-encoding", "identity").lower(), into)


async def _write(into: BinaryIO, piece: bytes) -> None:
    if isinstance(into, io.BytesIO):
        into.write(piece)
    else:
        await asyncio.to_thread(into.write, piece)


@contextmanager
def _locked(lock: Lock, end: float) -> Iterator[None]:
    if not lock.acquire(timeout=max(end - time.monotonic(), 0)):
        raise ConnectionError(_NOT_SIGNED_IN)
    try:
        yield
    finally:
        lock.release()


@asynccontextmanager
async def _async_locked(lock: asyncio.Lock, end: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(max(end - time.monotonic(), 0)):
            await lock.acquire()
    except TimeoutError:
        raise ConnectionError(_NOT_SIGNED_IN) from None
    try:
        yield
    finally:
        lock.release()


_url = lru_cache(64)(httpx.URL)
"""Parsed URLs; most requests go to the same few."""


def _json(value: Any) -> bytes:
    """JSON, four times as fast as the standard library.

    Raises TypeError and ValueError for a value that JSON cannot represent, in the words of the standard library.
    """
    with suppress(ValueError):
        content = to_json(value)
        if b"NaN" not in content and b"Infinity" not in content:  # in a string, or not a finite number
            return content
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _form(request: Request) -> dict[str, tuple[str, bytes, str]] | None:
    """The upload form, without the file's name: the server chooses one, and a path may be private."""
    if request.file is None:
        return None
    return {request.part: (f"upload{request.file.suffix}", request.file.content, request.file.content_type)}
