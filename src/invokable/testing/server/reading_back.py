"""Reading back: the session of an item in answers that include nulls.

The server stores sessions without nulls, and parses them into node classes when an item is requested.
"""

from __future__ import annotations

from typing import Any

from invokable.schema import Schema


def with_nulls(session: dict[str, Any], schema: Schema) -> dict[str, Any]:
    """The session, including null members of nodes and results."""
    graph = session["execution_graph"]
    nodes = {node_id: _node(node, schema) for node_id, node in graph["nodes"].items()}
    results = {node_id: {"output_meta": None, **result} for node_id, result in session["results"].items()}
    return {**session, "execution_graph": {**graph, "nodes": nodes}, "results": results}


def _node(node: dict[str, Any], schema: Schema) -> dict[str, Any]:
    template = schema.nodes.get(node["type"])
    return {**dict.fromkeys(template.inputs if template else ()), **node}
