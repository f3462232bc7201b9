"""The endpoints for server information: version, configuration, node cache, schema; and dynamic prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from invokable.contract.limits import Limits
from invokable.contract.server import HOST, PORT
from invokable.testing.prompts import PromptError, all_of, some_of
from invokable.testing.server import checks
from invokable.testing.web.call import Answer, Call, Parameters
from invokable.testing.web.route_table import route

if TYPE_CHECKING:
    from invokable.testing.execution import InvocationCache

_APP: Final = "/api/v1/app"
_HIGHLIGHTS: Final = ((5, 6), (6, 9))


@route("GET", f"{_APP}/version", open=True)
def version(call: Call) -> Answer:
    """The version, without sign-in."""
    number = tuple(int(part) for part in call.world.version.split(".")[:2])
    had_highlights = _HIGHLIGHTS[0] <= number < _HIGHLIGHTS[1]
    return Answer({"version": call.world.version, **({"highlights": None} if had_highlights else {})})


@route("GET", "/openapi.json", open=True, slow=True)
def openapi(call: Call) -> Answer:
    """The openapi document with the node schemas."""
    from invokable.testing.web.openapi import document

    if call.world.openapi is None:
        call.world.openapi = document(call.world.reader.schema)
    return Answer(call.world.openapi)


@route("GET", f"{_APP}/runtime_config", admin=True)
def runtime_config(call: Call) -> Answer:
    """The configuration values that clients may need."""
    world = call.world
    config: dict[str, Any] = {
        "schema_version": "4.0.3",
        "host": HOST,
        "port": PORT,
        "base_url": None,
        "http_compression_level": 9,
        "device": "auto",
        "precision": "auto",
        "max_queue_size": world.queue.max_size,
        "session_queue_mode": "round_robin",
        "clear_queue_on_startup": False,
        "max_queue_history": None,
        "allow_nodes": None,
        "deny_nodes": None,
        "node_cache_size": 512,
        "multiuser": world.users.multiuser,
        "strict_password_checking": False,
    }
    return Answer({"set_fields": ["host", "port"], "config": config})


@route("GET", f"{_APP}/app_deps")
def dependencies(call: Call) -> Answer:
    """The versions of the server's dependencies: here, only its own version."""
    return Answer({"InvokeAI": call.world.version})


@route("GET", f"{_APP}/logging")
def logging(call: Call) -> Answer:
    """The log level."""
    return Answer(20)


@route("GET", f"{_APP}/patchmatch_status")
def patchmatch(call: Call) -> Answer:
    """Whether PatchMatch is available."""
    return Answer(True)


@route("GET", f"{_APP}/invocation_cache/status", admin=True)
def cache_status(call: Call) -> Answer:
    """The size and hits of the node cache."""
    cache = _cache(call)
    counts = {name: getattr(cache, name) for name in ("hits", "misses", "enabled", "max_size")}
    return Answer({"size": len(cache), **counts})


@route("PUT", f"{_APP}/invocation_cache/enable", admin=True)
def enable_cache(call: Call) -> Answer:
    """Enable the node cache."""
    _cache(call).enabled = True
    return Answer(None)


@route("PUT", f"{_APP}/invocation_cache/disable", admin=True)
def disable_cache(call: Call) -> Answer:
    """Disable the node cache."""
    _cache(call).enabled = False
    return Answer(None)


@route("DELETE", f"{_APP}/invocation_cache", admin=True)
def clear_cache(call: Call) -> Answer:
    """Empty the node cache."""
    _cache(call).clear()
    return Answer(None)


@route("POST", "/api/v1/utilities/dynamicprompts")
def dynamic_prompts(call: Call) -> Answer:
    """The expansion of a dynamic prompt, or a random part of it."""
    given = Parameters(call)
    prompt = given.member("prompt", checks.TEXT)
    most = given.member("max_prompts", checks.integer(Limits(minimum=1, maximum=10_000)), 1000)
    combinatorial = given.member("combinatorial", checks.BOOLEAN, True)
    seed = given.member("seed", checks.INTEGER, None)
    given.check()
    try:
        found = all_of(prompt, most) if combinatorial else some_of(prompt, most, seed)
    except PromptError as error:
        return Answer({"prompts": [prompt], "error": str(error)})
    return Answer({"prompts": found or [""], "error": None})


def _cache(call: Call) -> InvocationCache:
    from invokable.testing.execution import InvocationCache

    if call.world.cache is None:  # nothing has run since the server started
        call.world.cache = InvocationCache()
    cache: InvocationCache = call.world.cache
    return cache
