"""Seen: what tests can check about a simulator afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from invokable.testing.world import Ran


@dataclass(frozen=True, slots=True)
class Job:
    """A queue item that was started."""

    item_id: int
    batch_id: str
    status: str
    values: Mapping[tuple[str, str], Any]
    """The batch's values for it, by node id and field name."""
    begun: int
    """How often the server started it."""
    nodes: Mapping[str, int]
    """How often each node of the workflow ran in it, by node id."""

    @classmethod
    def of(cls, ran: Ran) -> Job:
        """The job for an item that ran."""
        values = {(value["node_path"], value["field_name"]): value["value"] for value in ran.row.values}
        row = ran.row
        return cls(row.item_id, row.batch.batch_id, row.status, values, ran.begun, dict(ran.nodes))


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """A request that reached the server, and the status of its answer, or None if there was none."""

    method: str
    path: str
    status: int | None
