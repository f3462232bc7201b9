"""Batches: the values from which the server makes several runs of a graph, their sources and their targets.

    BatchTable ─ sources ─▶ BatchSource    a collection of values, or the settings of a generator that makes them
               ├ groups ──▶ BatchTarget    the field for them; targets of a group are zipped, groups multiplied
               └ fed                       collections that are not used, since a generator makes the values

The server does not check the values: an item with an invalid value stays in the queue and blocks everything behind it.
So each target says what its field accepts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from invokable.contract.limits import NO_LIMITS, NOT_FINITE, Limits


@dataclass(frozen=True, slots=True)
class ItemCheck:
    """What a field accepts as an item of a batch."""

    type: str = ""
    """The field type, such as `IntegerField`; empty if it is not known."""
    limits: Limits = NO_LIMITS
    options: tuple[Any, ...] = ()

    def misfit(self, item: Any) -> str:
        """Why an item is not valid for the field, such as `is not an integer`; empty if it is valid."""
        match self.type:
            case "IntegerField" | "FloatField":
                wanted = int if self.type == "IntegerField" else int | float
                if isinstance(item, bool) or not isinstance(item, wanted):
                    return "is not an integer" if self.type == "IntegerField" else "is not a number"
                if item - item != 0:  # infinity or NaN
                    return NOT_FINITE
                return self.limits.misfit_of_number(item)
            case "StringField" | "EnumField" | "SchedulerField" if not isinstance(item, str):
                return "is not text"
            case "StringField" if misfit := self.limits.misfit_of_text(item):
                return misfit
            case "BooleanField" if not isinstance(item, bool):
                return "is neither True nor False"
            case "ImageField" if not (isinstance(item, dict) and "image_name" in item):
                return "is not an image"
        if self.options and item not in self.options:
            return f"is not one of {', '.join(map(repr, self.options))}"
        return ""


@dataclass(frozen=True, slots=True)
class BatchSource:
    """Where the values of a batch come from: a field with the values, or one with a generator's settings."""

    node_id: str
    field: str
    items: list[Any] | None = None
    generator: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class BatchTarget:
    """A field of the graph that receives one value of its source in each run."""

    node_id: str
    field: str
    source: int
    """The position of its source in the table."""
    check: ItemCheck


@dataclass(frozen=True, slots=True)
class BatchTable:
    """All batches of a workflow."""

    sources: tuple[BatchSource, ...] = ()
    groups: tuple[tuple[BatchTarget, ...], ...] = ()
    fed: tuple[tuple[str, str], ...] = ()
    """The collections of batch nodes, by node and field, whose values come from a generator instead."""

    def to_json(self) -> dict[str, Any]:
        """The table as stored in a generated module."""
        return {
            "sources": [
                {"node_id": source.node_id, "field": source.field}
                | ({"items": source.items} if source.generator is None else {"generator": source.generator})
                for source in self.sources
            ],
            "groups": [
                [
                    {"node_id": target.node_id, "field": target.field, "source": target.source}
                    | {"type": target.check.type, **target.check.limits.to_json()}
                    | ({"options": list(target.check.options)} if target.check.options else {})
                    for target in group
                ]
                for group in self.groups
            ],
            **({"fed": [list(place) for place in self.fed]} if self.fed else {}),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> BatchTable:
        """Read what `to_json` returned."""
        return cls(
            tuple(BatchSource(**source) for source in value["sources"]),
            tuple(tuple(map(_target, group)) for group in value["groups"]),
            tuple((node_id, field) for node_id, field in value.get("fed", ())),
        )


def _target(value: Mapping[str, Any]) -> BatchTarget:
    check = ItemCheck(value["type"], Limits.from_json(value), tuple(value.get("options", ())))
    return BatchTarget(value["node_id"], value["field"], value["source"], check)
