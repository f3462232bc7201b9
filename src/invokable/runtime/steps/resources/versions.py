"""Versions: the server's version, where requests depend on it."""

from __future__ import annotations

import re

from invokable.runtime.errors import UnsupportedError
from invokable.runtime.steps.exchange.answers import Version
from invokable.runtime.steps.exchange.fetching import fetch
from invokable.runtime.steps.exchange.protocol import Request, Steps
from invokable.runtime.steps.exchange.responses import not_invokeai, read
from invokable.runtime.steps.resources.server_cache import ServerCache


def server_version() -> Steps[str]:
    """The server's version, such as `6.14.2`."""
    response = yield from fetch(Request("GET", "/api/v1/app/version"))
    if response.status == 404:  # as servers before 6.12 answer at an unknown path
        raise not_invokeai(response.url, "answered 404")
    return read(response, Version).version


def at_least(cache: ServerCache, needed: str) -> Steps[bool]:
    """Whether the server has at least this version. If it was too old before, its version is requested again."""
    if cache.version is None or not _reaches(cache.version, needed):
        cache.version = yield from server_version()
    return _reaches(cache.version, needed)


def require(cache: ServerCache, what: str, needed: str) -> Steps[None]:
    """Raise UnsupportedError if the server is older; `what` starts its message."""
    if not (yield from at_least(cache, needed)):
        raise UnsupportedError(what, needs=needed, version=cache.version or "")


def _reaches(version: str, needed: str) -> bool:
    return _parts(version) >= _parts(needed)


def _parts(version: str) -> tuple[int, ...]:
    """The numbers of a version, without a suffix such as `rc1`."""
    found = re.match(r"v?(\d+(?:\.\d+)*)", version)
    return tuple(map(int, found[1].split("."))) if found else ()
