"""Server: its version and settings, and whether a module fits it."""

from __future__ import annotations

import builtins

from invokable.runtime.client._sync.repositories.repository import Repository
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


class Server(Repository):
    """The server itself. Every method raises ConnectionError and APIError."""

    def version(self) -> str:
        """The server's version, such as `6.14.2`."""
        return self._drive(server_version())

    def info(self) -> ServerInfo:
        """What the server reports about itself to this client: some of it to administrators only."""
        return self._drive(server_info(self._cache))

    def user(self) -> User | None:
        """The user this client is signed in as; None on a single-user server. Raises AuthenticationError."""
        return self._drive(current_user(self._cache))

    def invocation_cache(self) -> InvocationCache:
        """The state of the invocation cache. On a multi-user server, this requires an administrator."""
        return self._drive(invocation_cache())

    def clear_invocation_cache(self) -> None:
        """Empty the invocation cache, so that every node runs again.

        On a multi-user server, this requires an administrator.
        """
        self._drive(clear_invocation_cache())

    def enable_invocation_cache(self, *, enabled: bool = True) -> None:
        """Enable the invocation cache, or disable it with `enabled=False`, until the server restarts.

        On a multi-user server, this requires an administrator.
        """
        self._drive(enable_invocation_cache(enabled=enabled))

    def check(self, workflow: type[Workflow]) -> builtins.list[str]:
        """How the server's nodes differ from those the workflow was generated for; empty if they do not differ.

        Raises StaleWorkflowError.
        """
        return self._drive(drift(pins_of(checked_class(workflow))))
