"""Substitution: puts values into the graph, the batch data and the embedded workflow, and changes nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from invokable.contract.fields import CALLED_INPUTS, DYNAMIC_INPUT
from invokable.runtime.values.encoding import to_json
from invokable.runtime.values.pins import InputPin, Pins, pins_of

if TYPE_CHECKING:
    from invokable.runtime.values.workflow import Workflow

Wire = Mapping[str, Any]
"""Wire values by attribute."""
Values = Mapping[tuple[str, str], Any]
"""Wire values by node and field, with a File in place of each file that is not uploaded yet."""


def wire_values(flow: Workflow, resolved: Wire) -> Values:
    """The wire value of each input that is sent, by node and field; `resolved` has those that needed the server."""
    return {
        (target.node_id, target.field): resolved[target.attribute]
        if target.attribute in resolved
        else to_json(getattr(flow, target.attribute))
        for target in pins_of(type(flow)).inputs
        if not target.connected
    }


def substitute(pins: Pins, values: Values) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The graph and the embedded workflow with these wire values. The class's own are not modified."""
    kinds = {(target.node_id, target.field): target for target in pins.inputs}
    return _graph(pins, values, kinds), _workflow(pins, values)


def _graph(pins: Pins, values: Values, kinds: Mapping[tuple[str, str], InputPin]) -> dict[str, Any]:
    nodes = dict(pins.graph["nodes"])
    touched: set[str] = set()
    for (node_id, field), value in values.items():
        if node_id not in nodes:
            continue  # a batch or generator node, whose values are in the batch data
        if node_id not in touched:
            nodes[node_id] = dict(nodes[node_id])
            touched.add(node_id)
        node = nodes[node_id]
        if field.startswith(DYNAMIC_INPUT):
            node[CALLED_INPUTS] = {**node.get(CALLED_INPUTS, {}), field: value}
        elif _is_omitted(value, kinds[node_id, field], node, field):
            node.pop(field, None)
        else:
            node[field] = value
    return {**pins.graph, "nodes": nodes}


def _is_omitted(value: Any, target: InputPin, node: Mapping[str, Any], field: str) -> bool:
    """Whether the editor would omit the field: no board, the automatic board, or no value where there was none."""
    if target.type.name == "BoardField":
        return isinstance(value, str)
    return value is None and field not in node


def _workflow(pins: Pins, values: Values) -> dict[str, Any] | None:
    if pins.workflow is None:
        return None
    changed: dict[str, dict[str, Any]] = {}
    for (node_id, field), value in values.items():
        changed.setdefault(node_id, {})[field] = value
    nodes = [
        _with_values(node, changed[node["id"]]) if node["id"] in changed else node for node in pins.workflow["nodes"]
    ]
    return {**pins.workflow, "nodes": nodes}


def _with_values(node: dict[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The node with other values; the same node if it has them."""
    inputs = dict(node["data"]["inputs"])
    changed = {field: value for field, value in values.items() if not _has(inputs, field, value)}
    if not changed:
        return node
    for field, value in changed.items():
        inputs[field] = {**inputs.get(field, {"name": field, "label": "", "description": ""}), "value": value}
        if value is None:
            del inputs[field]["value"]
    return {**node, "data": {**node["data"], "inputs": inputs}}


def _has(inputs: Mapping[str, Any], field: str, value: Any) -> bool:
    """Whether a field has a text, an integer or a boolean already. JSON can write other values in several ways."""
    found = inputs.get(field, {}).get("value")
    return type(value) in (str, int, bool) and type(found) is type(value) and bool(found == value)
