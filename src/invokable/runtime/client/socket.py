"""Socket: one Socket.IO connection for the server's events. The only module that uses the library.

Websocket is the only transport that works: with long polling, some versions answer 500.
"""

from __future__ import annotations

import logging
import re
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from pydantic_core import from_json

from invokable.runtime.client.connection import Connection
from invokable.runtime.client.readable import is_readable
from invokable.runtime.client.threads import Flag

_CONNECT_TIMEOUT: Final = 5.0
"""Seconds for each step of opening a connection."""
_ANSWER_TIMEOUT: Final = 4.0
"""Seconds to wait for an answer. A busy server takes up to 2."""
_READ_SIZE: Final = 2**16
"""Bytes to read at a time."""
_COALESCING: Final = 0.05
"""Seconds to wait for further events while many jobs are followed: waking up for one costs more than handling it."""
_QUEUE: Final = {"queue_id": "default"}
_EVENT: Final = re.compile(r'42\["(\w+)"')
"""The start of an event on the wire: Engine.IO message, Socket.IO event, name."""
_TEXT: Final = 0x81
"""The first byte of a frame that holds a complete text."""
_NO_HOST: Final = [""]
"""The hosts to connect to without the proxy. Given none, the library takes this machine and those in NO_PROXY."""
_LIBRARY_LOG: Final = logging.getLogger("invokable.socket")  # the library's warnings are not for users
_LIBRARY_LOG.setLevel(logging.CRITICAL + 1)  # it would also log the token


class EventSocket:
    """One connection, from opening to its end. `on_event` is called with the events in order, from one thread."""

    def __init__(
        self,
        server: Connection,
        token: str | None,
        is_wanted: Callable[[str, str], bool],
        on_event: Callable[[str, Any], None],
        on_end: Callable[[], None],
        is_busy: Callable[[], bool],
    ) -> None:
        self._server = server
        self._token = token
        self._is_wanted = is_wanted
        self._on_event = on_event
        self._on_end = on_end
        self._last_received = time.monotonic()
        self._changed = Flag()
        self._is_answered = False
        self.is_open = True
        """Whether it has neither been aborted nor lost its connection."""
        self._websocket: Any = None
        self._client = _client(server, self._handle, is_busy, self._opening)
        self._client.on("connect", self._answered)
        self._client.on("connect_error", self._refused)
        self._client.on("disconnect", self._disconnected)

    def open(self) -> None:
        """Connect. Raises TimeoutError, ConnectionError if it is refused or aborted, and the library's exceptions."""
        bearer = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        try:
            self._client.connect(
                self._server.origin,
                headers={**self._server.extra_headers, **bearer},
                auth={"token": self._token} if self._token else None,
                transports=["websocket"],
                socketio_path=self._server.socket_path,
                wait=False,  # it would go on waiting for an aborted connection
            )
        except Exception as error:
            if refusal := _proxy_refusal(error):
                raise ConnectionError(f"the proxy {self._server.proxy_name} refused: {refusal}") from error
            raise
        self._wait_for_answer(_CONNECT_TIMEOUT)

    def subscribe(self) -> None:
        """Subscribe to the events of the queue, and wait for the answer. Raises what `open` does."""
        self._is_answered = False
        self._changed.clear()
        self._client.emit("subscribe_queue", _QUEUE, callback=self._answered)
        self._wait_for_answer(_ANSWER_TIMEOUT)
        self._last_received = time.monotonic()

    def _wait_for_answer(self, seconds: float) -> None:
        """Wait for the server's answer, or for the end of the connection, which is final."""
        if self.is_open:
            self._changed.wait(seconds)
        if self._is_answered:
            return
        if self.is_open:
            raise TimeoutError("the server does not answer")
        raise ConnectionError("the connection was refused or closed")

    def silent_for(self) -> float:
        """Seconds since the connection was last known to be alive."""
        return time.monotonic() - self._last_received

    def abort(self) -> None:
        """Close immediately, without a handshake."""
        self.is_open = False
        self._changed.set()
        if self._websocket is not None:
            self._websocket.abort()

    def _opening(self, websocket: Any) -> None:
        self._websocket = websocket

    def _answered(self, *_: object) -> None:
        self._is_answered = True
        self._changed.set()

    def _refused(self, *_: object) -> None:
        self.is_open = False
        self._changed.set()

    def _disconnected(self, *_: object) -> None:
        if self.is_open:  # otherwise it was aborted
            self.is_open = False
            self._changed.set()
            self._on_end()

    def _handle(self, text: str) -> bool:
        """Handle a message if it is an event; return whether it is. Most events of a busy server concern no job."""
        self._last_received = time.monotonic()
        event = _EVENT.match(text)
        if event is None:
            return False
        try:
            if self._is_wanted(event[1], text):
                self._on_event(event[1], from_json(text[2:])[1])
        except Exception as error:  # otherwise the connection would end silently
            _LIBRARY_LOG.info("an event could not be read: %s", error)
        return True


def _client(
    server: Connection, handle: Callable[[str], bool], is_busy: Callable[[], bool], opening: Callable[[Any], None]
) -> Any:
    """A Socket.IO client that handles everything but events. The library is imported on first use."""
    import engineio  # type: ignore[import-untyped,unused-ignore]
    import socketio  # type: ignore[import-untyped,unused-ignore]
    import websocket

    class Reader(websocket.WebSocket):
        """The library's class makes three system calls for each event, and starts a thread for it.

        Events arrive every few milliseconds, whomever they concern, so this passes them from the frame to `handle`.
        """

        _unread = b""
        _may_coalesce = False

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            opening(self)

        def abort(self) -> None:
            """End whatever waits for the server, its answer to the handshake included, unlike the library's method."""
            if self.sock is not None:
                with suppress(OSError):
                    self.sock.shutdown(socket.SHUT_RDWR)

        def recv(self) -> str | bytes:
            while True:
                if not self._unread and self._may_coalesce and is_busy():
                    self._coalesce()
                received = self._text() or super().recv()
                if not isinstance(received, str) or not handle(received):
                    return received

        def _coalesce(self) -> None:
            """Wait until something arrives, and then for what follows, to read it all at once."""
            # TLS hides nothing here: a record is shorter than what is read at a time.
            connection = self.sock
            if connection is not None and is_readable(connection, connection.gettimeout()) and is_busy():
                time.sleep(_COALESCING)

        def _text(self) -> str:
            """The next frame, if it is a complete text that one read returned, as nearly all are."""
            unread = self._unread = self._unread or self._read(_READ_SIZE)
            length, begin = int.from_bytes(unread[1:2]), 2
            if length == 126:
                length, begin = int.from_bytes(unread[2:4]), 4
            elif length > 126:  # even longer, or masked
                return ""
            end = begin + length
            if unread[0] != _TEXT or len(unread) < end:
                return ""
            self._unread = unread[end:]
            return unread[begin:end].decode()

        def _recv(self, bufsize: int) -> bytes:
            if not self._unread:
                self._unread = self._read(max(bufsize, _READ_SIZE))
            piece, self._unread = self._unread[:bufsize], self._unread[bufsize:]
            return piece

        def _read(self, size: int) -> bytes:
            received: bytes = super()._recv(size)  # type: ignore[no-untyped-call]
            self._may_coalesce = len(received) < size  # otherwise more has arrived
            return received

    class SameThread(engineio.Client):  # type: ignore[misc]
        """The library's class starts a thread for each message; this one does not."""

        def start_background_task(self, target: Any, *args: Any, **options: Any) -> Any:
            if target != self.handlers.get("message"):
                return super().start_background_task(target, *args, **options)
            try:
                return target(*args, **options)
            except Exception as error:  # as above
                return _LIBRARY_LOG.info("a message could not be read: %s", error)

    class Client(socketio.Client):  # type: ignore[misc]
        def _engineio_client_class(self) -> type[SameThread]:
            return SameThread

    return Client(
        reconnection=False,
        handle_sigint=False,
        logger=_LIBRARY_LOG,
        engineio_logger=_LIBRARY_LOG,
        request_timeout=_CONNECT_TIMEOUT,
        websocket_extra_options={"class_": Reader, **_options(server)},
    )


def _proxy_refusal(error: BaseException | None) -> str:
    """Why the proxy refused, if an exception of the library comes from that; it says only `Connection error`."""
    from websocket import WebSocketProxyException

    while error is not None and not isinstance(error, WebSocketProxyException):
        error = error.__context__
    return str(error or "")


def _options(server: Connection) -> dict[str, Any]:
    """The options of the websocket library for TLS and a proxy."""
    # The library's UTF-8 check is a Python loop over each byte; decoding also checks.
    options: dict[str, Any] = {"enable_multithread": True, "skip_utf8_validation": True}
    if server.ssl_context is not None:
        options["sslopt"] = {"context": server.ssl_context}
    if server.proxy_url is None:
        return options | {"http_no_proxy": ["*"]}
    # The library refuses an https:// proxy. As an http:// one, it would get the password without TLS.
    proxy = urlsplit(server.proxy_url)
    options |= {"http_proxy_host": proxy.hostname, "http_proxy_port": server.proxy_port, "proxy_type": proxy.scheme}
    options["http_no_proxy"] = _NO_HOST
    if proxy.username is not None:
        options["http_proxy_auth"] = (unquote(proxy.username), unquote(proxy.password or ""))
    return options
