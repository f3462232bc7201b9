"""Server: its version and settings, and whether a module fits it."""

from __future__ import annotations

import builtins

from invokable.runtime.client._async.repositories.repository import AsyncRepository
from invokable.runtime.client.surface import checked_class
from invokable.runtime.steps.resources.node_drift import drift
from invokable.runtime.steps.resources.server_info import (
    clear_invocation_cache,
    current_user,
    enable_invocation_cache,
    invocation_cache,
    server_info,
)
from invokable.runtime.steps.resources.versions import server_version
from invokable.runtime.values.pins import pins_of
from invokable.runtime.values.records import InvocationCache, ServerInfo, User
from invokable.runtime.values.workflow import Workflow


class AsyncServer(AsyncRepository):
    """The server itself. Every method raises ConnectionError and APIError."""

    async def version(self) -> str:
        """The server's version, such as `6.14.2`."""
        return await self._drive(server_version())

    async def info(self) -> ServerInfo:
        """What the server reports about itself to this client: some of it to administrators only."""
        return await self._drive(server_info(self._cache))

    async def user(self) -> User | None:
        """The user this client is signed in as; None on a single-user server. Raises AuthenticationError."""
        return await self._drive(current_user(self._cache))

    async def invocation_cache(self) -> InvocationCache:
        """The state of the invocation cache. On a multi-user server, this requires an administrator."""
        return await self._drive(invocation_cache())

    async def clear_invocation_cache(self) -> None:
        """Empty the invocation cache, so that every node runs again.

        On a multi-user server, this requires an administrator.
        """
        await self._drive(clear_invocation_cache())

    async def enable_invocation_cache(self, *, enabled: bool = True) -> None:
        """Enable the invocation cache, or disable it with `enabled=False`, until the server restarts.

        On a multi-user server, this requires an administrator.
        """
        await self._drive(enable_invocation_cache(enabled=enabled))

    async def check(self, workflow: type[Workflow]) -> builtins.list[str]:
        """How the server's nodes differ from those the workflow was generated for; empty if they do not differ.

        Raises StaleWorkflowError.
        """
        return await self._drive(drift(pins_of(checked_class(workflow))))
