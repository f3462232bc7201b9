"""openapi.json of a server → Schema: the node types as its workflow editor would show them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, get_args

from invokable.contract.fields import CHOICES, Choices
from invokable.contract.settings import FAMILIES
from invokable.schema import fields
from invokable.schema.json_object import JsonObject
from invokable.schema.model import (
    Connects,
    FieldType,
    InputTemplate,
    NodeTemplate,
    OutputTemplate,
    Schema,
    SchemaError,
)

_HIDDEN_NODES: Final = frozenset({"graph", "linear_ui_output"})
_RESERVED_INPUTS: Final = frozenset({"id", "type", "use_cache"})
_BATCH_INPUTS: Final = frozenset((f"{family}_batch", name) for family, name in FAMILIES.items())
_BATCH_OUTPUTS: Final = {f"{family}_generator": name for family, name in FAMILIES.items()}
_CONNECTS: Final[tuple[Connects, ...]] = get_args(Connects)
_SERVER_VERSION: Final = re.compile(r"(?:[3-9]|[1-9]\d)\.\d+\.\d+[0-9a-z.+-]*")
_NO_LABELS: Final[Mapping[str, str]] = {}
_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[0-9]+|[A-Z]+(?![a-z])|[^\W\d_]+")


def parse_openapi(document: Mapping[str, object], *, origin: str, version: str | None = None) -> Schema:
    """Read the node types from a server's `openapi.json`.

    `origin` is where the document comes from. `version` is the server's version, which is not in the
    document: its `info.version` is that of the API.

    Raises SchemaError if the document is not the openapi.json of an InvokeAI server.
    """
    root = JsonObject(document)
    components = root.child("components")
    schemas = components and components.child("schemas")
    if schemas is None:
        raise SchemaError("not an openapi.json: it has no components.schemas")
    nodes = _nodes(schemas)
    if not nodes:
        raise SchemaError("no node types among components.schemas: not InvokeAI's openapi.json")
    info = root.child("info")
    return Schema(
        version=version or (info and _server_version(info.text("version"))) or "unknown",
        origin=origin,
        nodes=nodes,
        model_bases=_choices(schemas, "BaseModelType"),
        model_types=_choices(schemas, "ModelType"),
        submodel_types=_choices(schemas, "SubModelType"),
    )


def _server_version(text: str | None) -> str | None:
    """A document's `info.version` if it can be a server's version; InvokeAI had no nodes before 3."""
    return text if text and _SERVER_VERSION.fullmatch(text) else None


def _nodes(schemas: JsonObject) -> dict[str, NodeTemplate]:
    nodes: dict[str, NodeTemplate] = {}
    outputs = _Outputs(schemas)
    for name in schemas:
        schema = schemas.child(name)
        if schema is None or schema.value("class") != "invocation":
            continue
        node = _node(schema, outputs)
        if node.type not in _HIDDEN_NODES:
            nodes[node.type] = node
    return nodes


def _choices(schemas: JsonObject, name: str) -> frozenset[str]:
    schema = schemas.child(name)
    return frozenset(schema.texts("enum")) if schema else frozenset()


def _node(schema: JsonObject, outputs: _Outputs) -> NodeTemplate:
    properties = _properties(schema)
    node_type = _discriminator(properties)
    output_type, output_templates = outputs.of(node_type, schema)
    use_cache = properties.child("use_cache")
    return NodeTemplate(
        type=node_type,
        title=(schema.text("title") or node_type).replace("Invocation", "", 1),
        version=schema.text("version") or "1.0.0",
        inputs=_inputs(node_type, properties),
        outputs=output_templates,
        output_type=output_type,
        use_cache=use_cache.flag("default", default=True) if use_cache else True,
        node_pack=schema.text("node_pack") or "invokeai",
        category=schema.text("category") or "other",
        classification=schema.text("classification") or "stable",
    )


def _properties(schema: JsonObject) -> JsonObject:
    properties = schema.child("properties")
    if properties is None:
        raise schema.error('has no "properties"')
    return properties


def _discriminator(properties: JsonObject) -> str:
    schema = properties.child("type")
    name = schema.text("default") if schema else None
    if not name:
        raise properties.error('has no "type" with a default')
    return name


def _inputs(node_type: str, properties: JsonObject) -> dict[str, InputTemplate]:
    inputs = {}
    for name in properties:
        if name in _RESERVED_INPUTS or (node_type, name) == ("iterate", "index"):
            continue
        schema = properties.child(name)
        if schema is None or "field_kind" not in schema:
            continue
        template = _input(name, schema, batch=(node_type, name) in _BATCH_INPUTS)
        if template is not None:
            inputs[name] = template
    return inputs


def _input(name: str, schema: JsonObject, *, batch: bool) -> InputTemplate | None:
    field_type = fields.field_type(schema, batch=batch)
    if field_type is None or field_type.name == "IsIntermediate":
        return None
    required = schema.flag("orig_required", default=False)
    choices = _options(field_type, schema)
    if field_type.name == "EnumField" and not choices:
        return None
    return InputTemplate(
        name=name,
        title=_title(name, schema),
        type=field_type,
        input=_connects(schema) if fields.is_stateful(field_type) else "connection",
        required=required,
        nullable=fields.admits_null(schema) and not required,
        default=fields.default(schema, field_type, choices, required=required),
        limits=fields.limits(schema),
        options=choices,
        choice_labels=_choice_labels(schema),
        models=fields.models(schema),
        ui_hidden=schema.flag("ui_hidden", default=False),
        description=schema.text("description") or "",
    )


def _options(field_type: FieldType, schema: JsonObject) -> Choices:
    return fields.options(schema) if field_type.name in CHOICES else ()


def _connects(schema: JsonObject) -> Connects:
    named = schema.text("input") or "any"
    for connects in _CONNECTS:
        if connects == named:
            return connects
    raise schema.error('has an "input" other than any, direct and connection')


def _choice_labels(schema: JsonObject) -> Mapping[str, str]:
    labels = schema.child("ui_choice_labels")
    if labels is None:
        return _NO_LABELS
    return {choice: label for choice in labels if (label := labels.text(choice)) is not None}


class _Outputs:
    """The output schemas of a document, each read once for all nodes that have it."""

    def __init__(self, schemas: JsonObject) -> None:
        self._schemas = schemas
        self._found: dict[tuple[str, str], tuple[str, Mapping[str, OutputTemplate]]] = {}

    def of(self, node_type: str, schema: JsonObject) -> tuple[str, Mapping[str, OutputTemplate]]:
        """The discriminator of a node's output, and its templates by name."""
        output = schema.child("output")
        name = ((output and output.text("$ref")) or "").rpartition("/")[2]
        batch = _BATCH_OUTPUTS.get(node_type, "")
        if (name, batch) not in self._found:
            found = self._schemas.child(name) if name else None
            if found is None:
                raise schema.error('has no "output" that names a schema of the document')
            properties = _properties(found)
            self._found[name, batch] = _discriminator(properties), _outputs(properties, batch)
        return self._found[name, batch]


def _outputs(properties: JsonObject, batch: str) -> dict[str, OutputTemplate]:
    """The outputs; `batch` is the name of the one that passes the values of a batch."""
    outputs = {}
    for name in properties:
        schema = properties.child(name)
        if name == "type" or schema is None or "field_kind" not in schema:
            continue
        field_type = fields.field_type(schema, batch=name == batch)
        if field_type is not None:
            outputs[name] = OutputTemplate(
                name=name,
                title=_title(name, schema),
                type=field_type,
                options=_options(field_type, schema),
                nullable=fields.admits_null(schema),
            )
    return outputs


def _title(name: str, schema: JsonObject) -> str:
    title = schema.text("title")
    return _start_case(name) if title is None else title


def _start_case(name: str) -> str:
    """Turn `cfg_scale` into `Cfg Scale`: the editor's title for a field without one."""
    words = _WORD.findall(name.replace("'", "").replace("\N{RIGHT SINGLE QUOTATION MARK}", ""))
    return " ".join(word[:1].upper() + word[1:] for word in words)
