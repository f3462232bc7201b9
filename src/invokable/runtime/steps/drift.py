"""Drift: what the server's nodes have become since a module was made for them."""

from __future__ import annotations

from typing import Any

from invokable.contract.fields import DYNAMIC_INPUT
from invokable.runtime.steps.answers import OpenAPI, read
from invokable.runtime.steps.protocol import Request, Steps, fetch
from invokable.runtime.values.pins import Pins


def drift(pins: Pins) -> Steps[list[str]]:
    """A line for each node type that differs: it is gone, has another version, or lacks a field that the graph sets.

    Custom nodes often change without a new version, so the fields are compared in any case.
    """
    response = yield from fetch(Request("GET", "/openapi.json"))
    nodes = read(response, OpenAPI).invocations()
    found = []
    for node_type, version in pins.nodes.items():
        if node_type not in nodes:
            found.append(f"{node_type}: the server lacks this node; the module was made for its version {version}")
            continue
        if nodes[node_type].version != version:
            found.append(
                f"{node_type}: the server has version {nodes[node_type].version}; the module was made for {version}"
            )
        lacking = sorted(_fields_set(pins, node_type) - nodes[node_type].properties.keys())
        found += [f"{node_type}: the server's node has no field {field!r}" for field in lacking]
    return found


def _fields_set(pins: Pins, node_type: str) -> set[str]:
    """The fields that nodes of a type get: a value of the graph or of an input, or an edge."""
    nodes: dict[str, Any] = {key: node for key, node in pins.graph["nodes"].items() if node["type"] == node_type}
    fields = {field for node in nodes.values() for field in node}
    ends = (edge["destination"] for edge in pins.graph["edges"])
    fields |= {end["field"] for end in ends if end["node_id"] in nodes}
    return fields | {
        target.field for target in pins.inputs if target.node_id in nodes and not target.field.startswith(DYNAMIC_INPUT)
    }
