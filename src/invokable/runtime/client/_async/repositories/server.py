"""Server: what it is, and whether a module fits it."""

from __future__ import annotations

import builtins

from invokable.runtime.client._async.repositories.repository import AsyncRepository
from invokable.runtime.steps.drift import drift
from invokable.runtime.steps.models import server_version
from invokable.runtime.steps.server_info import (
    clear_invocation_cache,
    current_user,
    enable_invocation_cache,
    invocation_cache,
    server_info,
)
from invokable.runtime.values.pins import pins_of
from invokable.runtime.values.records import InvocationCache, ServerInfo, User
from invokable.runtime.values.workflow import Workflow


class AsyncServer(AsyncRepository):
    """The server itself. Every method raises ConnectionError and APIError."""

    async def version(self) -> str:
        """Its version, such as `6.14.2`."""
        return await self._drive(server_version())

    async def info(self) -> ServerInfo:
        """What it says of itself, as far as it says it to whoever asks."""
        return await self._drive(server_info(self._known))

    async def user(self) -> User | None:
        """Whom it takes this client for; None on a server without users. Raises AuthenticationError."""
        return await self._drive(current_user(self._known))

    async def invocation_cache(self) -> InvocationCache:
        """How full its cache of nodes is. On a server of several users, only an administrator may ask."""
        return await self._drive(invocation_cache())

    async def clear_invocation_cache(self) -> None:
        """Empty its cache of nodes: every node runs again. On a server of several users, an administrator may."""
        await self._drive(clear_invocation_cache())

    async def enable_invocation_cache(self, *, enabled: bool = True) -> None:
        """Have nodes use the cache, or, with `enabled=False`, none of them, until the server is restarted.

        On a server of several users, only an administrator may.
        """
        await self._drive(enable_invocation_cache(enabled=enabled))

    async def check(self, workflow: type[Workflow]) -> builtins.list[str]:
        """How its nodes differ from those that a workflow class was made for; empty when they do not.

        Raises StaleWorkflowError.
        """
        return await self._drive(drift(pins_of(workflow)))
