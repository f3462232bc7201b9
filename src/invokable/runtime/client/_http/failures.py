"""Failures: errors for exchanges that failed."""

from __future__ import annotations

import ssl
from typing import Final

import httpx

from invokable.runtime.client._http.body import UnreadableError
from invokable.runtime.client.connection import Connection
from invokable.runtime.errors import AuthenticationError, CertificateError, ConnectionError  # noqa: A004
from invokable.runtime.steps.exchange.protocol import Request

PROXY_REFUSED: Final = 407
"""The status with which a proxy asks for a user and a password."""
_NEVER_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.LocalProtocolError,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


def may_have_arrived(error: Exception, *, written: bool) -> bool:
    """Whether the request may have reached the server, given whether anything was written."""
    return written and not isinstance(error, _NEVER_SENT)


def failure(
    error: Exception, connection: Connection, request: Request, *, sent: bool
) -> ConnectionError | AuthenticationError:
    """Our error for httpx's; `sent` is whether the request may have reached the server."""
    url = connection.url + request.path
    if isinstance(error, httpx.ProxyError) and str(error).startswith(str(PROXY_REFUSED)):
        words = "Proxy Authentication Required"
        return AuthenticationError(
            PROXY_REFUSED, words, method=request.method, url=url, advice=_proxy_advice(connection)
        )
    tls = _tls_error(error)
    if tls is not None and (words := _certificate_words(tls, connection)):
        return CertificateError(f"{connection.url}: {words}", url=url, sent=False)
    return ConnectionError(f"{connection.url}: {_words(error, tls, connection, sent=sent)}", url=url, sent=sent)


def drop_frames(error: BaseException | None) -> None:
    """Remove the tracebacks of an error and its causes. httpcore's frames keep the request until garbage is collected,
    and tell a caller nothing.
    """
    while error is not None:
        error.__traceback__ = None
        error = error.__cause__ or error.__context__


def _tls_error(error: BaseException | None) -> ssl.SSLError | None:
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return error


def _certificate_words(error: ssl.SSLError, connection: Connection) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = error.verify_message.strip(".")
        return f"the server's certificate is not trusted: {reason}; pass the CA file as verify="
    reason = (error.reason or "").replace("_", " ").lower()
    if "alert" in reason and ("certificate" in reason or "unknown ca" in reason):
        done = "rejected the client certificate" if connection.certificate else "requires a client certificate"
        return f"the server {done} ({reason}); pass its file as certificate="
    return ""


def _proxy_advice(connection: Connection) -> str:
    proxy = connection.proxy_name
    if "@" in (connection.proxy_url or ""):
        return f"the proxy {proxy} refused the user or the password in its URL; correct them"
    with_user = proxy.replace("//", "//user:password@", 1)
    return f"the proxy {proxy} requires a user and a password; give them in its URL, as in {with_user}"


def _words(error: Exception, tls: ssl.SSLError | None, connection: Connection, *, sent: bool) -> str:
    reason = " ".join(str(error).split()) or type(error).__name__
    if tls is not None and tls.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST"):
        return "the server does not speak TLS; did you mean http://?"
    if isinstance(error, httpx.PoolTimeout):
        return "all connections are in use; Policy(connections=…) allows more"
    if isinstance(error, httpx.TimeoutException):
        return f"no answer in time ({reason})"
    if isinstance(error, UnreadableError):
        return f"the answer cannot be read: {reason}"
    if isinstance(error, httpx.ProxyError):
        return f"the proxy {connection.proxy_name} refused the connection: {reason}"
    if sent:
        return f"the connection broke: {reason}"
    if connection.proxy_url and isinstance(error, httpx.ConnectError) and tls is None:
        return f"could not connect to the proxy {connection.proxy_name}: {reason}; is it running?"
    return f"could not connect to the server: {reason}; is InvokeAI running?"
