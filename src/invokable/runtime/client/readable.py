"""Readable: whether a socket has something to read, with one system call."""

from __future__ import annotations

import select
import socket


def is_readable(connection: socket.socket, seconds: float | None = 0.0) -> bool:
    """Whether data has arrived, or arrives within some seconds, or the other side has closed; None for no limit."""
    if connection.fileno() < 0:
        return True
    if not hasattr(select, "poll"):  # on Windows
        return bool(select.select([connection], [], [], seconds)[0])
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(None if seconds is None else seconds * 1000))
