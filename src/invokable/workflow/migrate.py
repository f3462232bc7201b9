"""Migrate older formats to 4.0.0, in the editor's own steps.

    1.0.0 (InvokeAI 3.0 to 3.4) ─▶ 2.0.0 (3.5 to 4.1) ─┐
                                    3.0.0 (4.2 to 5.x) ─┴▶ 4.0.0

Formats 1.0.0 and 2.0.0 stored the type of a field with its value. The editor relies on it: a value that does not match
its type makes a file of format 1.0.0 unreadable, and is dropped from a file of format 2.0.0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from invokable.schema.model import MISSING, Schema
from invokable.workflow.errors import WorkflowFileError, nearest, pointer, quoted
from invokable.workflow.old_values import V1_TYPES, V2_VALUES
from invokable.workflow.parse import is_node_version
from invokable.workflow.records import Record, json_type
from invokable.workflow.values import MODEL_TYPES_BY_FIELD

FORMATS = ("1.0.0", "2.0.0", "3.0.0", "4.0.0")

_HEADER = ("name", "author", "description", "version", "contact", "tags", "notes")


@dataclass(frozen=True, slots=True)
class Migration:
    """A document in format 4.0.0."""

    document: dict[str, object]
    dropped: frozenset[tuple[int, str]] = frozenset()
    """Inputs whose value was dropped: position of the node, key of the input."""


def migrate(document: object, schema: Schema) -> Migration:
    """Convert a document of any format to format 4.0.0, without modifying it.

    Raises:
        WorkflowFileError: The format is unknown, or the document does not follow it.
    """
    if not isinstance(document, dict):
        raise WorkflowFileError(f"not an InvokeAI workflow: expected an object, found {json_type(document)}", pointer())
    top = Record(document)
    version = _format(top)
    if version == "1.0.0":
        return _from_v2(Record(_v1_to_v2(top, schema)))
    if version == "2.0.0":
        return _from_v2(top)
    meta = top.record("meta").data
    return Migration(top.data | {"meta": meta | {"version": "4.0.0"}})


def _format(top: Record) -> str:
    meta = top.data.get("meta")
    version = meta.get("version") if isinstance(meta, dict) else None
    if not isinstance(version, str) or not is_node_version(version):
        if isinstance(meta, dict) and "version" in meta:
            found = quoted(version) if isinstance(version, str) else json_type(version)
            message = f"not an InvokeAI workflow: expected a meta.version such as '4.0.0', found {found}"
            raise WorkflowFileError(message, pointer("meta", "version"))
        where = pointer("meta") if "meta" in top.data else pointer()
        raise WorkflowFileError("not an InvokeAI workflow: it has no meta.version", where)
    if version not in FORMATS:
        raise WorkflowFileError(
            f"unknown workflow format {quoted(version)}; the known formats are {', '.join(FORMATS)}",
            pointer("meta", "version"),
            "a newer invokable may read it",
        )
    return version


# --- what both old formats share --------------------------------------------------------------------------------------


def _node(node: Record, convert: Callable[[Record], dict[str, object]]) -> dict[str, object]:
    kind = node.choice("type", ("invocation", "notes"))
    for size in ("width", "height"):
        value = node.data.get(size)
        if value is not None and node.number(size) <= 0:
            node.fail(size, f'"{size}" must be more than 0')
    data = node.record("data")
    kept: dict[str, object] = {
        "id": node.name("id"),
        "type": kind,
        "data": data.data if kind == "notes" else convert(data),
    }
    return kept | ({"position": node.data["position"]} if "position" in node.data else {})


def _edge(edge: Record) -> dict[str, object]:
    return {key: value for key, value in edge.data.items() if key != "hidden"}


def _invocation(data: Record) -> dict[str, object]:
    return {
        "id": data.name("id"),
        "type": data.name("type"),
        "label": data.text("label"),
        "notes": data.text("notes"),
        "isOpen": data.flag("isOpen"),
        "isIntermediate": data.flag("isIntermediate"),
    }


# --- 1.0.0 ------------------------------------------------------------------------------------------------------------


def _v1_to_v2(top: Record, schema: Schema) -> dict[str, object]:
    def convert(data: Record) -> dict[str, object]:
        return _v1_invocation(data, schema)

    return {
        **{key: top.text(key, "") for key in _HEADER},
        "nodes": [_node(node, convert) for node in top.records("nodes", [])],
        "edges": [_edge(edge) for edge in top.records("edges", [])],
        "exposedFields": [entry.data for entry in top.records("exposedFields", [])],
        "meta": {"version": "2.0.0", "category": "user"},
    }


def _v1_invocation(data: Record, schema: Schema) -> dict[str, object]:
    data.flag("embedWorkflow")
    template = schema.nodes.get(data.name("type"))
    return _invocation(data) | {
        "version": data.text("version", "1.0.0"),
        "nodePack": template.node_pack if template else "Unknown",
        "useCache": data.flag("useCache", default=True),
        "inputs": {key: _v1_input(entry) for key, entry in data.record("inputs").entries()},
        "outputs": {key: _v1_output(entry) for key, entry in data.record("outputs").entries()},
    }


def _v1_input(entry: Record) -> dict[str, object]:
    entry.choice("fieldKind", ("input",))
    kind = _v1_type(entry)
    field: dict[str, object] = {
        "id": entry.name("id"),
        "name": entry.name("name"),
        "fieldKind": "input",
        "label": entry.text("label"),
        "type": _v2_type(V1_TYPES[kind][0]),
    }
    if "value" not in entry.data:
        return field
    value = V1_TYPES[kind][1](entry.data["value"])
    if value is MISSING:
        entry.fail("value", f"the value is not of type {kind}")
    return field | {"value": value}


def _v1_output(entry: Record) -> dict[str, object]:
    entry.choice("fieldKind", ("output",))
    return {
        "id": entry.name("id"),
        "name": entry.name("name"),
        "fieldKind": "output",
        "type": _v2_type(V1_TYPES[_v1_type(entry)][0]),
    }


def _v1_type(entry: Record) -> str:
    kind = entry.text("type")
    if kind not in V1_TYPES:
        raise WorkflowFileError(
            f"{quoted(kind)} is not a field type of format 1.0.0",
            pointer(*entry.path, "type"),
            nearest(kind, V1_TYPES),
        )
    return kind


def _v2_type(name: str) -> dict[str, object]:
    return {"name": name, "isCollection": False, "isCollectionOrScalar": False}


# --- 2.0.0 ------------------------------------------------------------------------------------------------------------


def _from_v2(top: Record) -> Migration:
    meta = top.record("meta")
    dropped: set[tuple[int, str]] = set()
    nodes = []
    for position, node in enumerate(top.records("nodes")):

        def convert(data: Record, position: int = position) -> dict[str, object]:
            return _v2_invocation(data, position, dropped)

        nodes.append(_node(node, convert))
    document: dict[str, object] = {
        **{key: top.text(key) for key in _HEADER},
        "nodes": nodes,
        "edges": [_edge(edge) for edge in top.records("edges")],
        "exposedFields": [entry.data for entry in top.records("exposedFields")],
        "meta": {**meta.data, "version": "4.0.0"},
    }
    if "id" in top.data:
        document["id"] = top.data["id"]
    return Migration(document, frozenset(dropped))


def _v2_invocation(data: Record, position: int, dropped: set[tuple[int, str]]) -> dict[str, object]:
    inputs: dict[str, object] = {}
    for key, entry in data.record("inputs").entries():
        field, lost = _v2_input(entry)
        inputs[key] = field
        if lost:
            dropped.add((position, key))
    for _key, entry in data.record("outputs").entries():
        entry.choice("fieldKind", ("output",))
        entry.name("id")
        entry.name("name")
        _v2_type_name(entry)
    converted = _invocation(data) | {
        "version": data.text("version"),
        "useCache": data.flag("useCache"),
        "inputs": inputs,
    }
    return converted | ({"nodePack": data.data["nodePack"]} if "nodePack" in data.data else {})


def _v2_input(entry: Record) -> tuple[dict[str, object], bool]:
    """Return an input of format 4.0.0, and whether its value was lost."""
    entry.choice("fieldKind", ("input",))
    entry.name("id")
    label = entry.data.get("label")
    field: dict[str, object] = {
        "name": entry.name("name"),
        "label": "" if label is None else entry.text("label"),
    }
    kind = _v2_type_name(entry)
    raw = entry.data.get("value")
    value = V2_VALUES[kind](raw) if kind in V2_VALUES else MISSING
    if value is MISSING:
        return field, raw is not None
    if isinstance(value, dict) and kind in MODEL_TYPES_BY_FIELD:
        value = value | {"model_type": MODEL_TYPES_BY_FIELD[kind]}
    return field | {"value": value}, False


def _v2_type_name(entry: Record) -> str:
    kind = entry.record("type")
    kind.flag("isCollection")
    kind.flag("isCollectionOrScalar")
    name = kind.text("name")
    if not name:
        kind.fail("name", '"name" must not be empty')
    return name
