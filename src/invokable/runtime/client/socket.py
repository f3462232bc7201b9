"""Socket: one connection for the server's events, by Socket.IO. The one module that knows its library.

The websocket is the only transport that works: by long polling, some versions answer 500.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from pydantic_core import from_json

from invokable.runtime.client.connection import Connection

_OPEN: Final = 5.0
"""Seconds for each step of opening a connection."""
_ANSWER: Final = 4.0
"""Seconds that a server may take to answer. A busy one takes up to 2."""
_AHEAD: Final = 2**16
"""Bytes that are read at once."""
_QUEUE: Final = {"queue_id": "default"}
_EVENT: Final = re.compile(r'42\["(\w+)"')
"""The beginning of an event on the wire: a message of Engine.IO, an event of Socket.IO, its name."""
_TEXT: Final = 0x81
"""The first byte of a frame that is a whole text."""
_SILENT: Final = logging.getLogger("invokable.socket")  # its own warnings are not for users
_SILENT.setLevel(logging.CRITICAL + 1)  # it would log the token, too


class Line:
    """One connection, from opening to its end. `heard` is called in the order of the events, in one thread."""

    def __init__(
        self,
        server: Connection,
        token: str | None,
        is_wanted: Callable[[str, str], bool],
        heard: Callable[[str, Any], None],
        ended: Callable[[], None],
    ) -> None:
        self._server = server
        self._token = token
        self._is_wanted = is_wanted
        self._heard = heard
        self._ended = ended
        self._last = time.monotonic()
        self.is_open = False
        self._client = _client(server, self._take)
        self._client.on("disconnect", self._lost)

    def open(self) -> None:
        """Connect. Raises what the library raises."""
        bearer = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        self.is_open = True
        self._client.connect(
            self._server.origin,
            headers={**self._server.extra_headers, **bearer},
            auth={"token": self._token} if self._token else None,
            transports=["websocket"],
            socketio_path=self._server.socket_path,
            wait_timeout=_OPEN,
        )

    def subscribe(self) -> None:
        """Ask for the events of the queue, and wait for the answer. Raises what the library raises."""
        self._client.call("subscribe_queue", _QUEUE, timeout=_ANSWER)
        self._last = time.monotonic()

    def silent_for(self) -> float:
        """Seconds since it was last known to live."""
        return time.monotonic() - self._last

    def cut(self) -> None:
        """End it at once, without asking the server."""
        self.is_open = False
        websocket = getattr(self._client.eio, "ws", None)
        if websocket is not None:
            websocket.abort()

    def _lost(self, *_: object) -> None:
        self.is_open = False
        self._ended()

    def _take(self, text: str) -> bool:
        """Take what came if it is an event; whether it is one. Most of what a busy server says concerns nobody here."""
        self._last = time.monotonic()
        event = _EVENT.match(text)
        if event is None:
            return False
        try:
            if self._is_wanted(event[1], text):
                self._heard(event[1], from_json(text[2:])[1])
        except Exception as error:  # else the connection would end without a word
            _SILENT.info("an event could not be read: %s", error)
        return True


def _client(server: Connection, take: Callable[[str], bool]) -> Any:
    """A Socket.IO client that is left all but the events. Its library loads with the first one."""
    import engineio  # type: ignore[import-untyped,unused-ignore]
    import socketio  # type: ignore[import-untyped,unused-ignore]
    import websocket

    class Reader(websocket.WebSocket):
        """The library's own, which would ask the system three times for each event, and start a thread for it.

        An event comes every few milliseconds, whoever it concerns, so its way is short: from the frame to `take`.
        """

        _ahead = b""

        def recv(self) -> str | bytes:
            while True:
                came = self._text() or super().recv()
                if not isinstance(came, str) or not take(came):
                    return came

        def _text(self) -> str:
            """The next frame if it is a whole text that was read at once, as nearly all are."""
            ahead = self._ahead = self._ahead or super()._recv(_AHEAD)  # type: ignore[no-untyped-call]
            length, begin = int.from_bytes(ahead[1:2]), 2
            if length == 126:
                length, begin = int.from_bytes(ahead[2:4]), 4
            elif length > 126:  # larger still, or masked
                return ""
            end = begin + length
            if ahead[0] != _TEXT or len(ahead) < end:
                return ""
            self._ahead = ahead[end:]
            return ahead[begin:end].decode()

        def _recv(self, bufsize: int) -> bytes:
            if not self._ahead:
                self._ahead = super()._recv(max(bufsize, _AHEAD))  # type: ignore[no-untyped-call]
            piece, self._ahead = self._ahead[:bufsize], self._ahead[bufsize:]
            return piece

    class InPlace(engineio.Client):  # type: ignore[misc]
        """The library's own, which would start a thread for each message."""

        def start_background_task(self, target: Any, *args: Any, **options: Any) -> Any:
            if target != self.handlers.get("message"):
                return super().start_background_task(target, *args, **options)
            try:
                return target(*args, **options)
            except Exception as error:  # as above
                return _SILENT.info("a message could not be read: %s", error)

    class Client(socketio.Client):  # type: ignore[misc]
        def _engineio_client_class(self) -> type[InPlace]:
            return InPlace

    return Client(
        reconnection=False,
        handle_sigint=False,
        logger=_SILENT,
        engineio_logger=_SILENT,
        request_timeout=_OPEN,
        websocket_extra_options={"class_": Reader, **_options(server)},
    )


def _options(server: Connection) -> dict[str, Any]:
    """What the websocket's own library is to use of TLS and of a proxy."""
    # Its check of UTF-8 is a loop in Python over each byte; decoding checks too.
    options: dict[str, Any] = {"enable_multithread": True, "skip_utf8_validation": True}
    if server.ssl_context is not None:
        options["sslopt"] = {"context": server.ssl_context}
    if server.proxy_url is None:
        return options | {"http_no_proxy": ["*"]}
    proxy = urlsplit(server.proxy_url)
    options |= {"http_proxy_host": proxy.hostname, "http_proxy_port": proxy.port or 8080}
    options |= {"proxy_type": "http" if proxy.scheme == "https" else proxy.scheme}
    if proxy.username is not None:
        options["http_proxy_auth"] = (unquote(proxy.username), unquote(proxy.password or ""))
    return options
