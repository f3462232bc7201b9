"""Small workflows in format 4.0.0, built from the nodes, edges and form elements that a test needs."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from typing import Any

from invokable.schema import Schema, load
from invokable.workflow import Reading, read_document, read_workflow

Json = dict[str, Any]

VERSION = "6.14.2"
UNSET: Any = object()
MODEL = {"key": "4e7a", "hash": "blake3:ab", "name": "Dreamy", "base": "sd-1", "type": "main"}


@functools.cache
def schema() -> Schema:
    """Return the bundled node templates."""
    return load(VERSION)


def node(node_id: str, node_type: str, version: str | None = None, label: str = "", **inputs: Any) -> Json:
    """Return an invocation node, by default of the schema's version; UNSET makes an input without value."""
    template = schema().nodes.get(node_type)
    data = {
        "id": node_id,
        "type": node_type,
        "version": version or (template.version if template else "1.0.0"),
        "nodePack": "invokeai",
        "label": label,
        "notes": "",
        "isOpen": True,
        "isIntermediate": False,
        "useCache": True,
        "inputs": {name: field_input(name, value) for name, value in inputs.items()},
    }
    return {"id": node_id, "type": "invocation", "data": data, "position": {"x": 0, "y": 0}}


def field_input(name: str, value: Any = UNSET, label: str = "", description: str = "") -> Json:
    """Return an input of a node."""
    entry = {"name": name, "label": label, "description": description}
    return entry if value is UNSET else entry | {"value": value}


def connector(node_id: str) -> Json:
    """Return a connector node."""
    data = {"id": node_id, "type": "connector", "label": "", "isOpen": True}
    return {"id": node_id, "type": "connector", "data": data, "position": {"x": 0, "y": 0}}


def notes(node_id: str) -> Json:
    """Return a notes node."""
    data = {"id": node_id, "type": "notes", "label": "", "isOpen": True, "notes": "remember"}
    return {"id": node_id, "type": "notes", "data": data, "position": {"x": 0, "y": 0}}


def edge(start: str, end: str, **more: Any) -> Json:
    """Return an edge between two fields, each written `node.field`."""
    source, source_handle = start.split(".")
    target, target_handle = end.split(".")
    return {
        "id": f"{start}-{end}",
        "type": "default",
        "source": source,
        "sourceHandle": source_handle,
        "target": target,
        "targetHandle": target_handle,
    } | more


def form(*elements: Any) -> Json:
    """Return a form: a text is a field `node.field`, a list a container, an object a complete element."""
    built: Json = {}

    def add(entry: Any, parent: str | None) -> str:
        key = f"el{len(built)}"
        element: Json = {"id": key}
        built[key] = element
        if parent:
            element["parentId"] = parent
        if isinstance(entry, list):
            element |= {"type": "container", "data": {"layout": "column", "children": []}}
            element["data"]["children"] = [add(child, key) for child in entry]
        elif isinstance(entry, dict):
            element |= entry
        else:
            node_id, field_name = entry.split(".")
            element |= {"type": "node-field", "data": {"fieldIdentifier": {"nodeId": node_id, "fieldName": field_name}}}
        return key

    return {"rootElementId": add(list(elements), None), "elements": built}


def field_element(where: str, **data: Any) -> Json:
    """Return a form element for a field, with settings."""
    node_id, field_name = where.split(".")
    identifier = {"nodeId": node_id, "fieldName": field_name}
    return {"type": "node-field", "data": {"fieldIdentifier": identifier} | data}


def workflow(*nodes: Json, edges: list[Json] | None = None, **more: Any) -> Json:
    """Return a workflow in format 4.0.0."""
    header = dict.fromkeys(("name", "author", "description", "version", "contact", "tags", "notes"), "")
    rest = {"exposedFields": [], "meta": {"version": "4.0.0", "category": "user"}}
    return header | {"nodes": list(nodes), "edges": edges or []} | rest | more


def read(document: Json, *, lenient: bool = False) -> Reading:
    """Read a workflow from its bytes, with the bundled schema."""
    data = json.dumps(document).encode()
    return read_workflow(read_document(data), schema(), lenient=lenient)


def graph_node(reading: Reading, node_id: str) -> Json:
    """Return a node of the graph without the common fields."""
    nodes: Any = reading.graph["nodes"]
    always = ("id", "type", "use_cache", "is_intermediate")
    return {key: value for key, value in nodes[node_id].items() if key not in always}


def graph_edges(reading: Reading) -> list[str]:
    """Return the edges of the graph, each as `node.field > node.field`."""
    edges: Any = reading.graph["edges"]
    return [
        "{source[node_id]}.{source[field]} > {destination[node_id]}.{destination[field]}".format(**entry)
        for entry in edges
    ]


def embedded_in(reading: Reading) -> Json:
    """Return the workflow that a run embeds in its images, with lists instead of iterators."""
    return {key: list(value) if isinstance(value, Iterator) else value for key, value in reading.embedding().items()}
