"""Templates ⇄ the JSON records of the catalogue file. Descriptions are left out, defaults are implied.

Inputs, outputs and nodes repeat across versions: each distinct one is written once, in a table,
and referred to by its position there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any, Final, TypeVar

from invokable.schema.model import (
    MISSING,
    FieldType,
    InputTemplate,
    Limits,
    ModelFilter,
    NodeTemplate,
    OutputTemplate,
    Schema,
)

Row = dict[str, Any]
T = TypeVar("T")

FORMAT: Final = 1
"""The version of the file format."""


def encode(schemas: Iterable[Schema]) -> Row:
    """Encode schemas as one JSON record; shared parts are written once."""
    nodes, inputs, outputs = _Table(), _Table(), _Table()
    versions: Row = {}
    for schema in schemas:
        versions[schema.version] = {
            "nodes": [nodes.add(_encode_node(node, inputs, outputs)) for node in schema.nodes.values()],
            "model_bases": sorted(schema.model_bases),
            "model_types": sorted(schema.model_types),
            "submodel_types": sorted(schema.submodel_types),
        }
    return {
        "format": FORMAT,
        "versions": versions,
        "nodes": nodes.rows,
        "inputs": inputs.rows,
        "outputs": outputs.rows,
    }


class Decoder:
    """Builds templates from an encoded record, each on first use."""

    def __init__(self, record: Row) -> None:
        self.versions: Final[Row] = record["versions"]
        self._rows: Final[list[Row]] = record["nodes"]
        self._nodes: Final = _LazyRows(self._rows, self._decode_node)
        self._inputs: Final = _LazyRows(record["inputs"], _decode_input)
        self._outputs: Final = _LazyRows(record["outputs"], _decode_output)

    def schema(self, version: str, *, origin: str) -> Schema:
        """Return the schema of a version that is in `versions`."""
        facts = self.versions[version]
        rows = {self._rows[row]["type"]: row for row in facts["nodes"]}
        return Schema(
            version=version,
            origin=origin,
            nodes=_Nodes(rows, self._nodes.get),
            model_bases=frozenset(facts["model_bases"]),
            model_types=frozenset(facts["model_types"]),
            submodel_types=frozenset(facts["submodel_types"]),
        )

    def node_versions(self, version: str) -> dict[str, str]:
        """Return node type → node version without building templates."""
        rows = (self._rows[row] for row in self.versions[version]["nodes"])
        return {row["type"]: row["version"] for row in rows}

    def _decode_node(self, record: Row) -> NodeTemplate:
        inputs = [self._inputs.get(row) for row in record["inputs"]]
        outputs = [self._outputs.get(row) for row in record["outputs"]]
        return NodeTemplate(
            **{
                **record,
                "inputs": {template.name: template for template in inputs},
                "outputs": {template.name: template for template in outputs},
            }
        )


class _Table:
    """Distinct records in the order of their first appearance."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self._positions: dict[str, int] = {}

    def add(self, record: Row) -> int:
        # Not sorted: the order of keys is the order of choices and fields.
        text = json.dumps(record, ensure_ascii=False)
        if text not in self._positions:
            self._positions[text] = len(self.rows)
            self.rows.append(record)
        return self._positions[text]


class _LazyRows:
    """The rows of a table, each built once."""

    def __init__(self, rows: list[Row], build: Callable[[Row], Any]) -> None:
        self._rows = rows
        self._build = build
        self._built: dict[int, Any] = {}

    def get(self, row: int) -> Any:
        if row not in self._built:
            self._built[row] = self._build(self._rows[row])
        return self._built[row]


class _Nodes(Mapping[str, NodeTemplate]):
    """The node types of one version, by type."""

    def __init__(self, rows: dict[str, int], get: Callable[[int], NodeTemplate]) -> None:
        self._rows = rows
        self._get = get

    def __getitem__(self, node_type: str) -> NodeTemplate:
        return self._get(self._rows[node_type])

    def __contains__(self, node_type: object) -> bool:
        return node_type in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


def _encode_node(node: NodeTemplate, inputs: _Table, outputs: _Table) -> Row:
    return {
        **_set_members(node),
        "inputs": [inputs.add(_encode_input(field)) for field in node.inputs.values()],
        "outputs": [outputs.add(_encode_output(field)) for field in node.outputs.values()],
    }


def _encode_input(field: InputTemplate) -> Row:
    record = _set_members(field)
    record.pop("description", None)
    record["type"] = _encode_nested(field.type, "original")
    if field.limits:
        record["limits"] = _encode_nested(field.limits, "item")
    if field.options:
        record["options"] = list(field.options)
    if field.models != ModelFilter():
        record["models"] = {name: list(values) for name, values in _set_members(field.models).items()}
    return record


def _decode_input(record: Row) -> InputTemplate:
    members = dict(record, type=_decode_nested(FieldType, record["type"], "original"))
    if "limits" in record:
        members["limits"] = _decode_nested(Limits, record["limits"], "item")
    if "options" in record:
        members["options"] = tuple(record["options"])
    if "models" in record:
        values = {name: tuple(values) for name, values in record["models"].items()}
        members["models"] = ModelFilter(**values)
    return InputTemplate(**members)


def _encode_output(field: OutputTemplate) -> Row:
    record = {**_set_members(field), "type": _encode_nested(field.type, "original")}
    if field.options:
        record["options"] = list(field.options)
    return record


def _decode_output(record: Row) -> OutputTemplate:
    members = dict(record, type=_decode_nested(FieldType, record["type"], "original"))
    if "options" in record:
        members["options"] = tuple(record["options"])
    return OutputTemplate(**members)


def _encode_nested(template: Any, inner: str) -> Row:
    """A template whose member `inner` is another one of the same class, or None."""
    record = _set_members(template)
    if inner in record:
        record[inner] = _encode_nested(record[inner], inner)
    return record


def _decode_nested(cls: Callable[..., T], record: Row, inner: str) -> T:
    return cls(**record | ({inner: _decode_nested(cls, record[inner], inner)} if inner in record else {}))


def _set_members(template: Any) -> Row:
    """Return the members of a template that differ from their defaults."""
    members = {}
    for member in fields(template):
        value = getattr(template, member.name)
        if value is MISSING or (value == {} and member.name == "choice_labels"):
            continue
        if value != member.default or type(value) is not type(member.default):
            members[member.name] = value
    return members
