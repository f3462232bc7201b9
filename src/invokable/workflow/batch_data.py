"""Batch data: the values for fields of the graph, as the server expects them, as long as there are not too many.

A line of settings can mean 100,000 values, and one batch node can feed all fields of a workflow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from invokable.contract.generators import count, expand
from invokable.workflow.reading import BatchDatum, BatchGroup

ROOM: Final = 4_000_000
"""The characters of all values that are listed for a workflow, about."""
_NUMBER: Final = 10
"""The characters of a number that a generator makes, about."""
_BETWEEN: Final = 4
"""The characters between values."""

_Source: TypeAlias = tuple[str, str]


def batch_data(groups: Iterable[BatchGroup], room: int = ROOM) -> Iterator[Iterator[dict[str, object]]]:
    """The `batch.data` of the enqueue body, with iterators, since the values may take far more memory than the file.

    `resolve` says how to get `items` that only the server knows. A list that does not fit into what is left of the
    `room` is replaced by the number of its values, `count`, and their `source`: a node and a field.
    """
    listing = _Listing(room)
    return map(listing.of, groups)


@dataclass(slots=True)
class _Listing:
    room: int
    _measured: dict[_Source, tuple[int, int | None]] = field(default_factory=dict)
    """The characters of the values of each source, and their number if it is known."""

    def of(self, group: BatchGroup) -> Iterator[dict[str, object]]:
        """The data of a group."""
        listed: _Source | None = None
        values: dict[str, object] = {}
        for datum in group.data:
            source = datum.source_node, datum.source_field
            size, number = self._measure(source, datum)
            if size > self.room:
                short = {"count": number, "source": {"node_id": datum.source_node, "field": datum.source_field}}
                yield _target(datum) | short
                continue
            if source != listed:  # one may feed many fields
                listed, values = source, _values(datum)
            self.room -= size
            yield _target(datum) | values

    def _measure(self, source: _Source, datum: BatchDatum) -> tuple[int, int | None]:
        if source not in self._measured:
            if datum.generator is None:
                self._measured[source] = _characters(datum.items), len(datum.items)
            else:
                number = count(datum.generator)
                self._measured[source] = _characters(datum.generator.values()) + _NUMBER * (number or 0), number
        return self._measured[source]


def _characters(values: Iterable[object]) -> int:
    return sum(len(str(value)) + _BETWEEN for value in values)


def _target(datum: BatchDatum) -> dict[str, object]:
    return {"node_path": datum.node_path, "field_name": datum.field_name}


def _values(datum: BatchDatum) -> dict[str, object]:
    if datum.generator is None:
        return {"items": datum.items}
    expanded = expand(datum.generator)
    return {"resolve": expanded} if isinstance(expanded, dict) else {"items": expanded}
