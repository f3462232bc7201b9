"""Frames of a websocket, and a server that answers the first few requests of a client for events."""

from __future__ import annotations

import base64
import hashlib
import re
import socket

TEXT = 0x1


def frame(text: str, opcode: int = TEXT, *, last: bool = True) -> bytes:
    """A frame, as sent by a server."""
    content = text.encode()
    head = bytes([opcode | (0x80 if last else 0)])
    if len(content) < 126:
        return head + bytes([len(content)]) + content
    if len(content) < 2**16:
        return head + b"\x7e" + len(content).to_bytes(2) + content
    return head + b"\x7f" + len(content).to_bytes(8) + content


ANSWERS = (
    frame('0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":100000}'),  # it is open
    frame('40{"sid":"b"}'),  # connected
    frame("431[]"),  # subscribed
)


def subscribed(client: socket.socket, answers: int = len(ANSWERS)) -> None:
    """Accept a websocket and answer its requests up to the subscription, or only the first so many."""
    key = re.search(rb"(?i)sec-websocket-key: *(\S+)", client.recv(65536))
    assert key is not None
    digest = hashlib.sha1(key[1] + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    client.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n"
    )
    for number, answer in enumerate(ANSWERS[:answers]):
        if number > 0:
            client.recv(65536)  # a request
        client.sendall(answer)
