"""Edge types: which output may be connected to which input.

The server compares the types of its classes. It connects a list with its items, an integer with a float or a boolean,
and an integer or a float with wider types, unless the input may also be null. It is strict about iterate and collect,
which have no type of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from invokable.schema import FieldType, Schema

NO_INPUT: Final = "Iterator must have a collection input edge"
NOTHING_COLLECTED: Final = "Collector must have at least one item or collection input edge"
SEVERAL_TYPES: Final = "Collector input collection items must be of a single type"
_NO_COLLECTION: Final = "Collector output must connect to a collection input"
_WRONG_COLLECTION: Final = "Collector outputs must connect to a collection input with a matching type"

_UNTYPED: Final = frozenset({"AnyField", "CollectionField", "CollectionItemField"})
_WIDER: Final = {
    "BooleanField": {"IntegerField"},
    "IntegerField": {"FloatField", "StringField"},
    "FloatField": {"StringField"},
}
# Attributes of every node and output, which the schema does not have.
_ATTRIBUTES: Final = {
    "id": "StringField",
    "is_intermediate": "BooleanField",
    "use_cache": "BooleanField",
    "type": "type",
    "output_meta": "output_meta",
}
# The editor takes it for an item of any type.
_RETURNED: Final = ("workflow_return_value", "value")


@dataclass(frozen=True)
class PortType:
    """The type of an output or input: alone, as a list, or either, and whether it may be null."""

    name: str
    single: bool = True
    several: bool = False
    nullable: bool = False

    @cached_property
    def parts(self) -> frozenset[str]:
        """The members of a union or list; a plain type has none."""
        if not (self.nullable or self.several):
            return frozenset()
        if not (self.nullable or self.single):
            return frozenset({self.name})
        parts = {self.name if self.single else "", f"list[{self.name}]" if self.several else ""}
        return frozenset(parts - {""} | ({"null"} if self.nullable else set()))

    @cached_property
    def plain(self) -> str:
        """The type if it is not a union."""
        if self.nullable or (self.single and self.several):
            return ""
        return f"list[{self.name}]" if self.several else self.name

    @property
    def is_any(self) -> bool:
        """Whether it accepts everything."""
        return self.name in _UNTYPED


def output_type(node_type: str, field: str, schema: Schema) -> PortType:
    """The type of an output."""
    if (node_type, field) == _RETURNED:
        return PortType("WorkflowReturnValueField")
    template = schema.nodes[node_type].outputs.get(field)
    return _port(template.type) if template else PortType(_ATTRIBUTES.get(field, "AnyField"))


def input_type(node_type: str, field: str, schema: Schema) -> PortType:
    """The type of an input."""
    template = schema.nodes[node_type].inputs.get(field)
    if template is None:
        return PortType(_ATTRIBUTES.get(field, "AnyField"))
    return _port(template.type, nullable=template.nullable or (template.required and template.input != "direct"))


def _port(field_type: FieldType, *, nullable: bool = False) -> PortType:
    kind = field_type.original or field_type
    cardinality = "COLLECTION" if kind.name == "CollectionField" else kind.cardinality
    return PortType(kind.name, cardinality != "COLLECTION", cardinality != "SINGLE", nullable)


def fits(given: PortType, wanted: PortType, *, subclasses: bool = True) -> bool:
    """Return whether the server accepts this connection. `subclasses` is whether a boolean is an integer."""
    if given == wanted or given.is_any or wanted.is_any:
        return True
    if given.plain == "BooleanField" and not subclasses:
        return bool({given.plain} & wanted.parts)
    if given.plain in wanted.parts or wanted.plain in given.parts or wanted.plain in _WIDER.get(given.plain, ()):
        return True
    return bool(given.parts) and given.parts <= wanted.parts


@dataclass(frozen=True, slots=True)
class Connections:
    """The types at the ends of a graph's edges."""

    types: Mapping[str, str]
    """The node types by node id."""
    edges: list[Any]
    schema: Schema

    def sources(self, node_id: str, field: str) -> list[Mapping[str, str]]:
        """The outputs that feed an input."""
        return [edge["source"] for edge in self.edges if edge["destination"] == {"node_id": node_id, "field": field}]

    def targets(self, node_id: str, field: str) -> list[Mapping[str, str]]:
        """The inputs that an output feeds."""
        return [edge["destination"] for edge in self.edges if edge["source"] == {"node_id": node_id, "field": field}]

    def given(self, source: Mapping[str, str]) -> PortType:
        """The type of an output."""
        return output_type(self.types[source["node_id"]], source["field"], self.schema)

    def wanted(self, target: Mapping[str, str]) -> PortType:
        """The type of an input."""
        return input_type(self.types[target["node_id"]], target["field"], self.schema)

    def iterator_problem(self, node_id: str) -> str | None:
        """The server's message about an invalid iterate node, or None."""
        inputs = self.sources(node_id, "collection")
        if not inputs:
            return NO_INPUT
        if len(inputs) > 1:
            return "Iterator may only have one input edge"
        given = self.given(inputs[0])
        if given.single:
            return "Iterator input must be a collection"
        wanted = [self.wanted(target) for target in self.targets(node_id, "item")]
        if not all(fits(PortType(given.name), target) for target in wanted):
            return "Iterator outputs must connect to an input with a matching type"
        if self.types[inputs[0]["node_id"]] != "collect":
            return None
        collected = self._collected(inputs[0]["node_id"])
        if not collected:
            return "Iterator input collector must have at least one item or collection input edge"
        root = _root(collected - _UNTYPED)
        if root and not all(fits(PortType(root), target) for target in wanted):
            return "Iterator collection type must match all iterator output types"
        return None

    def collector_problem(self, node_id: str) -> str | None:
        """The server's message about an invalid collect node, or None."""
        collections = self.sources(node_id, "collection")
        if not collections and not self.sources(node_id, "item"):
            return NOTHING_COLLECTED
        if not all(given.several or given.is_any for given in map(self.given, collections)):
            return "Collector collection input must be a collection"
        collected = self._collected(node_id) - _UNTYPED
        root = _root(collected)
        if collected and not root:
            return SEVERAL_TYPES
        targets = self.targets(node_id, "collection")
        wanted = [self.wanted(target) for target in targets]
        if not all(target.several or target.is_any for target in wanted):
            return _NO_COLLECTION
        if not all(target.is_any or root in (target.name, *_subtypes(target.name)) for target in wanted):
            return _WRONG_COLLECTION
        for target in targets:
            if self.types[target["node_id"]] == "collect" and target["field"] == "collection":
                other = self._collected(target["node_id"])
                known = _root(other - _UNTYPED) or ("AnyField" if other else "")
                if known and not fits(PortType(root or "AnyField"), PortType(known)):
                    return _WRONG_COLLECTION
        return None

    def _collected(self, node_id: str, seen: frozenset[str] = frozenset()) -> frozenset[str]:
        """The types of the items that a collect node collects, also through other collect nodes."""
        if node_id in seen:
            return frozenset()
        found = {self.given(source).name for source in self.sources(node_id, "item")}
        for source in self.sources(node_id, "collection"):
            if self.types[source["node_id"]] == "collect" and source["field"] == "collection":
                found |= self._collected(source["node_id"], seen | {node_id})
            else:
                found.add(self.given(source).name)
        return frozenset(found)


def _root(names: frozenset[str]) -> str:
    """The type of which all others are subtypes; empty if there is none."""
    roots = [name for name in names if not any(name in _subtypes(other) for other in names)]
    return roots[0] if len(roots) == 1 else ""


def _subtypes(name: str) -> Iterator[str]:
    # In Python, a boolean is an integer.
    if name == "IntegerField":
        yield "BooleanField"
