"""Node drift: how the server's nodes differ from those a module was generated for."""

from __future__ import annotations

from typing import Any

from invokable.contract.fields import DYNAMIC_INPUT
from invokable.runtime.steps.exchange.answers import OpenAPI
from invokable.runtime.steps.exchange.fetching import fetch
from invokable.runtime.steps.exchange.protocol import Request, Steps
from invokable.runtime.steps.exchange.responses import read
from invokable.runtime.values.pins import Pins


def drift(pins: Pins) -> Steps[list[str]]:
    """A line for each node type that differs: it is missing, has another version, or lacks a field that the graph sets.

    Custom nodes often change without a new version, so the fields are always compared.
    """
    response = yield from fetch(Request("GET", "/openapi.json"))
    nodes = read(response, OpenAPI).invocations()
    found = []
    for node_type, version in pins.nodes.items():
        if node_type not in nodes:
            found.append(f"{node_type}: the server lacks this node; the module was generated for version {version}")
            continue
        if nodes[node_type].version != version:
            found.append(
                f"{node_type}: the server has version {nodes[node_type].version}; the module expects {version}"
            )
        lacking = sorted(_fields_set(pins, node_type) - nodes[node_type].properties.keys())
        found += [f"{node_type}: the server's node has no field {field!r}" for field in lacking]
    return found


def _fields_set(pins: Pins, node_type: str) -> set[str]:
    """The fields that the module sets on nodes of a type: by the graph, by an input, or by an edge."""
    nodes: dict[str, Any] = {key: node for key, node in pins.graph["nodes"].items() if node["type"] == node_type}
    fields = {field for node in nodes.values() for field in node}
    ends = (edge["destination"] for edge in pins.graph["edges"])
    fields |= {end["field"] for end in ends if end["node_id"] in nodes}
    return fields | {
        target.field for target in pins.inputs if target.node_id in nodes and not target.field.startswith(DYNAMIC_INPUT)
    }
