"""A proxy between a client and a real server that injects faults.

Each request may have a fate, chosen by a pattern that is searched for in `METHOD /path`:

    cut before    the connection breaks before the request arrives
    cut request   half of the request arrives, then the connection breaks
    cut after     the server handles it, and the connection breaks
    cut amid      half of the answer arrives, then the connection breaks
    late N        the connection breaks, and the request arrives N seconds later
    double        it arrives twice, and gets the answer to the second one
    double lost   it arrives twice, and the connection breaks
    stall N       it is handled, and the answer arrives N seconds later
    dead          it does not arrive, and the connection stays open silently
    silence       it is handled, and the connection stays open silently
    trickle       it is handled, and the body of the answer arrives a byte at a time
    trickle head  it is handled, and the headers arrive a byte at a time
    html, garbage, truncated, shape, gzip   it is handled, and answered with that
    500 …         it is handled, and answered with that status
    !503 …        it does not arrive, and is answered with that status

The websocket for events is forwarded, and may have a fate by `GET /ws`:

    refuse        the connection breaks immediately
    drop N        it breaks after N seconds
    freeze N      after N seconds nothing is forwarded any longer, and the connection stays open
"""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from collections.abc import Iterator

from tests.contract.between import Between

_PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>"
_JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n%s"


class Proxy(Between):
    """`fates` are used in order."""

    def __init__(self, server: str) -> None:
        self.fates: list[tuple[str, str]] = []
        self.met: list[str] = []
        self.lines: list[str] = []
        self._late: list[threading.Timer] = []
        super().__init__(server)

    def settle(self) -> None:
        """Wait until all late requests have arrived."""
        for timer in self._late:
            timer.join()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            request = _message(client)
            if request:
                self._pass(client, request)

    def _pass(self, client: socket.socket, request: bytes) -> None:
        fate = self._fate(request.partition(b" HTTP/")[0].decode("latin-1"))
        kind, _, number = fate.partition(" ")
        if b"upgrade: websocket" in request.partition(b"\r\n\r\n")[0].lower():
            self._tunnel(client, request, fate)
        elif fate == "cut request":
            self._ask(request[: len(request) // 2], whole=False)
        elif kind == "late":
            timer = threading.Timer(float(number), self._ask, [request])
            self._late.append(timer)
            timer.start()
        elif fate == "dead":
            self._over.wait(60)
        elif fate.startswith("!"):
            client.sendall(_status(int(fate[1:])))
        elif fate != "cut before":
            self._answer(client, request, fate)

    def _fate(self, line: str) -> str:
        self.lines.append(line)
        for entry in self.fates:
            if re.search(entry[0], line):
                self.fates.remove(entry)
                self.met.append(entry[1])
                return entry[1]
        return ""

    def _answer(self, client: socket.socket, request: bytes, fate: str) -> None:
        answer = self._ask(request)
        if fate.startswith("double"):
            answer = self._ask(request)
        elif fate.startswith("stall"):
            self._over.wait(float(fate.removeprefix("stall ")))
        elif fate == "silence":
            self._over.wait(60)
        for piece in _disturbed(answer, fate):
            client.sendall(piece)

    def _tunnel(self, client: socket.socket, request: bytes, fate: str) -> None:
        """Forward a websocket for as long as its fate allows."""
        if fate == "refuse":
            return
        with socket.create_connection(self._server) as server:
            server.sendall(request)
            frozen = threading.Event()
            kind, _, seconds = fate.partition(" ")
            if kind == "drop":
                threading.Timer(float(seconds), _end, [server]).start()
            elif kind == "freeze":
                threading.Timer(float(seconds), frozen.set).start()
            back = threading.Thread(target=self._pump, args=[server, client, frozen], daemon=True)
            back.start()
            self._pump(client, server, frozen)
            back.join(1)

    def _pump(self, source: socket.socket, target: socket.socket, frozen: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(65536):
                if frozen.is_set():
                    self._over.wait(60)
                    break
                target.sendall(chunk)
        _end(target)

    def _ask(self, request: bytes, *, whole: bool = True) -> bytes:
        with socket.create_connection(self._server) as server:
            if not whole:
                server.sendall(request)
                return b""
            head, _, body = request.partition(b"\r\n\r\n")
            head = re.sub(rb"\r\nConnection:[^\r]*", b"", head, flags=re.IGNORECASE)
            server.sendall(head + b"\r\nConnection: close\r\n\r\n" + body)
            return b"".join(iter(lambda: server.recv(65536), b""))


def _end(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _message(connection: socket.socket) -> bytes:
    """A complete request; our client always sends the length of the body."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return b""
        data += chunk
    head = data.partition(b"\r\n\r\n")[0]
    length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
    whole = len(head) + 4 + (int(length[1]) if length else 0)
    while len(data) < whole:
        chunk = connection.recv(65536)
        if not chunk:
            return b""
        data += chunk
    return data


def _status(status: int) -> bytes:
    return b"HTTP/1.1 %d Oops\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\noops" % status


def _json(body: bytes, header: bytes = b"") -> bytes:
    return _JSON % (header, len(body), body)


def _disturbed(answer: bytes, fate: str) -> Iterator[bytes]:
    match fate:
        case "cut after" | "double lost" | "silence":
            return
        case "cut amid":
            yield answer[: len(answer) // 2]
        case "html":
            yield _PAGE
        case "garbage":
            yield _json(b"\xff{{")
        case "truncated":
            yield _json(answer.partition(b"\r\n\r\n")[2][:20])
        case "shape":
            yield _json(b'{"hello": "world"}')
        case "gzip":
            yield _json(b"not gzip", b"Content-Encoding: gzip\r\n")
        case "trickle":
            head, separator, body = answer.partition(b"\r\n\r\n")
            yield head + separator
            for number in range(len(body)):
                time.sleep(0.1)
                yield body[number : number + 1]
        case "trickle head":
            for number in range(len(answer)):
                time.sleep(0.02)
                yield answer[number : number + 1]
        case _ if fate.isdigit():
            yield _status(int(fate))
        case _:
            yield answer
