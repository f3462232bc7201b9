"""Frames: a Socket.IO client that passes events on as they arrive, without the library's threads.

    network ── Reader ── frame ── an event? ──▶ handle
                            └── anything else ──▶ the library

The only module that imports the library, which takes long: import it on first use.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import engineio  # type: ignore[import-untyped,unused-ignore]
import socketio  # type: ignore[import-untyped,unused-ignore]
import websocket

from invokable.runtime.client.readable import is_readable

_READ_SIZE: Final = 2**16
"""Bytes to read at a time."""
_COALESCING: Final = 0.05
"""Seconds to wait for further events while many jobs are followed: waking up for one costs more than handling it."""
_TEXT: Final = 0x81
"""The first byte of a frame that holds a complete text."""


class Reader(websocket.WebSocket):
    """Passes events from the frame to `handle`, which returns whether a message is one.

    The library's class makes three system calls for each event, and starts a thread for it. Events arrive every few
    milliseconds, whomever they concern.
    """

    def __init__(
        self,
        handle: Callable[[str], bool],
        is_busy: Callable[[], bool],
        opening: Callable[[Reader], None],
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._handle = handle
        self._is_busy = is_busy
        self._unread = b""
        self._may_coalesce = False
        opening(self)

    def abort(self) -> None:
        """End whatever waits for the server, its answer to the handshake included, unlike the library's method."""
        connection = self.sock
        if connection is not None:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def recv(self) -> str | bytes:
        """The next message that is not an event. A failure closes the connection, which the library leaves open."""
        try:
            while True:
                if not self._unread and self._may_coalesce and self._is_busy():
                    self._coalesce()
                received = self._text() or super().recv()
                if not isinstance(received, str) or not self._handle(received):
                    return received
        except BaseException:
            self.shutdown()  # type: ignore[no-untyped-call]
            raise

    def _coalesce(self) -> None:
        """Wait until something arrives, and then for what follows, to read it all at once."""
        # TLS hides nothing here: a record is shorter than what is read at a time.
        connection = self.sock
        if connection is not None and is_readable(connection, connection.gettimeout()) and self._is_busy():
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


class _SameThread(engineio.Client):  # type: ignore[misc]
    """Handles messages in the thread that reads them; the library's class starts one for each."""

    def start_background_task(self, target: Any, *args: Any, **options: Any) -> Any:
        if target != self.handlers.get("message"):
            return super().start_background_task(target, *args, **options)
        try:
            return target(*args, **options)
        except Exception as error:  # otherwise the connection would end silently
            return self.logger.info("a message could not be read: %s", error)


class Client(socketio.Client):  # type: ignore[misc]
    """The library's client, but without a thread for each message."""

    def _engineio_client_class(self) -> type[_SameThread]:
        return _SameThread


def proxy_refusal(error: BaseException | None) -> str:
    """Why the proxy refused, if an exception of the library comes from that; it says only `Connection error`."""
    while error is not None and not isinstance(error, websocket.WebSocketProxyException):
        error = error.__context__
    return str(error or "")
