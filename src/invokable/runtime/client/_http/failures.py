"""Failures: errors for exchanges that failed."""

from __future__ import annotations

import ssl
from typing import Final

import httpx

from invokable.runtime.client._http.body import UnreadableError
from invokable.runtime.client.connection import Connection
from invokable.runtime.errors import CertificateError, ConnectionError  # noqa: A004

_NEVER_SENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.LocalProtocolError,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)


def connection_error(error: Exception, connection: Connection, url: str, *, sent: bool) -> ConnectionError:
    """Our error for httpx's; `sent` is whether anything has been written."""
    sent = sent and not isinstance(error, _NEVER_SENT)
    tls = _tls_error(error)
    if tls is not None and (words := _certificate_words(tls, connection)):
        return CertificateError(f"{connection.url}: {words}", url=url, sent=False)
    return ConnectionError(f"{connection.url}: {_words(error, tls, sent)}", url=url, sent=sent)


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


def _words(error: Exception, tls: ssl.SSLError | None, sent: bool) -> str:
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
        return f"the proxy refused the connection: {reason}"
    return (
        f"the connection broke: {reason}"
        if sent
        else f"could not connect to the server: {reason}; is InvokeAI running?"
    )
