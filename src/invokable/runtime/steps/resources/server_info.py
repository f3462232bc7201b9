"""Server info: version, users and cache of a server."""

from __future__ import annotations

from typing import Any, Final

from invokable.contract.density import crowding
from invokable.runtime.errors import APIError
from invokable.runtime.steps.exchange.answers import Answer
from invokable.runtime.steps.exchange.fetching import fetch
from invokable.runtime.steps.exchange.protocol import Request, Steps
from invokable.runtime.steps.exchange.records import record
from invokable.runtime.steps.exchange.responses import not_invokeai, parse, read, shaped
from invokable.runtime.steps.resources.server_cache import ServerCache
from invokable.runtime.steps.resources.versions import at_least, server_version
from invokable.runtime.values.records import InvocationCache, ServerInfo, User

_CACHE: Final = "/api/v1/app/invocation_cache"


class _Auth(Answer):
    multiuser_enabled: bool


class _Config(Answer):
    config: dict[str, Any]


def server_info(cache: ServerCache) -> Steps[ServerInfo]:
    """What the server reports about itself to this client."""
    cache.version = yield from server_version()
    multiuser = False
    if (yield from at_least(cache, "6.12")):
        multiuser = read((yield from fetch(Request("GET", "/api/v1/auth/status"))), _Auth).multiuser_enabled
    room = (yield from max_queue_size()) if (yield from at_least(cache, "5.15")) else None
    return ServerInfo(version=cache.version, multiuser=multiuser, max_queue_size=room)


def openapi() -> Steps[dict[str, Any]]:
    """The server's OpenAPI document."""
    response = yield from fetch(Request("GET", "/openapi.json"))
    if response.status == 200 and (crowded := crowding(response.body, "an openapi.json")):
        raise not_invokeai(response.url, f"answered with {crowded}")
    return shaped(parse(response), dict[str, Any], where=response.url)


def current_user(cache: ServerCache) -> Steps[User | None]:
    """The user the client is signed in as; None on a single-user server."""
    if not (yield from server_info(cache)).multiuser:
        return None
    response = yield from fetch(Request("GET", "/api/v1/auth/me"))
    return record(User, parse(response), where=response.url)


def invocation_cache() -> Steps[InvocationCache]:
    """The state of the invocation cache."""
    response = yield from fetch(Request("GET", f"{_CACHE}/status"))
    return record(InvocationCache, parse(response), where=response.url)


def clear_invocation_cache() -> Steps[None]:
    """Empty the invocation cache."""
    parse((yield from fetch(Request("DELETE", _CACHE))))


def enable_invocation_cache(*, enabled: bool) -> Steps[None]:
    """Enable or disable the invocation cache."""
    parse((yield from fetch(Request("PUT", f"{_CACHE}/{'enable' if enabled else 'disable'}"))))


def max_queue_size() -> Steps[int | None]:
    """How many items may be pending in the queue; None if the server does not say."""
    try:
        config = read((yield from fetch(Request("GET", "/api/v1/app/runtime_config"))), _Config).config
    except APIError as error:
        if error.status in (401, 403):  # only for administrators
            return None
        raise
    size = config.get("max_queue_size")
    return size if isinstance(size, int) else None
