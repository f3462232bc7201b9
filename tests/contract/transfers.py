"""A proxy that keeps its connections open and disturbs transfers of files, as a seed decides.

Each answer to a matching request may, at the given rate, be

    cut, reset            broken off after any number of bytes
    stalled               held back from any byte on
    slow                  sent in small pieces
    too long, too short   declared longer or shorter than it is, with the connection left open
    unbounded             sent without a length, and broken off
    chunked               sent in chunks, and broken off within one
    headless              sent without its first bytes
    packed                declared as gzip
    partial               declared as a part (206)
    page, json, empty, text   replaced by something else, declared as JSON or as a picture
    busy                  replaced by a 503
    doubled               sent twice

and a request may be cut: "refused" before it, "cut request" within it.
"""

from __future__ import annotations

import contextlib
import random
import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Sequence
from typing import BinaryIO, Final

from tests.contract.between import Between

ANSWERS: Final = (
    *("cut", "reset", "stalled", "slow", "too long", "too short", "unbounded", "chunked", "headless", "packed"),
    *("page", "json", "empty", "text", "busy", "refused", "cut request"),
)
"""The faults of any transfer."""
OF_DOWNLOADS: Final = (*ANSWERS, "partial", "doubled")
"""An upload's answer cannot be told from that of another upload, so it must not arrive twice."""

_LENGTH: Final = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_REPLACED: Final = {
    "page": (200, b"text/html", b"<html>"),
    "json": (200, b"application/json", b"{}"),
    "empty": (200, b"image/png", b""),
    "text": (200, b"image/png", b"not a picture"),
    "busy": (503, b"text/plain", b"busy"),
}


class Disturber(Between):
    """`met` counts the faults."""

    def __init__(self, server: str, path: str, faults: Sequence[str], *, rate: float, seed: int) -> None:
        self._path = path
        self._faults = faults
        self._rate = rate
        self._draw = random.Random(seed)
        self._lock = threading.Lock()
        self.met: Counter[str] = Counter()
        super().__init__(server)

    def _drawn(self, line: str) -> tuple[str, float]:
        """The fault of an exchange, if any, and where it happens, from 0 to 1."""
        with self._lock:
            if self._path not in line or self._draw.random() >= self._rate:
                return "", 0.0
            fault = self._draw.choice(self._faults)
            self.met[fault] += 1
            return fault, self._draw.random()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError), socket.create_connection(self._server) as server:
            requests, answers = client.makefile("rb"), server.makefile("rb")
            while (request := _message(requests)) is not None:
                head, body = request
                if b"upgrade: websocket" in head.lower():
                    return
                fault, where = self._drawn(head.partition(b" HTTP/")[0].decode("latin-1"))
                if fault == "refused":
                    return
                if fault == "cut request":
                    server.sendall((head + body)[: int(where * len(head + body))])
                    return
                server.sendall(head + body)
                answer = _message(answers)
                if answer is None or not self._answer(client, *answer, fault, where):
                    return

    def _answer(self, client: socket.socket, head: bytes, body: bytes, fault: str, where: float) -> bool:
        """Send an answer; return whether the connection stays open."""
        part, whole = int(where * len(body)), head + body
        match fault:
            case "cut" | "reset" | "stalled":
                client.sendall(whole[: int(where * len(whole))])
                if fault == "reset":
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                elif fault == "stalled":
                    self._over.wait(10)
                return False
            case "slow":
                size = len(whole) // 5 + 1
                for place in range(0, len(whole), size):
                    client.sendall(whole[place : place + size])
                    time.sleep(0.01)
            case "too long":
                client.sendall(_sized(head, len(body) + 1 + part) + body)
            case "too short":
                client.sendall(_sized(head, max(part - 1, 0)) + body)
            case "unbounded":
                client.sendall(_LENGTH.sub(b"X-Length: 0", head) + body[:part])
                return False
            case "chunked":
                client.sendall(_LENGTH.sub(b"Transfer-Encoding: chunked", head) + b"%x\r\n" % len(body) + body[:part])
                return False
            case "headless":
                client.sendall(_sized(head, len(body) - part) + body[part:])
            case "packed":
                client.sendall(head[:-2] + b"Content-Encoding: gzip\r\n\r\n" + body)
            case "partial":
                client.sendall(head.replace(b" 200 ", b" 206 ", 1) + body)
            case "doubled":
                client.sendall(whole + whole)
            case "":
                client.sendall(whole)
            case _:
                status, kind, content = _REPLACED[fault]
                start = b"HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n" % (
                    status,
                    kind,
                    len(content),
                )
                client.sendall(start + content)
        return True


def _sized(head: bytes, length: int) -> bytes:
    return _LENGTH.sub(b"Content-Length: %d" % length, head)


def _message(file: BinaryIO) -> tuple[bytes, bytes] | None:
    """The head and the body of a request or an answer; None at the end."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = file.readline()
        if not line:
            return None
        head += line
    declared = _LENGTH.search(head)
    size = int(declared[1]) if declared else 0
    body = file.read(size)
    return (head, body) if len(body) == size else None
