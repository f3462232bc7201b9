"""Socket: one Socket.IO connection for the server's events.

Websocket is the only transport that works: with long polling, some versions answer 500.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from pydantic_core import from_json

from invokable.runtime.client.connection import Connection
from invokable.runtime.client.threads import Flag

_CONNECT_TIMEOUT: Final = 5.0
"""Seconds for each step of opening a connection."""
_ANSWER_TIMEOUT: Final = 4.0
"""Seconds to wait for an answer. A busy server takes up to 2."""
_QUEUE: Final = {"queue_id": "default"}
_EVENT: Final = re.compile(r'42\["(\w+)"')
"""The start of an event on the wire: Engine.IO message, Socket.IO event, name."""
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
            from invokable.runtime.client.frames import proxy_refusal

            if refusal := proxy_refusal(error):
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
    """A Socket.IO client that handles everything but events."""
    from invokable.runtime.client.frames import Client, Reader

    return Client(
        reconnection=False,
        handle_sigint=False,
        logger=_LIBRARY_LOG,
        engineio_logger=_LIBRARY_LOG,
        request_timeout=_CONNECT_TIMEOUT,
        websocket_extra_options={"class_": partial(Reader, handle, is_busy, opening), **_options(server)},
    )


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
