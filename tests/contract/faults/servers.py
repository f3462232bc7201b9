"""Servers: a simulator for each run, or one real server for all."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from invokable.testing import Simulator
from tests.live.provision import Server, live_server

QUEUE = "/api/v1/queue/default"


class Place(Protocol):
    """Where a run happens."""

    @property
    def url(self) -> str:
        """Its address."""

    def rows(self, batch_id: str) -> list[dict[str, Any]]:
        """The items of a batch in the queue."""

    def open(self) -> int:
        """The number of pending and running items."""

    def act(self, what: str) -> None:
        """Let somebody else change the queue."""


@dataclass(frozen=True)
class OnServer:
    """A server that answers at a port."""

    server: Server

    @property
    def url(self) -> str:
        return self.server.url

    def rows(self, batch_id: str) -> list[dict[str, Any]]:
        found = self._insist(lambda: self.server.get(f"{QUEUE}/list_all?destination=invokable-{batch_id}"))
        return [row for row in found if row["batch_id"] == batch_id]

    def open(self) -> int:
        counts = self._insist(lambda: self.server.get(f"{QUEUE}/status"))["queue"]
        return int(counts["pending"] + counts["in_progress"])

    def act(self, what: str) -> None:
        if what == "kill":  # done by the code that started the server
            return
        paths = {"clear": "clear", "prune": "prune", "cancel": "cancel_all_except_current"}
        self.server.put(f"{QUEUE}/{paths[what]}")

    def _insist(self, ask: Any) -> Any:
        for _ in range(120):
            with contextlib.suppress(Exception):
                return ask()
            time.sleep(1)
        return ask()


@dataclass(frozen=True)
class OnSimulator(OnServer):
    """A simulator with a port."""

    simulator: Simulator

    def act(self, what: str) -> None:
        simulator = self.simulator
        if what == "kill":
            simulator.crash(1.5)
        else:
            {
                "clear": simulator.clear_by_other,
                "prune": simulator.prune_by_other,
                "cancel": simulator.cancel_by_other,
            }[what]()


@contextlib.contextmanager
def simulated(*, slow: bool) -> Iterator[OnSimulator]:
    """A separate simulator; a `slow` one gives others time to act."""
    with Simulator(speed=0.15 if slow else 0.0) as simulator:
        yield OnSimulator(Server(simulator.serve(), simulator.version), simulator)


@contextlib.contextmanager
def real(*, quick: bool) -> Iterator[OnServer]:
    """A real server. A `quick` one runs up to fifty items per second instead of one."""
    with live_server(quick=quick) as server:
        yield OnServer(server)
