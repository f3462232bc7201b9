"""What nodes look like: the schema of a server, read from its openapi.json or bundled."""

from invokable.schema.catalogue import (
    best_fit,
    load,
    versions,
    versions_with_field,
    versions_with_node,
)
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
    "InputTemplate",
    "Limits",
    "ModelFilter",
    "NodeTemplate",
    "OutputTemplate",
    "Schema",
    "SchemaError",
    "best_fit",
    "load",
    "parse_openapi",
    "versions",
    "versions_with_field",
    "versions_with_node",
]
