"""Addresses: the lookup of a server's name, and the time for trying what it finds."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
import time
from concurrent.futures import Future

import httpcore

from invokable.runtime.client._http.exchange import Exchange


class ConnectTimer:
    """The time that connecting may take, over all addresses that are tried."""

    def __init__(self, current: Exchange, timeout: float | None) -> None:
        self._current = current
        self._own = Exchange(None if timeout is None else time.monotonic() + timeout)

    def time_left(self, *, of: int = 1) -> float | None:
        """Seconds for the next attempt, out of `of` that remain."""
        seconds = self._own.time_left(self._current.time_left(None, httpcore.ConnectTimeout), httpcore.ConnectTimeout)
        return None if seconds is None else seconds / of


def look_up(host: str, port: int) -> Future[list[str]]:
    """Look up the addresses of a name. The system's lookup cannot be interrupted, so a thread waits for it."""
    found: Future[list[str]] = Future()
    try:
        ipaddress.ip_address(host)
    except ValueError:
        threading.Thread(target=_resolve, args=(host, port, found), daemon=True).start()
    else:
        found.set_result([host])
    return found


def _resolve(host: str, port: int, found: Future[list[str]]) -> None:
    try:
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in entries))
        if found.set_running_or_notify_cancel():
            found.set_result(addresses)
    except (OSError, UnicodeError) as error:
        if found.set_running_or_notify_cancel():
            found.set_exception(httpcore.ConnectError(f"could not resolve {host}: {error}"))


def wait_for(addresses: Future[list[str]], limit: float | None) -> list[str]:
    """The addresses, in a thread. Raises ConnectError and ConnectTimeout."""
    try:
        return addresses.result(limit)
    except TimeoutError:
        raise httpcore.ConnectTimeout("timed out while resolving the server's name") from None


async def async_wait_for(addresses: Future[list[str]], limit: float | None) -> list[str]:
    """The addresses, in an event loop. Raises ConnectError and ConnectTimeout."""
    if addresses.done():
        return addresses.result()
    try:
        async with asyncio.timeout(limit):
            return await asyncio.wrap_future(addresses)
    except TimeoutError:
        raise httpcore.ConnectTimeout("timed out while resolving the server's name") from None
