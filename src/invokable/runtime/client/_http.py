"""HTTP: the one module that knows httpx. Its types go no further."""

from __future__ import annotations

import ssl
from typing import Any
from urllib.parse import urlsplit

import httpx

from invokable.runtime.errors import ConnectionError  # noqa: A004
from invokable.runtime.steps.protocol import Request, Response

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol, httpx.ProxyError)


class Transport:
    """A connection pool to one server."""

    def __init__(
        self,
        url: str,
        *,
        token: str | None,
        timeout: float,
        verify: bool | str | ssl.SSLContext,
        transport: Any,
    ) -> None:
        self.url = _address(url)
        context = ssl.create_default_context(cafile=verify) if isinstance(verify, str) else verify
        self._client = httpx.Client(
            timeout=timeout,
            verify=context,
            transport=transport,
            headers={"Authorization": f"Bearer {token}"} if token else {},
            follow_redirects=False,  # a redirect could carry the token to another host
        )

    def send(self, request: Request) -> Response:
        """Send a request and read its answer to the end. Raises ConnectionError."""
        url = self.url + request.path
        files = None
        if request.file is not None:
            files = {"file": request.file}
        try:
            answer = self._client.request(
                request.method, url, params=dict(request.params), json=request.json, files=files
            )
        except httpx.InvalidURL as error:
            raise ConnectionError(f"{url} is no address: {error}", url=url) from None
        except httpx.TransportError as error:
            sent = not isinstance(error, _NEVER_SENT)
            raise ConnectionError(f"{self.url}: {_words(error)}", url=url, sent=sent) from error
        return Response(
            status=answer.status_code,
            content_type=answer.headers.get("content-type", ""),
            body=answer.content,
            method=request.method,
            url=url,
        )

    def close(self) -> None:
        """Close all connections."""
        self._client.close()


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r} is no server's address: it begins with http:// or https://")
    if parts.username or parts.password:
        raise ValueError("the address holds a password: give a token instead")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _words(error: httpx.TransportError) -> str:
    reason = str(error) or type(error).__name__
    if isinstance(error, httpx.TimeoutException):
        return f"no answer in time ({type(error).__name__})"
    return (
        f"the server was not reached: {reason}" if isinstance(error, _NEVER_SENT) else f"the connection broke: {reason}"
    )
