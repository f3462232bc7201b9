"""Node types as the engine needs them: class, defaults, required fields, implementation."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from invokable.contract.fields import CALL, CALLED_INPUTS
from invokable.schema import NodeTemplate, Schema
from invokable.testing.class_names import class_name
from invokable.testing.execution.nodes import Implementation, implementation
from invokable.testing.execution.services import NodeError
from invokable.testing.execution.values import Convert, converter, server_default

# The editor does not use these, so the catalogue lacks them.
_HIDDEN: Final[dict[str, dict[str, Any]]] = {"iterate": {"index": 0}, CALL: {CALLED_INPUTS: {}}}
_KEEPS_EXTRA_FIELDS: Final = frozenset({"core_metadata", CALL})


@dataclass(frozen=True, slots=True)
class NodeKind:
    """A node type of a schema, ready to run."""

    template: NodeTemplate
    class_name: str
    defaults: Mapping[str, Any]
    converters: Mapping[str, Convert]
    required: tuple[tuple[str, bool], ...]
    """Required fields, and whether only an edge can set them."""
    implementation: Implementation

    @property
    def type(self) -> str:
        """The node type."""
        return self.template.type

    def normalised(self, node: Mapping[str, Any]) -> dict[str, Any]:
        """Return the node as the server stores it: every field filled, unknown ones dropped."""
        known = self.defaults if self.type not in _KEEPS_EXTRA_FIELDS else {**self.defaults, **node}
        filled = {name: node.get(name, default) for name, default in known.items()}
        for name in node.keys() & self.converters.keys():
            # An invalid literal is refused on enqueue; here it is kept.
            with contextlib.suppress(NodeError):
                filled[name] = self.convert(name, filled[name], node["id"])
        return {**filled, "id": node["id"], "type": self.type}

    def convert(self, field: str, value: Any, exec_id: str) -> Any:
        """Return a value converted for a field. Raises NodeError if it is invalid."""
        convert = self.converters.get(field)
        if convert is None or value is None:
            return value
        try:
            return convert(value)
        except (ValueError, TypeError, OverflowError) as error:
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
        kinds[node_type] = _kind(schema.nodes[node_type])
    return kinds[node_type]


def _kind(template: NodeTemplate) -> NodeKind:
    fields = {name: server_default(field) for name, field in template.inputs.items()}
    return NodeKind(
        template=template,
        class_name=class_name("invocation", template.type),
        defaults={
            "id": "",
            "is_intermediate": False,
            "use_cache": template.use_cache,
            **fields,
            **_HIDDEN.get(template.type, {}),
            "type": template.type,
        },
        converters={name: found for name, field in template.inputs.items() if (found := converter(field))},
        required=tuple(
            (name, field.input == "connection")
            for name, field in template.inputs.items()
            if field.required and field.input != "direct"
        ),
        implementation=implementation(template.type),
    )
