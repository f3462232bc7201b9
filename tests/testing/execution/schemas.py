"""Whether an output fits its schema: by the catalogue, and by the server's own openapi.json if available."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from invokable.schema import NodeTemplate
from tests.examples import SHARED

OPENAPI = SHARED / "openapi" / "6.14.2.json.gz"

PYTHON: dict[str, Any] = {"IntegerField": int, "FloatField": (int, float), "StringField": str, "BooleanField": bool}
JSON: dict[str, Any] = {
    "integer": int,
    "number": (int, float),
    "string": str,
    "boolean": bool,
    "object": dict,
    "array": list,
}


def misfits(result: dict[str, Any], template: NodeTemplate) -> list[str]:
    """The errors in an output, as lines."""
    found = [f"{name} is missing" for name in (*template.outputs, "type") if name not in result]
    if result["type"] != template.output_type:
        found.append(f"type is {result['type']}")
    for name, output in template.outputs.items():
        values = result[name] if output.type.cardinality == "COLLECTION" else [result[name]]
        wanted = PYTHON.get(output.type.name, object)
        found += [f"{name} holds {value!r}" for value in values if not isinstance(value, wanted)]
    return found + list(_against_openapi(result))


def _against_openapi(result: dict[str, Any]) -> Iterator[str]:
    schemas = _schemas()
    outputs = [
        schema
        for schema in schemas.values()
        if schema.get("class") == "output" and schema["properties"]["type"].get("default") == result["type"]
    ]
    for schema in outputs:
        yield from _differences(result, schema, schemas, "result")


@cache
def _schemas() -> dict[str, Any]:
    if not OPENAPI.exists():
        return {}
    found: dict[str, Any] = json.loads(gzip.decompress(OPENAPI.read_bytes()))["components"]["schemas"]
    return found


def _differences(value: Any, schema: dict[str, Any], schemas: dict[str, Any], where: str) -> Iterator[str]:
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        tried = [list(_differences(value, branch, schemas, where)) for branch in schema["anyOf"]]
        yield from min(tried, key=len)
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is not one of the choices"
    if schema.get("type") == "null":
        yield from [] if value is None else [f"{where}: {value!r} is not null"]
    elif "type" in schema and not isinstance(value, JSON[schema["type"]]):
        yield f"{where}: {value!r} should be of type {schema['type']}"
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _differences(item, schema.get("items", {}), schemas, f"{where}[{index}]")
    elif isinstance(value, dict):
        yield from _object_differences(value, schema, schemas, where)


def _object_differences(
    value: dict[str, Any], schema: dict[str, Any], schemas: dict[str, Any], where: str
) -> Iterator[str]:
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{where}: {name} is missing"
    properties = schema.get("properties", {})
    for name, item in value.items():
        if name in properties and name != "output_meta":
            yield from _differences(item, properties[name], schemas, f"{where}.{name}")
        elif properties and name not in properties and schema.get("additionalProperties") is False:
            yield f"{where}: {name} is unknown"
