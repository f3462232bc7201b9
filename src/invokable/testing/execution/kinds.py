"""Node types as the engine needs them: class, defaults, required fields, implementation."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic_core import SchemaValidator, ValidationError

from invokable.schema import NodeTemplate, Schema
from invokable.testing.class_names import class_name
from invokable.testing.execution.nodes import Implementation, implementation
from invokable.testing.execution.services import NodeError
from invokable.testing.graphs.fields import defaults, field_validator, keeps_extra_fields

_BY_VALUE_TOO: Final = frozenset(
    {
        ("apply_tensor_mask_to_image", "mask"),
        ("compel", "clip"),
        ("flux_fill", "mask"),
        ("ideal_size", "unet"),
        ("invert_tensor_mask", "mask"),
        ("latents_collection", "collection"),
        ("merge_metadata", "collection"),
        ("merge_tiles_to_image", "tiles_with_images"),
        ("metadata", "items"),
        ("metadata_item", "value"),
        ("metadata_item_linked", "value"),
        ("metadata_to_vae", "default_value"),
        ("pair_tile_image", "tile"),
        ("paste_image_into_bounding_box", "bounding_box"),
        ("tensor_mask_to_image", "mask"),
        ("tile_to_properties", "tile"),
    }
)
"""Fields that only an edge can set in the editor, but also a value on the server."""


@dataclass(frozen=True, slots=True)
class NodeKind:
    """A node type of a schema, ready to run."""

    template: NodeTemplate
    class_name: str
    defaults: Mapping[str, Any]
    validators: Mapping[str, SchemaValidator]
    required: tuple[tuple[str, bool], ...]
    """Required fields, and whether only an edge can set them."""
    implementation: Implementation

    @property
    def type(self) -> str:
        """The node type."""
        return self.template.type

    def normalized(self, node: Mapping[str, Any]) -> dict[str, Any]:
        """Return the node as the server stores it: every field filled, unknown ones dropped."""
        known = {**self.defaults, **node} if keeps_extra_fields(self.type) else self.defaults
        filled = {name: node.get(name, default) for name, default in known.items()}
        for name in node.keys() & self.validators.keys():
            # An invalid literal is refused on enqueue; here it is kept.
            with contextlib.suppress(NodeError):
                filled[name] = self.convert(name, filled[name], node["id"])
        return {**filled, "id": node["id"], "type": self.type}

    def convert(self, field: str, value: Any, exec_id: str) -> Any:
        """Return a value converted for a field. Raises NodeError if it is invalid."""
        if field not in self.validators:
            return value
        try:
            return self.validators[field].validate_python(value)
        except ValidationError as error:
            raise bad_input(exec_id, field) from error

    def check(self, node: Mapping[str, Any]) -> None:
        """Raise NodeError, like the server, if a required field is empty."""
        for field, by_edge in self.required:
            if node.get(field) is None and by_edge:
                raise NodeError(
                    "RequiredConnectionException", f"Node {self.type} missing connections for field {field}"
                )
            if node.get(field) is None:
                raise NodeError(
                    "MissingInputException", f"Node {self.type} missing value or connection for field {field}"
                )


def bad_input(exec_id: str, field: str) -> NodeError:
    """Return the error for an edge that delivers an invalid value."""
    return NodeError("NodeInputError", f"Node {exec_id} has invalid incoming input for {field}")


_made: dict[int, tuple[Schema, dict[str, NodeKind]]] = {}


def kind_of(schema: Schema, node_type: str) -> NodeKind:
    """Return the kind of a node type. Raises KeyError if the schema does not have it."""
    # Keyed by identity, with the schema kept alive: hashing thousands of fields for each node would be slow.
    _, kinds = _made.setdefault(id(schema), (schema, {}))
    if node_type not in kinds:
        kinds[node_type] = _kind(schema.nodes[node_type], schema)
    return kinds[node_type]


def _kind(template: NodeTemplate, schema: Schema) -> NodeKind:
    return NodeKind(
        template=template,
        class_name=class_name("invocation", template.type),
        defaults=defaults(template),
        validators={name: field_validator(field, schema) for name, field in template.inputs.items()},
        required=tuple(
            (name, field.input == "connection" and (template.type, name) not in _BY_VALUE_TOO)
            for name, field in template.inputs.items()
            if field.required and field.input != "direct"
        ),
        implementation=implementation(template.type),
    )
