"""Small openapi documents: a server with one node, `tint`, with the fields that a test needs."""

from __future__ import annotations

from typing import Any

from invokable.schema import InputTemplate, NodeTemplate, OutputTemplate, parse_openapi

Json = dict[str, Any]

IMAGE_REF: Json = {"$ref": "#/components/schemas/ImageField"}
LATENTS_REF: Json = {"$ref": "#/components/schemas/LatentsField"}
NULL: Json = {"type": "null"}


def field(schema: Json, **more: Any) -> Json:
    """Return the schema of an input field."""
    return {"field_kind": "input", "input": "any", "orig_required": False, **schema, **more}


def openapi(
    inputs: Json | None = None,
    outputs: Json | None = None,
    *,
    node_type: str = "tint",
    version: str = "1.2.3",
    **node: Any,
) -> Json:
    """Return an openapi.json whose only node type has these inputs and outputs."""
    invocation = {
        "class": "invocation",
        "title": "TintInvocation",
        "version": version,
        "node_pack": "watercolours",
        "category": "paint",
        "classification": "beta",
        "properties": {
            "id": {"field_kind": "node_attribute", "type": "string"},
            "is_intermediate": {
                "field_kind": "node_attribute",
                "type": "boolean",
                "ui_type": "IsIntermediate",
            },
            "use_cache": {"field_kind": "node_attribute", "type": "boolean", "default": False},
            **(inputs or {}),
            "type": {"field_kind": "node_attribute", "const": node_type, "default": node_type},
        },
        "output": {"$ref": "#/components/schemas/TintOutput"},
        **node,
    }
    output = {
        "class": "output",
        "properties": {
            **(outputs or {}),
            "type": {"field_kind": "node_attribute", "default": "tint_output"},
        },
    }
    return {
        "info": {"version": "1.0.0"},
        "components": {
            "schemas": {
                "BaseModelType": {"enum": ["sd-1", "sdxl"]},
                "ModelType": {"enum": ["main", "vae"]},
                "SubModelType": {"enum": ["unet"]},
                "ImageField": {"type": "object", "properties": {"image_name": {"type": "string"}}},
                "TintInvocation": invocation,
                "TintOutput": output,
            }
        },
    }


def read_node(document: Json) -> NodeTemplate:
    """Return the document's only node."""
    (node,) = parse_openapi(document, origin="test").nodes.values()
    return node


def read_input(schema: Json, *, name: str = "shade", node_type: str = "tint") -> InputTemplate:
    """Return the template of an input of this schema."""
    return read_node(openapi({name: schema}, node_type=node_type)).inputs[name]


def read_output(schema: Json, *, name: str = "shade", node_type: str = "tint") -> OutputTemplate:
    """Return the template of an output of this schema."""
    outputs = {name: {"field_kind": "output", **schema}}
    return read_node(openapi(outputs=outputs, node_type=node_type)).outputs[name]
