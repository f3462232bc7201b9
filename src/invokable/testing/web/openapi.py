"""openapi.json, made from a schema; reading it gives the same schema.

It lacks what is not in the catalogue: descriptions, tags, and fields that the editor drops, except those that it sends.
The component names are InvokeAI's own.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from invokable.contract.fields import CALL, CALLED_INPUTS, CHOICES
from invokable.schema import MISSING, FieldType, InputTemplate, Limits, NodeTemplate, OutputTemplate, Schema
from invokable.testing.class_names import class_name
from invokable.testing.graphs.records import RECORDS, Member
from invokable.testing.web.route_table import ENDPOINTS

Json = dict[str, Any]
_REF: Final = "#/components/schemas/"
_PRIMITIVES: Final = {
    "IntegerField": "integer",
    "FloatField": "number",
    "StringField": "string",
    "BooleanField": "boolean",
}
_LIMITS: Final = {
    "minimum": "minimum",
    "maximum": "maximum",
    "exclusive_minimum": "exclusiveMinimum",
    "exclusive_maximum": "exclusiveMaximum",
    "multiple_of": "multipleOf",
    "min_length": "minLength",
    "max_length": "maxLength",
    "min_items": "minItems",
    "max_items": "maxItems",
}
_UNSPELT: Final = frozenset({"AnyField", "CollectionField"})
_INTERNAL: Final = frozenset({"board", "metadata"})
_CALLED_INPUTS: Final[Json] = {
    "additionalProperties": True,
    "default": {},
    "field_kind": "input",
    "input": "any",
    "orig_default": {},
    "orig_required": False,
    "title": "Workflow Inputs",
    "type": "object",
    "ui_hidden": True,
}
_KINDS: Final = {"text": "string", "integer": "integer", "number": "number"}
_ENUMS: Final = {"base": "BaseModelType", "model_type": "ModelType", "submodel_type": "SubModelType"}


def document(schema: Schema) -> Json:
    """The openapi document for a schema."""
    components: Json = {}
    for node in schema.nodes.values():
        components[class_name("invocation", node.type)] = _node(node)
        components.setdefault(class_name("output", node.output_type), _output_class(node))
    _complete(components, schema)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Invoke - Community Edition", "version": "1.0.0"},
        "paths": _paths(),
        "components": {"schemas": dict(sorted(components.items()))},
    }


def _node(node: NodeTemplate) -> Json:
    properties: Json = {name: _input(node.inputs[name]) for name in ("board", "metadata") if name in node.inputs}
    properties["id"] = {"field_kind": "node_attribute", "title": "Id", "type": "string"}
    properties["is_intermediate"] = {
        "default": False,
        "field_kind": "node_attribute",
        "input": "direct",
        "title": "Is Intermediate",
        "type": "boolean",
        "ui_type": "IsIntermediate",
    }
    properties["use_cache"] = {
        "default": node.use_cache,
        "field_kind": "node_attribute",
        "title": "Use Cache",
        "type": "boolean",
    }
    # The schema's inputs have the order of the properties, wherever board and metadata are.
    ordered = {name: properties.get(name) or _input(field) for name, field in node.inputs.items()}
    early = {name: value for name, value in properties.items() if name not in ordered}
    sent = {CALLED_INPUTS: _CALLED_INPUTS} if node.type == CALL else {}
    return {
        "category": node.category,
        "class": "invocation",
        "classification": node.classification,
        "node_pack": node.node_pack,
        "properties": {**early, **ordered, **sent, "type": _type(node.type)},
        "required": ["type", "id"],
        "title": node.title,
        "type": "object",
        "version": node.version,
        "output": {"$ref": f"{_REF}{class_name('output', node.output_type)}"},
    }


def _output_class(node: NodeTemplate) -> Json:
    properties = {name: _output(field) for name, field in node.outputs.items()}
    return {
        "class": "output",
        "properties": {**properties, "type": _type(node.output_type)},
        "required": ["output_meta", *properties, "type"],
        "title": class_name("output", node.output_type),
        "type": "object",
    }


def _type(name: str) -> Json:
    return {"const": name, "default": name, "field_kind": "node_attribute", "title": "type", "type": "string"}


def _input(field: InputTemplate) -> Json:
    written = _spelling(field.type.original or field.type, field.limits, field.options)
    if field.nullable or (field.required and field.input != "direct"):
        written = _or_null(written)
    if field.type.original is not None or field.type.name in _UNSPELT or field.type.name == "SchedulerField":
        written["ui_type"] = field.type.name
    return {
        **written,
        **_default(field),
        **_extras(field),
        "field_kind": "internal" if field.name in _INTERNAL else "input",
        "input": field.input,
        "orig_required": field.required,
        "title": field.title,
        "ui_hidden": field.ui_hidden,
    }


def _default(field: InputTemplate) -> Json:
    if field.default is MISSING or (field.required and field.default in (0, "", [], False)):
        return {"default": None} if field.nullable or field.required else {}
    return {"default": field.default}


def _extras(field: InputTemplate) -> Json:
    extras: Json = {f"ui_model_{name}": list(words) for name, words in asdict(field.models).items() if words}
    if field.choice_labels:
        extras["ui_choice_labels"] = dict(field.choice_labels)
    return extras


def _output(field: OutputTemplate) -> Json:
    written = _spelling(field.type.original or field.type, Limits(), field.options)
    if field.nullable:
        written = _or_null(written)
    if field.type.original is not None or field.type.name in (*_UNSPELT, *CHOICES):
        written["ui_type"] = field.type.name
    return {**written, "field_kind": "output", "title": field.title, "ui_hidden": False}


def _or_null(written: Json) -> Json:
    return {"anyOf": [*(written.get("anyOf") or [written]), {"type": "null"}]}


def _spelling(kind: FieldType, limits: Limits, options: tuple[Any, ...]) -> Json:
    single = _single(kind.name, options)
    if kind.cardinality == "SINGLE":
        return {**single, **_limits(limits)}
    array: Json = {"type": "array", "items": {**single, **(_limits(limits.item) if limits.item else {})}}
    own = _limits(limits)
    for name in ("minItems", "maxItems"):
        if name in own:
            array[name] = own.pop(name)
    if kind.cardinality == "COLLECTION":
        return {**array, **own}
    return {"anyOf": [{**single, **own}, array]}


def _single(name: str, options: tuple[Any, ...]) -> Json:
    if options:
        texts = all(isinstance(option, str) for option in options)
        return {"type": "string" if texts else "number", "enum": list(options)}
    if name in _PRIMITIVES:
        return {"type": _PRIMITIVES[name]}
    return {} if name in _UNSPELT else {"$ref": f"{_REF}{name}"}


def _limits(limits: Limits) -> Json:
    return {written: value for name, written in _LIMITS.items() if (value := getattr(limits, name)) is not None}


def _complete(components: Json, schema: Schema) -> None:
    """Add the components that nodes refer to, and the graph."""
    for name, values in zip(
        _ENUMS.values(), (schema.model_bases, schema.model_types, schema.submodel_types), strict=True
    ):
        components[name] = {"enum": sorted(values), "title": name, "type": "string"}
    for name, members in RECORDS.items():
        components[name] = _record(name, members)
    components |= _graph(schema)
    for name in _referred(components) - set(components):
        components[name] = {"title": name, "type": "object", "additionalProperties": True}


def _record(name: str, members: Any) -> Json:
    return {
        "properties": {member: _member(about) for member, about in members.items()},
        "required": [member for member, about in members.items() if about.required],
        "title": name,
        "type": "object",
    }


def _member(about: Member) -> Json:
    written: Json = {"$ref": f"{_REF}{_ENUMS.get(about.kind, about.kind)}"}
    if about.kind in _KINDS:
        written = {"type": _KINDS[about.kind], **_limits(about.limits)}
    elif about.kind == "any":
        written = {}
    return {"anyOf": [written, {"type": "null"}], "default": None} if about.nullable else written


def _graph(schema: Schema) -> Json:
    mapping = {node_type: f"{_REF}{class_name('invocation', node_type)}" for node_type in schema.nodes}
    any_node = {
        "oneOf": [{"$ref": ref} for ref in mapping.values()],
        "discriminator": {"propertyName": "type", "mapping": mapping},
    }
    end = {"properties": {"node_id": {"type": "string"}, "field": {"type": "string"}}, "required": ["node_id", "field"]}
    edge = {name: {"$ref": f"{_REF}EdgeConnection"} for name in ("source", "destination")}
    graph = {
        "id": {"type": "string"},
        "nodes": {"type": "object", "additionalProperties": any_node},
        "edges": {"type": "array", "items": {"$ref": f"{_REF}Edge"}},
    }
    return {
        "EdgeConnection": {**end, "title": "EdgeConnection", "type": "object"},
        "Edge": {"properties": edge, "required": list(edge), "title": "Edge", "type": "object"},
        "Graph": {"properties": graph, "title": "Graph", "type": "object"},
    }


def _referred(value: Any) -> set[str]:
    if isinstance(value, dict):
        found = {ref.removeprefix(_REF)} if isinstance(ref := value.get("$ref"), str) else set()
        return found.union(*map(_referred, value.values()))
    return set().union(*map(_referred, value)) if isinstance(value, list) else set()


def _paths() -> Json:
    paths: Json = {}
    for endpoint in ENDPOINTS:
        operation = {
            "operationId": f"{endpoint.handler.__module__.rpartition('.')[2]}_{endpoint.handler.__name__}",
            "responses": {"200": {"description": "Successful Response"}},
        }
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = operation
    return paths
