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

from invokable.runtime.client.connection import Connection

_OPEN: Final = 5.0
"""Seconds for each step of opening a connection."""
_ANSWER: Final = 4.0
"""Seconds that a server may take to answer. A busy one takes up to 2."""
_AHEAD: Final = 2**16
"""Bytes that are read at once."""
_QUEUE: Final = {"queue_id": "default"}
_EVENT: Final = re.compile(r'2\["(\w+)"')
"""The beginning of an event on the wire."""
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
        self._heard = heard
        self._ended = ended
        self._last = time.monotonic()
        self.is_open = False
        self._client = _client(server, is_wanted)
        self._client.on("*", self._take)
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

    def _take(self, name: str, payload: Any = None, *_: object) -> None:
        self._last = time.monotonic()
        self._heard(name, payload)


def _client(server: Connection, is_wanted: Callable[[str, str], bool]) -> Any:
    """A Socket.IO client. Its library loads with the first one."""
    import engineio  # type: ignore[import-untyped,unused-ignore]
    import socketio  # type: ignore[import-untyped,unused-ignore]
    import websocket

    class InOrder(engineio.Client):  # type: ignore[misc]
        """The library's own, which would start a thread for each message, so that they overtook one another."""

        def start_background_task(self, target: Any, *args: Any, **options: Any) -> Any:
            if target != self.handlers.get("message"):
                return super().start_background_task(target, *args, **options)
            event = _EVENT.match(args[0]) if isinstance(args[0], str) else None
            if event is not None and not is_wanted(event[1], args[0]):
                return None  # before it is read: most of what a busy server says concerns nobody here
            try:
                return target(*args, **options)
            except Exception as error:  # else the connection would end without a word
                return _SILENT.info("an event could not be read: %s", error)

    class Buffered(websocket.WebSocket):
        """The library's own, which would ask the system three times for each event."""

        _ahead = b""

        def _recv(self, bufsize: int) -> bytes:
            if not self._ahead:
                self._ahead = super()._recv(max(bufsize, _AHEAD))  # type: ignore[no-untyped-call]
            piece, self._ahead = self._ahead[:bufsize], self._ahead[bufsize:]
            return piece

    class Client(socketio.Client):  # type: ignore[misc]
        def _engineio_client_class(self) -> type[InOrder]:
            return InOrder

    return Client(
        reconnection=False,
        handle_sigint=False,
        logger=_SILENT,
        engineio_logger=_SILENT,
        request_timeout=_OPEN,
        websocket_extra_options={"class_": Buffered, **_options(server)},
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
