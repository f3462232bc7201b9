"""The graph that the editor would enqueue: executable nodes, flattened edges, and no values for connected inputs."""

from __future__ import annotations

from invokable.contract.fields import BOARD_WORDS, CALL, CALLED_INPUTS, DYNAMIC_INPUT
from invokable.schema.model import MISSING, InputTemplate, Schema
from invokable.workflow.errors import Findings
from invokable.workflow.model import EXTRA_INPUTS, Input, InvocationNode, ParsedWorkflow
from invokable.workflow.wiring import incoming


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
    found: dict[tuple[str, str, str, str], None] = {}
    for edge, target, feeding in incoming(workflow):
        if not target.executable:
            continue
        if feeding is None:
            findings.warn("nothing feeds the connector where the edge starts", edge.pointer)
            continue
        source, output = feeding
        if source.executable:
            found[source.id, output, edge.target, edge.target_handle] = None
    return list(found)
