"""Node schemas: the node types of a server, from its openapi.json or bundled."""

from invokable.schema.catalogue import (
    load,
    versions,
    versions_with_field,
    versions_with_node,
)
from invokable.schema.choice import Gone, SchemaChoice, choose_schema, recognized_version
from invokable.schema.model import (
    MISSING,
    Cardinality,
    Connects,
    FieldType,
    InputTemplate,
    Limits,
    ModelFilter,
    NodeTemplate,
    OutputTemplate,
    Schema,
    SchemaError,
)
from invokable.schema.openapi import parse_openapi

__all__ = [
    "MISSING",
    "Cardinality",
    "Connects",
    "FieldType",
    "Gone",
    "InputTemplate",
    "Limits",
    "ModelFilter",
    "NodeTemplate",
    "OutputTemplate",
    "Schema",
    "SchemaChoice",
    "SchemaError",
    "choose_schema",
    "load",
    "parse_openapi",
    "recognized_version",
    "versions",
    "versions_with_field",
    "versions_with_node",
]
