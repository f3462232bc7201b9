"""Handing out clients: the one place that knows how a Client is led into the simulator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from invokable.runtime.client._sync.client import Client
    from invokable.testing.simulator import Simulator


def make_client(simulator: Simulator, options: dict[str, Any]) -> Client:
    """A client of the simulator: over its port if it has one, else without."""
    from invokable.runtime.client._sync.client import Client

    if simulator.is_served:
        return Client(simulator.url, **options)
    return Client._over(simulator.transport(), simulator.url, **options)
