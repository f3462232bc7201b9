"""Values: a node's fields, checked against their templates and stored like on the server."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

from invokable.contract.fields import CALL, CALLED_INPUTS
from invokable.schema import MISSING, InputTemplate, Limits, NodeTemplate, Schema
from invokable.schema.fields import EDITOR_DEFAULTS
from invokable.testing.graphs import scalars
from invokable.testing.graphs.records import RECORDS, record
from invokable.testing.graphs.scalars import Loc, Taken
from invokable.testing.server.problems import Detail, missing, value_error
from invokable.testing.server.release import Release
from invokable.testing.words import CUSTOM_LABEL

_BASE_FIRST: Final = ("board", "metadata")
# Defaults of fields whose type the editor cannot read or that it does not show.
_UNSEEN_DEFAULTS: Final[dict[tuple[str, str], Any]] = {
    (CALL, CALLED_INPUTS): {},
    ("iterate", "index"): 0,
    ("metadata_to_lora_collection", "loras"): [],
    ("workflow_return", "values"): [],
    ("workflow_return_get", "values"): {},
}


class Reader:
    """Reads nodes and values like a server with this schema."""

    def __init__(self, schema: Schema) -> None:
        self.schema: Final = schema
        self.release: Final = Release(schema.version)

    def node(self, node_id: str, value: Mapping[str, Any], template: NodeTemplate, loc: Loc) -> Taken:
        """A node with all its fields: defaults added, unknown members dropped."""
        details: list[Detail] = []
        taken: dict[str, Any] = {}
        first = [name for name in _BASE_FIRST if name in template.inputs]
        for name in first:
            taken[name], found = self._field(value, template.inputs[name], (*loc, name))
            details += found
        taken["id"] = node_id
        for name, default in (("is_intermediate", False), ("use_cache", template.use_cache)):
            taken[name], found = scalars.boolean(value.get(name, default), (*loc, name))
            details += found
        for name, field in template.inputs.items():
            if name not in first:
                taken[name], found = self._field(value, field, (*loc, name))
                details += found
        for (node_type, name), default in _UNSEEN_DEFAULTS.items():
            if node_type == template.type:
                taken[name] = value.get(name, deepcopy(default))
        taken["type"] = template.type
        if not details and taken.get("label") == CUSTOM_LABEL and not (taken.get("custom_label") or "").strip():
            details.append(value_error(loc, "You must enter a Custom Label", dict(value)))
        return taken, details

    def _field(self, node: Mapping[str, Any], field: InputTemplate, loc: Loc) -> Taken:
        if field.name in node:
            return self.value(node[field.name], field, loc)
        if field.required and field.input == "direct":
            return None, [missing(loc, dict(node))]
        return self.default(field), []

    def default(self, field: InputTemplate) -> Any:
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

    def value(self, value: Any, field: InputTemplate, loc: Loc) -> Taken:
        """The value of a field, as stored by the server."""
        optional = field.nullable or (field.required and field.input != "direct") or field.type.name == "AnyField"
        if value is None and optional:
            return None, []
        kind = field.type.original or field.type
        if kind.cardinality == "COLLECTION" or kind.name == "CollectionField":
            return self._list(value, field, loc)
        if kind.cardinality == "SINGLE_OR_COLLECTION" and isinstance(value, list):
            return self._list(value, field, loc)
        return self._single(value, field, field.limits, loc)

    def _list(self, value: Any, field: InputTemplate, loc: Loc) -> Taken:
        if not isinstance(value, list):
            return None, [Detail("list_type", loc, "Input should be a valid list", value)]
        limits = field.limits
        details = _length(value, limits, loc)
        taken = []
        for position, item in enumerate(value):
            one, found = self._single(item, field, limits.item or Limits(), (*loc, position))
            taken.append(one)
            details += found
        return taken, details

    def _single(self, value: Any, field: InputTemplate, limits: Limits, loc: Loc) -> Taken:
        name = (field.type.original or field.type).name
        match name:
            case "IntegerField":
                return scalars.integer(value, limits, loc)
            case "FloatField":
                return scalars.number(value, limits, loc)
            case "StringField" | "SavedWorkflowField":
                return scalars.text(value, limits, loc)
            case "BooleanField":
                return scalars.boolean(value, loc)
            case "EnumField" | "SchedulerField":
                return scalars.choice(value, field.options, loc)
        if name in RECORDS:
            return record(value, name, self.schema, loc)
        return deepcopy(value), []


def _length(value: list[Any], limits: Limits, loc: Loc) -> list[Detail]:
    if limits.min_items is not None and len(value) < limits.min_items:
        words = f"List should have at least {limits.min_items} items after validation, not {len(value)}"
        context = {"field_type": "List", "min_length": limits.min_items, "actual_length": len(value)}
        return [Detail("too_short", loc, words, value, context)]
    if limits.max_items is not None and len(value) > limits.max_items:
        words = f"List should have at most {limits.max_items} items after validation, not {len(value)}"
        context = {"field_type": "List", "max_length": limits.max_items, "actual_length": len(value)}
        return [Detail("too_long", loc, words, value, context)]
    return []
