"""Batches: from the data of a batch to the values of its items.

data = [group, …]     the groups are multiplied, the last one varying fastest
group = [datum, …]    the items of a group's data are zipped
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

FieldValue = dict[str, Any]
"""`{"node_path", "field_name", "value"}`"""


@dataclass(slots=True)
class Batch:
    """An accepted batch: its graph is normalized and shared by all its items."""

    batch_id: str
    graph: dict[str, Any]
    origin: str | None = None
    destination: str | None = None
    workflow: dict[str, Any] | None = None
    data: list[list[dict[str, Any]]] | None = None
    runs: int = 1
    user_id: str = "system"

    def to_json(self) -> dict[str, Any]:
        """The batch as the server returns it."""
        return {
            "batch_id": self.batch_id,
            "origin": self.origin,
            "destination": self.destination,
            "data": self.data,
            "graph": self.graph,
            "workflow": self.workflow,
            "runs": self.runs,
        }


def size(data: Sequence[Sequence[dict[str, Any]]] | None, runs: int) -> int:
    """The number of items of a batch."""
    total = runs
    for group in data or ():
        total *= len(group[0]["items"]) if group else 0
    return total


def expand(data: Sequence[Sequence[dict[str, Any]]] | None, runs: int) -> Iterator[list[FieldValue]]:
    """The values of each item, in the order of the runs."""
    groups = [list(_zipped(group)) for group in data or ()]
    for _ in range(runs):
        for combination in itertools.product(*groups):
            yield [value for values in combination for value in values]


def _zipped(group: Sequence[dict[str, Any]]) -> Iterator[tuple[FieldValue, ...]]:
    columns = [
        [{"node_path": datum["node_path"], "field_name": datum["field_name"], "value": item} for item in datum["items"]]
        for datum in group
    ]
    return zip(*columns, strict=True)


def substituted(nodes: dict[str, Any], values: Sequence[FieldValue]) -> dict[str, Any]:
    """The nodes that an item's values change, by id."""
    changed: dict[str, Any] = {}
    for value in values:
        node_id = value["node_path"]
        changed[node_id] = {**changed.get(node_id, nodes[node_id]), value["field_name"]: value["value"]}
    return changed
