"""HTTP: the one module that knows httpx. Its types go no further."""

from __future__ import annotations

import os
import re
import ssl
import time
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final, TypeAlias
from urllib.parse import urlsplit

import httpx

from invokable.runtime.errors import ConnectionError  # noqa: A004
from invokable.runtime.steps.protocol import Request, Response

Network: TypeAlias = httpx.BaseTransport
"""What carries requests in place of the network, as the simulator does."""

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


class Transport:
    """A connection pool to one server. A process that was forked gets a pool of its own."""

    def __init__(
        self,
        url: str,
        *,
        token: str | None,
        timeout: float,
        verify: bool | str | ssl.SSLContext,
        network: Network | None = None,
    ) -> None:
        self.url = _address(url)
        self._headers = {"Authorization": f"Bearer {_checked(token)}"} if token else {}
        self._timeout = timeout
        self._verify = ssl.create_default_context(cafile=verify) if isinstance(verify, str) else verify
        self._network = network
        self._pools: dict[int, httpx.Client] = {}

    def send(self, request: Request) -> Response:
        """Send a request and read its answer to the end. Raises ConnectionError."""
        url = self.url + request.path
        allowed = self._timeout if request.timeout is None else min(self._timeout, request.timeout)
        try:
            return self._exchange(request, url, allowed)
        except httpx.InvalidURL as error:
            raise ConnectionError(f"{url} is not a valid URL: {error}", url=url) from None
        except httpx.RequestError as error:
            sent = not isinstance(error, _NEVER_SENT)
            raise ConnectionError(f"{self.url}: {_words(error, sent)}", url=url, sent=sent) from error

    def close(self) -> None:
        """Close all connections of this process."""
        if pool := self._pools.pop(os.getpid(), None):
            pool.close()

    def _exchange(self, request: Request, url: str, allowed: float) -> Response:
        sending = self._pool().build_request(
            request.method,
            url,
            params=dict(request.params),
            json=request.json,
            data=dict(request.form) or None,
            files=_form(request),
            headers={"Accept-Encoding": "gzip" if request.into is None else "identity"},
            timeout=allowed,
        )
        # A file may take its time as long as it moves; any other exchange has to end.
        is_file = request.file is not None or request.into is not None
        limit = request.timeout if is_file else allowed
        end = None if limit is None else time.monotonic() + limit
        answer = self._pool().send(sending, stream=True)
        try:
            body = _read(answer, request.into if answer.status_code == 200 else None, end)
        finally:
            answer.close()
        return Response(
            status=answer.status_code,
            content_type=answer.headers.get("content-type", ""),
            body=body,
            method=request.method,
            url=url,
            retry_after=_seconds(answer.headers.get("retry-after", "")),
        )

    def _pool(self) -> httpx.Client:
        process = os.getpid()
        if process not in self._pools:
            # The pool of a parent process stays as it is: its connections are the parent's to use and to close.
            self._pools[process] = httpx.Client(
                timeout=self._timeout,
                verify=self._verify,
                transport=self._network,
                headers=self._headers,
                limits=_LIMITS,
                follow_redirects=False,  # a redirect could carry the token to another host
            )
        return self._pools[process]


def _read(answer: httpx.Response, into: BinaryIO | None, end: float | None) -> bytes:
    """The body of an answer, or nothing where it goes `into` a file. It has to end in time, and within bounds."""
    encoding = answer.headers.get("content-encoding", "identity")
    if encoding not in ("identity", "gzip") or (into is not None and encoding != "identity"):
        raise httpx.DecodingError(f"the answer is compressed as {encoding!r}, which was not asked for")
    body = bytearray()
    for chunk in _unpacked(_in_time(answer.iter_raw(), end), encoding):
        if into is not None:
            into.write(chunk)
            continue
        body += chunk
        if len(body) > _LARGEST:
            raise httpx.DecodingError(f"the answer is larger than {_LARGEST // 2**20} MiB")
    return bytes(body)


def _in_time(chunks: Iterator[bytes], end: float | None) -> Iterator[bytes]:
    for chunk in chunks:
        if end is not None and time.monotonic() > end:
            raise httpx.ReadTimeout("the answer did not end in time")
        yield chunk


def _unpacked(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Decompress in pieces of bounded size; httpx would unpack a small bomb to any size at once."""
    if encoding == "identity":
        yield from chunks
        return
    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        for chunk in chunks:
            while chunk:
                yield unpacking.decompress(chunk, _PIECE)
                chunk = unpacking.unconsumed_tail
    except zlib.error as error:
        raise httpx.DecodingError(str(error)) from None
    if not unpacking.eof:
        raise httpx.DecodingError("the compressed answer was cut off")


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
