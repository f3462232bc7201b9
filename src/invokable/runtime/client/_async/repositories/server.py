"""Server: what it is, and whether a module fits it."""

from __future__ import annotations

import builtins

from invokable.runtime.client._async.repositories.repository import AsyncRepository
from invokable.runtime.steps.drift import drift
from invokable.runtime.steps.models import server_version
from invokable.runtime.steps.server_info import server_info
from invokable.runtime.values.pins import pins_of
from invokable.runtime.values.records import ServerInfo
from invokable.runtime.values.workflow import Workflow


class AsyncServer(AsyncRepository):
    """The server itself. Every method raises ConnectionError and APIError."""

    async def version(self) -> str:
        """Its version, such as `6.14.2`."""
        return await self._drive(server_version())

    async def info(self) -> ServerInfo:
        """What it says of itself, as far as it says it to whoever asks."""
        return await self._drive(server_info(self._known))

    async def check(self, workflow: type[Workflow]) -> builtins.list[str]:
        """How its nodes differ from those that a workflow class was made for; empty when they do not.

        Raises StaleWorkflowError.
        """
        return await self._drive(drift(pins_of(workflow)))
