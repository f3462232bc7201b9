"""The graph that the editor would enqueue: executable nodes, flattened edges, and no values for connected inputs."""

from __future__ import annotations

from invokable.contract.fields import BOARD_WORDS, CALL, CALLED_INPUTS, DYNAMIC_INPUT
from invokable.schema.model import MISSING, InputTemplate, Schema
from invokable.workflow.errors import Findings
from invokable.workflow.model import (
    EXTRA_INPUTS,
    ConnectorNode,
    Input,
    InvocationNode,
    ParsedWorkflow,
)
from invokable.workflow.wiring import ConnectorSources, Wiring


def build_graph(workflow: ParsedWorkflow, schema: Schema, findings: Findings) -> dict[str, object]:
    """Return the graph as JSON, without an id.

    Nothing is filled in, coerced or hidden: missing defaults and wrong types are left to the server. Boards set to
    "auto" are left out, as the editor does unless it adds images to a board itself.
    """
    nodes: dict[str, dict[str, object]] = {}
    for node in workflow.invocations():
        if node.executable and node.template(schema) is not None:
            nodes[node.id] = _graph_node(node, schema)
    edges = _flattened(workflow, findings)
    for _, _, target, handle in edges:
        _clear(nodes.get(target), handle)
    return {
        "nodes": nodes,
        "edges": [
            {
                "source": {"node_id": source, "field": output},
                "destination": {"node_id": target, "field": handle},
            }
            for source, output, target, handle in edges
        ],
    }


def wiring_of(workflow: ParsedWorkflow) -> Wiring:
    """Return the edges of a workflow, by their start and their end."""
    wiring = Wiring()
    for key, edge in enumerate(workflow.edges):
        wiring.add(key, edge)
    return wiring


# --- nodes ------------------------------------------------------------------------------------------------------------


def _graph_node(node: InvocationNode, schema: Schema) -> dict[str, object]:
    inputs: dict[str, object] = {}
    called_inputs: dict[str, object] = {}
    for name, entry in node.inputs.items():
        if node.type == CALL and name == CALLED_INPUTS:
            continue
        if node.type == CALL and name.startswith(DYNAMIC_INPUT):
            if entry.value is not MISSING:
                called_inputs[name] = entry.value
            continue
        template = node.input_template(schema, name)
        if template is None and node.type not in EXTRA_INPUTS:
            continue
        value = _sent_value(entry, template)
        if value is not MISSING:
            inputs[name] = value
    graph_node: dict[str, object] = {"type": node.type, "id": node.id, **inputs}
    if node.type == CALL:
        graph_node[CALLED_INPUTS] = called_inputs
    return graph_node | {"use_cache": node.use_cache, "is_intermediate": node.is_intermediate}


def _sent_value(entry: Input, template: InputTemplate | None) -> object:
    if template is not None and template.type.name == "BoardField" and entry.value in BOARD_WORDS:
        return MISSING
    return entry.value


def _clear(node: dict[str, object] | None, handle: str) -> None:
    """Remove the value of a connected input, which the server would check but never use."""
    if node is None:
        return
    called_inputs = node.get(CALLED_INPUTS)
    if node["type"] == CALL and handle.startswith(DYNAMIC_INPUT) and isinstance(called_inputs, dict):
        called_inputs.pop(handle, None)
    else:
        node.pop(handle, None)


# --- edges ------------------------------------------------------------------------------------------------------------


def _flattened(workflow: ParsedWorkflow, findings: Findings) -> list[tuple[str, str, str, str]]:
    """Return the edges between executable nodes, with connectors replaced by their sources."""
    nodes = workflow.by_id()
    wiring = wiring_of(workflow)
    connectors = ConnectorSources(nodes, wiring)
    found: dict[tuple[str, str, str, str], None] = {}
    for edge in workflow.edges:
        target, source = nodes.get(edge.target), nodes.get(edge.source)
        if edge.type != "default" or not isinstance(target, InvocationNode) or not target.executable:
            continue
        output = edge.source_handle
        if isinstance(source, ConnectorNode):
            resolved = connectors.of(source.id)
            if resolved is None:
                findings.warn("nothing feeds the connector where the edge starts", edge.pointer)
                continue
            source, output = resolved
        if isinstance(source, InvocationNode) and source.executable:
            found[source.id, output, edge.target, edge.target_handle] = None
    return list(found)
