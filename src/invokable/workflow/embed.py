"""The workflow embedded in the enqueue body, which the server stores in the images."""

from __future__ import annotations

from invokable.schema.model import MISSING
from invokable.workflow.form import form_document
from invokable.workflow.model import Edge, Input, InvocationNode, Node, ParsedWorkflow


def embedded_workflow(workflow: ParsedWorkflow) -> dict[str, object]:
    """Return the workflow as JSON in format 4.0.0, without an id. Nodes and edges are created lazily."""
    return {
        "name": workflow.name,
        "author": workflow.author,
        "description": workflow.description,
        "version": workflow.version,
        "contact": workflow.contact,
        "tags": workflow.tags,
        "notes": workflow.notes,
        "nodes": (_node_document(node) for node in workflow.nodes),
        "edges": (_edge_document(edge) for edge in workflow.edges),
        "exposedFields": [{"nodeId": ref.node_id, "fieldName": ref.field_name} for ref in workflow.exposed_fields],
        "meta": {"category": workflow.category, "version": "4.0.0"},
        "form": form_document(workflow.form),
    }


def _node_document(node: Node) -> dict[str, object]:
    if not isinstance(node, InvocationNode):
        return {"id": node.id, "type": node.data["type"], "data": node.data, "position": node.position}
    data: dict[str, object] = {
        "id": node.data_id,
        "version": node.version,
        "nodePack": node.node_pack,
        "label": node.label,
        "notes": node.notes,
        "type": node.type,
        "inputs": {key: _input_document(entry) for key, entry in node.inputs.items()},
        "dynamicInputTemplates": node.raw_dynamic_templates,
        "isOpen": node.is_open,
        "isIntermediate": node.is_intermediate,
        "useCache": node.use_cache,
    }
    return {"id": node.id, "type": "invocation", "data": data, "position": node.position}


def _input_document(entry: Input) -> dict[str, object]:
    document: dict[str, object] = {
        "name": entry.name,
        "label": entry.label,
        "description": entry.description,
    }
    return document if entry.value is MISSING else document | {"value": entry.value}


def _edge_document(edge: Edge) -> dict[str, object]:
    document: dict[str, object] = {
        "id": edge.id,
        "type": edge.type,
        "source": edge.source,
        "target": edge.target,
    }
    if edge.type == "default":
        document |= {"sourceHandle": edge.source_handle, "targetHandle": edge.target_handle}
        if edge.hidden is not None:
            document["hidden"] = edge.hidden
    return document
