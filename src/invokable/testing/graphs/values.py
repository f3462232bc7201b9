"""Values: a node's fields, checked and stored like on the server."""

from __future__ import annotations

from typing import Any, Final

from pydantic_core import SchemaValidator, core_schema

from invokable.schema import Schema
from invokable.testing.graphs.fields import node_validator
from invokable.testing.server.checks import ANYTHING
from invokable.testing.server.problems import Broken
from invokable.testing.server.release import Release

# Nodes that the editor turns into batch data: the server answers 500 to them.
_EXPANDED: Final = ("_batch", "_generator")


class Reader:
    """Reads nodes like a server with this schema."""

    def __init__(self, schema: Schema) -> None:
        self.schema: Final = schema
        self.release: Final = Release(schema.version)
        self._tags = SchemaValidator(
            core_schema.tagged_union_schema(dict.fromkeys(schema.nodes, ANYTHING), "type", from_attributes=True)
        )
        self._nodes: dict[str, SchemaValidator] = {}

    def node(self, value: Any) -> Any:
        """A node with all its fields: defaults added, unknown members dropped. Raises ValidationError, and Broken."""
        node_type = self._tags.validate_python(value)["type"]
        if node_type.endswith(_EXPANDED):
            raise Broken(f"{node_type} is expanded by the client")
        if node_type not in self._nodes:
            self._nodes[node_type] = node_validator(self.schema.nodes[node_type], self.schema)
        try:
            return self._nodes[node_type].validate_python(value)
        except (KeyError, TypeError):
            raise Broken from None
