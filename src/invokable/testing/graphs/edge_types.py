"""Edge types: which output may be connected to which input.

The server is lenient: it treats a list like its items, and accepts integers as floats and either as text. It is
strict about iterate and collect, which have no type of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from invokable.schema import FieldType, Schema

NO_INPUT: Final = "Iterator must have a collection input edge"
NOTHING_COLLECTED: Final = "Collector must have at least one item or collection input edge"
SEVERAL_TYPES: Final = "Collector input collection items must be of a single type"

_ANY: Final = FieldType("AnyField")
_TEXT_TOO: Final = frozenset({"IntegerField", "FloatField"})


def output_type(node_type: str, field: str, schema: Schema) -> FieldType:
    """The type of an output; AnyField if the schema has none."""
    template = schema.nodes[node_type].outputs.get(field)
    return _spelt(template.type) if template else _ANY


def input_type(node_type: str, field: str, schema: Schema) -> FieldType:
    """The type of an input; AnyField if the schema has none."""
    template = schema.nodes[node_type].inputs.get(field)
    return _spelt(template.type) if template else _ANY


def _spelt(field_type: FieldType) -> FieldType:
    return field_type.original or field_type


def fits(given: FieldType, wanted: FieldType) -> bool:
    """Return whether the server accepts this connection."""
    if is_any(given) or is_any(wanted) or given.name == wanted.name:
        return True
    if given.cardinality == wanted.cardinality == "SINGLE":
        if (given.name, wanted.name) == ("IntegerField", "FloatField"):
            return True
        return given.name in _TEXT_TOO and wanted.name == "StringField"
    return False


def is_any(field_type: FieldType) -> bool:
    """Return whether the type accepts everything."""
    return field_type.name in ("AnyField", "CollectionField", "CollectionItemField")


def iterator_problem(node_id: str, types: Mapping[str, str], edges: list[Any], schema: Schema) -> str | None:
    """The server's message about an invalid iterate node, or None."""
    inputs = [edge["source"] for edge in edges if edge["destination"] == {"node_id": node_id, "field": "collection"}]
    if not inputs:
        return NO_INPUT
    if len(inputs) > 1:
        return "Iterator may only have one input edge"
    source = inputs[0]
    wanted = _targets(node_id, "item", types, edges, schema)
    if types[source["node_id"]] == "collect":
        root = _collected(source["node_id"], types, edges, schema)
        if not all(fits(_single(root), _single(target)) for target in wanted):
            return "Iterator collection type must match all iterator output types"
        return None
    given = output_type(types[source["node_id"]], source["field"], schema)
    if given.cardinality != "COLLECTION" and not is_any(given):
        return "Iterator input must be a collection"
    if not all(fits(_single(given), target) for target in wanted):
        return "Iterator outputs must connect to an input with a matching type"
    return None


def collector_problem(node_id: str, types: Mapping[str, str], edges: list[Any], schema: Schema) -> str | None:
    """The server's message about an invalid collect node, or None."""
    items = _sources(node_id, "item", types, edges, schema)
    collections = _sources(node_id, "collection", types, edges, schema)
    if not items and not collections:
        return NOTHING_COLLECTED
    if not all(given.cardinality != "SINGLE" or is_any(given) for given in collections):
        return "Collector collection input must be a collection"
    roots = {_single(given).name for given in (*items, *collections) if not is_any(given)}
    if len(roots) > 1:
        return SEVERAL_TYPES
    wanted = _targets(node_id, "collection", types, edges, schema)
    if not all(target.cardinality != "SINGLE" or is_any(target) for target in wanted):
        return "Collector output must connect to a collection input"
    for root in roots:
        if not all(fits(FieldType(root), _single(target)) for target in wanted):
            return "Collector outputs must connect to a collection input with a matching type"
    return None


def _collected(node_id: str, types: Mapping[str, str], edges: list[Any], schema: Schema) -> FieldType:
    sources = [
        *_sources(node_id, "item", types, edges, schema),
        *_sources(node_id, "collection", types, edges, schema),
    ]
    return next((given for given in sources if not is_any(given)), _ANY)


def _sources(node_id: str, field: str, types: Mapping[str, str], edges: list[Any], schema: Schema) -> list[FieldType]:
    found = [edge["source"] for edge in edges if edge["destination"] == {"node_id": node_id, "field": field}]
    return [output_type(types[source["node_id"]], source["field"], schema) for source in found]


def _targets(node_id: str, field: str, types: Mapping[str, str], edges: list[Any], schema: Schema) -> list[FieldType]:
    found = [edge["destination"] for edge in edges if edge["source"] == {"node_id": node_id, "field": field}]
    return [input_type(types[target["node_id"]], target["field"], schema) for target in found]


def _single(field_type: FieldType) -> FieldType:
    return FieldType(field_type.name)
