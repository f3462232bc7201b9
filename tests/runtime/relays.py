"""Relays between a client and a server: TLS, an HTTP proxy, and servers that hang in various ways."""

from __future__ import annotations

import base64
import contextlib
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

Serve = Callable[[socket.socket], None]


@contextlib.contextmanager
def listening(serve: Serve, *, tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """A port at which each connection is served in its own thread."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=one, args=[listener.accept()[0]], daemon=True).start()

        def one(raw: socket.socket) -> None:
            with contextlib.suppress(OSError), raw:
                if tls is None:
                    serve(raw)
                    return
                with tls.wrap_socket(raw, server_side=True, do_handshake_on_connect=False) as wrapped:
                    try:
                        wrapped.do_handshake()
                    except ssl.SSLError:  # the TLS alert has to arrive before the connection is reset
                        time.sleep(0.2)
                        raise
                    serve(wrapped)

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def relay_to(url: str) -> Serve:
    """Forwards everything to the server at an address."""
    parts = urlsplit(url)

    def serve(client: socket.socket) -> None:
        with socket.create_connection((parts.hostname or "", parts.port or 80)) as server:
            _joined(client, server)

    return serve


def below(prefix: str, url: str, heads: list[str]) -> Serve:
    """Forwards what is below a path, as a proxy does that serves several programs, and records all headers."""
    parts = urlsplit(url)

    def serve(client: socket.socket) -> None:
        head, rest = _head(client)
        heads.append(head)
        path = head.split(" ")[1]
        if not path.startswith(f"{prefix}/"):
            client.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return
        head = head.replace(path, path.removeprefix(prefix), 1)
        closes = "" if "upgrade: websocket" in head.lower() else "\r\nConnection: close"
        with socket.create_connection((parts.hostname or "", parts.port or 80)) as server:
            server.sendall(f"{head}{closes}\r\n\r\n".encode("latin-1") + rest)
            _joined(client, server)

    return serve


def without_websockets(url: str, answer: bytes | None) -> Serve:
    """Forwards everything but websockets: those get this answer, or become plain requests, as with some proxies."""
    parts = urlsplit(url)

    def serve(client: socket.socket) -> None:
        head, rest = _head(client)
        asks = "upgrade: websocket" in head.lower()
        if asks and answer is not None:
            client.sendall(answer)
            return
        head = (
            re.sub(r"\r\n(Upgrade|Connection|Sec-WebSocket-[^:]*):[^\r]*", "", head, flags=re.IGNORECASE)
            if asks
            else head
        )
        with socket.create_connection((parts.hostname or "", parts.port or 80)) as server:
            server.sendall(f"{head}\r\n\r\n".encode("latin-1") + rest)
            _joined(client, server)

    return serve


class HttpProxy:
    """An HTTP proxy that requires `user` and `password`, if given. `seen` has the headers of all requests."""

    def __init__(self, user: str = "", password: str = "", hosts: dict[str, int] | None = None) -> None:
        self._wanted = f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}" if user else ""
        self._hosts = hosts or {}
        self.seen: list[str] = []

    def serve(self, client: socket.socket) -> None:
        head, rest = _head(client)
        self.seen.append(head)
        method, target, _ = head.partition("\r\n")[0].split(" ")
        if self._wanted and f"proxy-authorization: {self._wanted}".lower() not in head.lower():
            client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        place = urlsplit(f"//{target}" if method == "CONNECT" else target)
        address = ("127.0.0.1", self._hosts.get(place.hostname or "", place.port or 80))
        with socket.create_connection(address) as server:
            if method == "CONNECT":
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                path = target.split(place.netloc, 1)[1]
                head = re.sub(r"\r\nProxy-Authorization:[^\r]*", "", head.replace(target, path, 1), flags=re.IGNORECASE)
                server.sendall(f"{head}\r\nConnection: close\r\n\r\n".encode() + rest)
            _joined(client, server)


def closing_kept(client: socket.socket) -> None:
    """Answers a request, keeps the connection open, and closes it at the next one, as some load balancers do."""
    body = b'{"version": "6.14.2"}'
    _head(client)
    client.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    )
    _head(client)


def silent(client: socket.socket) -> None:
    """Reads everything and never answers."""
    while client.recv(65536):
        pass


def deaf(client: socket.socket) -> None:
    """Reads nothing."""
    time.sleep(60)


def trickling(kind: str) -> Serve:
    """Answers endlessly, a byte at a time: in the `headers` or in the `body`."""
    start = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    start += b"X-Long: " if kind == "headers" else b"Content-Length: 100000\r\n\r\n"

    def serve(client: socket.socket) -> None:
        client.recv(65536)
        client.sendall(start)
        while True:
            time.sleep(0.02)
            client.sendall(b" " if kind == "body" else b"x")

    return serve


@contextlib.contextmanager
def full_backlog() -> Iterator[int]:
    """A port with a full backlog that accepts no connections: further ones hang."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(8):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        time.sleep(0.05)
        yield listener.getsockname()[1]


def _head(client: socket.socket) -> tuple[str, bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = client.recv(65536)
        if not chunk:
            raise OSError("closed")
        data += chunk
    head, _, rest = data.partition(b"\r\n\r\n")
    return head.decode("latin-1"), rest


def _joined(one: socket.socket, other: socket.socket) -> None:
    back = threading.Thread(target=_passed, args=[other, one], daemon=True)
    back.start()
    _passed(one, other)
    back.join(10)


def _passed(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while chunk := source.recv(65536):
            target.sendall(chunk)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
