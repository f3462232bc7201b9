"""Format 4.0.0: from JSON to the model, refusing and stripping the same things as the editor."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, get_args

from invokable.contract.generators import JS_SPACE
from invokable.contract.settings import SAFE_INTEGER
from invokable.contract.vocabulary import WorkflowCategory
from invokable.schema.model import (
    MISSING,
    Cardinality,
    Connects,
    FieldType,
    InputTemplate,
    Limits,
    ModelFilter,
    Schema,
)
from invokable.workflow.errors import WorkflowFileError, pointer, quoted
from invokable.workflow.form import parse_form
from invokable.workflow.model import (
    ConnectorNode,
    Edge,
    FieldRef,
    Input,
    InvocationNode,
    Node,
    NotesNode,
    ParsedWorkflow,
)
from invokable.workflow.records import Record
from invokable.workflow.shapes import number
from invokable.workflow.values import ValueParser, is_misread

MAX_NODES = 50_000
MAX_EDGES = 200_000

_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_PREFIXED = re.compile(r"0(?:[xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)")


def parse_workflow(document: Mapping[str, object], schema: Schema) -> ParsedWorkflow:
    """Return the workflow of a document in format 4.0.0.

    Raises:
        WorkflowFileError: The editor would refuse the file.
    """
    top = Record(dict(document))
    meta = top.record("meta")
    meta.choice("version", ("4.0.0",))
    workflow = ParsedWorkflow(
        # Null is refused here: an exported workflow either has an id or lacks the key.
        id=_optional_id(top),
        name=top.text("name"),
        author=top.text("author"),
        description=top.text("description"),
        version=top.text("version"),
        contact=top.text("contact"),
        tags=top.text("tags"),
        notes=top.text("notes"),
        category=meta.choice("category", get_args(WorkflowCategory), default="user"),
        nodes=_parse_nodes(top, schema),
        edges=_parse_edges(top),
        exposed_fields=[FieldRef(ref.name("nodeId"), ref.name("fieldName")) for ref in top.records("exposedFields")],
        form=parse_form(document.get("form")),
    )
    returns = [node for node in workflow.invocations() if node.type == "workflow_return"]
    if len(returns) > 1:
        raise WorkflowFileError('a workflow may not contain more than one "workflow_return" node', returns[1].pointer)
    return workflow


def is_node_version(text: str) -> bool:
    """Return whether the editor accepts a text as a version: three parts, each a whole number in JavaScript."""
    parts = text.split(".")
    return len(parts) >= 3 and all(_whole(part) for part in parts[:3])


def _whole(part: str) -> bool:
    # In JavaScript, Number("") is 0 and Number("1e1") is 10.
    part = part.strip(JS_SPACE)
    if not part or _PREFIXED.fullmatch(part):
        return True
    if len(part) > 300 or not _DECIMAL.fullmatch(part):
        return False
    value = float(part)
    return value >= 0 and value.is_integer() and value <= SAFE_INTEGER


def _optional_id(top: Record) -> str | None:
    if "id" not in top.data:
        return None
    if not top.text("id"):
        top.fail("id", '"id" must not be empty')
    return top.text("id")


# --- nodes ------------------------------------------------------------------------------------------------------------


def _parse_nodes(top: Record, schema: Schema) -> list[Node]:
    values = ValueParser(schema)
    nodes = [_parse_node(record, values) for record in top.records("nodes")]
    if len(nodes) > MAX_NODES:
        raise WorkflowFileError(f"more than {MAX_NODES} nodes", pointer("nodes"))
    return nodes


def _parse_node(record: Record, values: ValueParser) -> Node:
    kind = record.choice("type", ("invocation", "notes", "connector"))
    node_id = record.name("id")
    data = record.record("data")
    if kind == "invocation":
        return _parse_invocation(node_id, data, values, record)
    plain: dict[str, object] = {
        "id": data.name("id"),
        "type": data.choice("type", (kind,)),
        "label": data.text("label"),
        "isOpen": data.flag("isOpen"),
    }
    if kind == "notes":
        return NotesNode(id=node_id, data=plain | {"notes": data.text("notes")}, position=_position(record))
    return ConnectorNode(id=node_id, data=plain, position=_position(record))


def _parse_invocation(node_id: str, data: Record, values: ValueParser, record: Record) -> InvocationNode:
    version = data.text("version")
    if not is_node_version(version):
        data.fail("version", f"a node version must be three whole numbers such as 1.0.0, found {quoted(version)}")
    node_pack = data.text("nodePack", "invokeai")
    if not node_pack:
        data.fail("nodePack", '"nodePack" must not be empty')
    node_type = data.name("type")
    templates = data.record("dynamicInputTemplates") if "dynamicInputTemplates" in data.data else None
    return InvocationNode(
        id=node_id,
        data_id=data.name("id"),
        type=node_type,
        version=version,
        node_pack=node_pack,
        label=data.text("label"),
        notes=data.text("notes"),
        is_open=data.flag("isOpen"),
        is_intermediate=data.flag("isIntermediate"),
        use_cache=data.flag("useCache"),
        inputs={key: _parse_input(key, entry, values, node_type) for key, entry in data.record("inputs").entries()},
        dynamic_templates=(
            {name: parse_input_template(entry) for name, entry in templates.entries()} if templates else {}
        ),
        raw_dynamic_templates=dict(templates.data) if templates else {},
        position=_position(record),
        pointer=pointer(*data.path),
    )


def _parse_input(key: str, entry: Record, values: ValueParser, node_type: str) -> Input:
    raw = entry.data.get("value", MISSING)
    value = values.parse(raw, node_type=node_type, field=key)
    return Input(
        name=entry.name("name"),
        label=_text_or_empty(entry.data.get("label")),
        description=_text_or_empty(entry.data.get("description")),
        value=value,
        dropped=is_misread(raw, value, node_type),
    )


def _text_or_empty(value: object) -> str:
    return value if isinstance(value, str) else ""


def _position(record: Record) -> dict[str, object]:
    if "position" not in record.data:
        return {"x": 0, "y": 0}
    position = record.record("position")
    return {"x": position.number("x"), "y": position.number("y")}


# --- edges ------------------------------------------------------------------------------------------------------------


def _parse_edges(top: Record) -> list[Edge]:
    edges = [_parse_edge(record) for record in top.records("edges")]
    if len(edges) > MAX_EDGES:
        raise WorkflowFileError(f"more than {MAX_EDGES} edges", pointer("edges"))
    return edges


def _parse_edge(record: Record) -> Edge:
    kind: Literal["default", "collapsed"] = record.choice("type", ("default", "collapsed"))
    has_handles = kind == "default"
    return Edge(
        id=record.name("id"),
        type=kind,
        source=record.name("source"),
        target=record.name("target"),
        source_handle=record.name("sourceHandle") if has_handles else "",
        target_handle=record.name("targetHandle") if has_handles else "",
        hidden=record.flag("hidden") if has_handles and "hidden" in record.data else None,
        pointer=pointer(*record.path),
    )


# --- templates that travel with a node --------------------------------------------------------------------------------


def parse_input_template(record: Record) -> InputTemplate:
    """Return the template of a dynamic input, which a `call_saved_workflow` node contains.

    Raises:
        WorkflowFileError: The template lacks a name or a type.
    """
    kind = record.record("type")
    cardinality: Cardinality = kind.choice("cardinality", get_args(Cardinality))
    connects: Connects = record.choice("input", get_args(Connects))
    return InputTemplate(
        name=record.text("name"),
        title=record.text("title"),
        type=FieldType(kind.text("name"), cardinality, kind.flag("batch")),
        input=connects,
        required=record.flag("required"),
        default=record.data.get("default", MISSING),
        limits=Limits(
            minimum=_limit(record, "minimum"),
            maximum=_limit(record, "maximum"),
            exclusive_minimum=_limit(record, "exclusiveMinimum"),
            exclusive_maximum=_limit(record, "exclusiveMaximum"),
            multiple_of=_limit(record, "multipleOf"),
        ),
        options=_texts(record.data.get("options")),
        choice_labels=_labels(record.data.get("ui_choice_labels")),
        models=ModelFilter(
            base=_texts(record.data.get("ui_model_base")),
            type=_texts(record.data.get("ui_model_type")),
            variant=_texts(record.data.get("ui_model_variant")),
            format=_texts(record.data.get("ui_model_format")),
        ),
        ui_hidden=record.flag("ui_hidden", default=False),
        description=_text_or_empty(record.data.get("description")),
    )


def _limit(record: Record, key: str) -> float | None:
    value = number(record.data.get(key))
    return value if isinstance(value, (int, float)) else None


def _texts(value: object) -> tuple[str, ...]:
    return tuple(entry for entry in value if isinstance(entry, str)) if isinstance(value, list) else ()


def _labels(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {key: label for key, label in value.items() if isinstance(label, str)}
