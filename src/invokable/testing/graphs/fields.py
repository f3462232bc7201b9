"""Fields: which values the server accepts for a field of a node, and what it makes of them."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Final
from uuid import uuid4

from pydantic_core import CoreConfig, CoreSchema, SchemaValidator, core_schema

from invokable.contract.fields import CALL, CALLED_INPUTS
from invokable.schema import MISSING, InputTemplate, Limits, NodeTemplate, Schema
from invokable.schema.fields import EDITOR_DEFAULTS
from invokable.testing.graphs.records import RECORDS, Member
from invokable.testing.graphs.rules import CHANGES, NODE_RULES, RECORD_RULES, labelled, rule_of
from invokable.testing.server import checks

_BASE_FIRST: Final = ("board", "metadata")
_KEEPS_EXTRA_FIELDS: Final = frozenset({"core_metadata", CALL})
# Defaults of fields whose type the editor cannot read or that it does not show.
_UNSEEN_DEFAULTS: Final[dict[tuple[str, str], Any]] = {
    (CALL, CALLED_INPUTS): {},
    ("iterate", "index"): 0,
    ("metadata_to_lora_collection", "loras"): [],
    ("workflow_return", "values"): [],
    ("workflow_return_get", "values"): {},
}
_NODE_TEXT: Final = core_schema.str_schema(coerce_numbers_to_str=True)
_UNTYPED: Final = frozenset({"AnyField", "CollectionField", "CollectionItemField"})
_PYTHON: Final = {"IntegerField": "int", "FloatField": "float", "StringField": "str", "BooleanField": "bool"}


def default(field: InputTemplate) -> Any:
    """The server's own default, None without one."""
    if field.required:
        return None
    if field.default is MISSING:
        collection = field.type.cardinality == "COLLECTION" and not field.nullable
        return [] if collection else None
    # The catalogue has what the editor shows in the default's place.
    shown = field.options[0] if field.type.name == "EnumField" else EDITOR_DEFAULTS.get(field.type.name, MISSING)
    if field.nullable and field.default == shown:
        return None
    if field.type.name == "FloatField" and isinstance(field.default, int):
        return float(field.default)
    return deepcopy(field.default)


def defaults(node: NodeTemplate) -> dict[str, Any]:
    """The defaults of all fields of a node, in the server's order."""
    first = [name for name in _BASE_FIRST if name in node.inputs]
    return {
        **dict.fromkeys(first),
        "id": "",
        "is_intermediate": False,
        "use_cache": node.use_cache,
        **{name: default(field) for name, field in node.inputs.items() if name not in first},
        **{name: deepcopy(value) for (node_type, name), value in _UNSEEN_DEFAULTS.items() if node_type == node.type},
        "type": node.type,
    }


def keeps_extra_fields(node_type: str) -> bool:
    """Whether nodes of this type may have fields that are not in the schema."""
    return node_type in _KEEPS_EXTRA_FIELDS


def node_validator(node: NodeTemplate, schema: Schema) -> SchemaValidator:
    """Accepts a node of a known type, and fills its fields. Raises KeyError or TypeError where the server fails."""
    known = {name: field_schema(field, schema) for name, field in node.inputs.items()}
    known |= dict.fromkeys(("is_intermediate", "use_cache"), checks.BOOLEAN)
    members = {}
    for name, value in defaults(node).items():
        check = known.get(name, checks.ANYTHING)
        if rule := NODE_RULES.get((node.type, name)):
            check = core_schema.with_info_after_validator_function(rule_of(rule), check)
        if change := CHANGES.get((node.type, name)):
            check = core_schema.no_info_before_validator_function(change, check)
        field = node.inputs.get(name)
        required = field is not None and field.required and field.input == "direct"
        members[name] = check if required else checks.absent(check, value)
    members["id"] = core_schema.with_default_schema(_NODE_TEXT, default_factory=lambda: str(uuid4()))
    extra = "allow" if keeps_extra_fields(node.type) else "ignore"
    checked = checks.record(node.type, members, extra=extra)
    if "custom_label" in node.inputs:
        checked = core_schema.with_info_after_validator_function(rule_of(labelled), checked)
    return SchemaValidator(core_schema.tagged_union_schema({node.type: checked}, "type", from_attributes=True))


def field_validator(field: InputTemplate, schema: Schema) -> SchemaValidator:
    """Accepts the value of a field."""
    return SchemaValidator(field_schema(field, schema))


def field_schema(field: InputTemplate, schema: Schema) -> CoreSchema:
    """The schema of a field's values."""
    kind = field.type.original or field.type
    limits, item = field.limits, field.limits.item or Limits()
    if kind.cardinality == "COLLECTION" or kind.name == "CollectionField":
        found = checks.several(_single(kind.name, field, item, schema), limits)
    elif kind.cardinality == "SINGLE_OR_COLLECTION":
        name = _PYTHON.get(kind.name, kind.name)
        single = _single(kind.name, field, limits, schema)
        several = checks.several(_single(kind.name, field, item, schema), limits)
        found = core_schema.union_schema([(single, name), (several, f"list[{name}]")])
    else:
        found = _single(kind.name, field, limits, schema)
    return checks.optional(found) if field.nullable or (field.required and field.input != "direct") else found


def _single(name: str, field: InputTemplate, limits: Limits, schema: Schema) -> CoreSchema:
    match name:
        case "IntegerField":
            return checks.integer(limits)
        case "FloatField":
            return checks.number(limits)
        case "StringField" | "SavedWorkflowField":
            return core_schema.str_schema(
                min_length=limits.min_length, max_length=limits.max_length, coerce_numbers_to_str=True
            )
        case "BooleanField":
            return checks.BOOLEAN
        case "EnumField" | "SchedulerField":
            return core_schema.literal_schema(list(field.options))
        case "MetadataField":
            return core_schema.dict_schema(checks.TEXT)
    return checks.ANYTHING if name in _UNTYPED else _record(name, schema)


def record_validator(name: str, schema: Schema) -> SchemaValidator:
    """Accepts a record; its errors name the record."""
    return SchemaValidator(_record(name, schema), CoreConfig(title=name))


def _record(name: str, schema: Schema) -> CoreSchema:
    """The schema of a record, such as an image reference. Of records with unknown members it accepts any."""
    if name not in RECORDS:
        return checks.record(name, {}, extra="allow", body=False)
    checked = checks.record(
        name, {member: _member(about, schema) for member, about in RECORDS[name].items()}, body=False
    )
    if rule := RECORD_RULES.get(name):
        checked = core_schema.with_info_after_validator_function(rule_of(rule), checked)
    return checked


def _member(member: Member, schema: Schema) -> CoreSchema:
    check = _member_kind(member, schema)
    check = checks.optional(check) if member.nullable else check
    return check if member.required else checks.absent(check, member.default)


def _member_kind(member: Member, schema: Schema) -> CoreSchema:
    match member.kind:
        case "integer":
            return checks.integer(member.limits)
        case "number":
            return checks.number(member.limits)
        case "text":
            return checks.TEXT
        case "any":
            return checks.ANYTHING
        case "base":
            return _listed(schema.model_bases)
        case "model_type":
            return _listed(schema.model_types)
        case "submodel_type":
            return _listed(schema.submodel_types)
    return _record(member.kind, schema)


def _listed(known: frozenset[str]) -> CoreSchema:
    return checks.choice(tuple(sorted(known))) if known else checks.ANYTHING
