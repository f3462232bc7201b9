"""Graph rules: which nodes and edges the server accepts, and its messages about the others."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

from invokable.schema import Schema
from invokable.testing.graphs.edge_types import (
    NO_INPUT,
    NOTHING_COLLECTED,
    SEVERAL_TYPES,
    collector_problem,
    fits,
    input_type,
    iterator_problem,
    output_type,
)
from invokable.testing.graphs.scalars import Loc, Taken
from invokable.testing.graphs.values import Reader
from invokable.testing.server.problems import Broken, Detail, missing, value_error

_ENDS: Final = ("source", "destination")
# Nodes that the editor turns into batch data: the server answers 500 to them.
_EXPANDED: Final = ("_batch", "_generator")


def read_graph(value: Any, reader: Reader, loc: Loc) -> Taken:
    """A graph as the server stores it, or all reasons why it is refused."""
    if not isinstance(value, Mapping):
        words = "Input should be a valid dictionary or object to extract fields from"
        return None, [Detail("model_attributes_type", loc, words, value)]
    nodes, details = _nodes(value.get("nodes", {}), reader, (*loc, "nodes"))
    edges, found = _edges(value.get("edges", []), (*loc, "edges"))
    details += found
    graph = {"id": value.get("id", str(uuid4())), "nodes": nodes, "edges": edges}
    if not details and (problem := _problem(nodes, edges, reader)):
        details.append(value_error(loc, problem, value))
    return graph, details


def _nodes(value: Any, reader: Reader, loc: Loc) -> tuple[dict[str, Any], list[Detail]]:
    if not isinstance(value, Mapping):
        return {}, [Detail("dict_type", loc, "Input should be a valid dictionary", value)]
    nodes: dict[str, Any] = {}
    details: list[Detail] = []
    for node_id, node in value.items():
        nodes[node_id], found = _node(node, reader, (*loc, node_id))
        details += found
    return nodes, details


def _node(node: Any, reader: Reader, loc: Loc) -> Taken:
    if not isinstance(node, Mapping):
        words = "Input should be a valid dictionary or object to extract fields from"
        return None, [Detail("model_attributes_type", loc, words, node)]
    if "type" not in node:
        words = "Unable to extract tag using discriminator 'type'"
        return None, [Detail("union_tag_not_found", loc, words, node, {"discriminator": "'type'"})]
    node_type = node["type"]
    if not isinstance(node_type, str) or node_type not in reader.schema.nodes:
        return None, [_unknown_type(node, reader.schema, loc)]
    if node_type.endswith(_EXPANDED):
        raise Broken(f"{node_type} is expanded by the client")
    node_id = node.get("id", str(uuid4()))
    return reader.node(node_id, node, reader.schema.nodes[node_type], (*loc, node_type))


def _unknown_type(node: Mapping[str, Any], schema: Schema, loc: Loc) -> Detail:
    tags = ", ".join(repr(name) for name in schema.nodes)
    words = f"Input tag {node['type']!r} found using 'type' does not match any of the expected tags: {tags}"
    context = {"discriminator": "'type'", "tag": str(node["type"]), "expected_tags": tags}
    return Detail("union_tag_invalid", loc, words, node, context)


def _edges(value: Any, loc: Loc) -> tuple[list[Any], list[Detail]]:
    if not isinstance(value, list):
        return [], [Detail("list_type", loc, "Input should be a valid list", value)]
    edges, details = [], []
    for position, edge in enumerate(value):
        taken, found = _edge(edge, (*loc, position))
        edges.append(taken)
        details += found
    return edges, details


def _edge(edge: Any, loc: Loc) -> Taken:
    if not isinstance(edge, Mapping):
        words = "Input should be a valid dictionary or object to extract fields from"
        return None, [Detail("model_attributes_type", loc, words, edge)]
    taken: dict[str, Any] = {}
    details = []
    for end in _ENDS:
        place = edge.get(end)
        if not isinstance(place, Mapping):
            details.append(missing((*loc, end), edge))
            continue
        taken[end] = {name: place.get(name) for name in ("node_id", "field")}
        details += [missing((*loc, end, name), place) for name in ("node_id", "field") if name not in place]
    return taken, details


def _problem(nodes: dict[str, Any], edges: list[Any], reader: Reader) -> str | None:
    schema = reader.schema
    for key, node in nodes.items():
        if key != node["id"]:
            return f"Node ids must match, got {key} and {node['id']}"
    return (
        next((words for edge in edges if (words := _loose_end(edge, nodes, schema))), None)
        or ("Graph contains cycles" if _has_cycle(nodes, edges) else None)
        or next((words for edge in edges if (words := _mismatch(edge, nodes, schema))), None)
        or _special_nodes(nodes, edges, reader)
    )


def _loose_end(edge: Any, nodes: dict[str, Any], schema: Schema) -> str | None:
    for end in _ENDS:
        node_id = edge[end]["node_id"]
        if node_id not in nodes:
            return f"Edge {end} node {node_id} does not exist in the graph"
    source, destination = edge["source"], edge["destination"]
    outputs = schema.nodes[nodes[source["node_id"]]["type"]].outputs
    if source["field"] not in outputs and source["field"] not in ("type", "output_meta"):
        return f"Edge source field {source['field']} does not exist in node {source['node_id']}"
    if destination["field"] not in nodes[destination["node_id"]]:
        return f"Edge destination field {destination['field']} does not exist in node {destination['node_id']}"
    return None


def _has_cycle(nodes: dict[str, Any], edges: list[Any]) -> bool:
    following: dict[str, set[str]] = defaultdict(set)
    for edge in edges:
        following[edge["source"]["node_id"]].add(edge["destination"]["node_id"])
    waits = dict.fromkeys(nodes, 0)
    for targets in following.values():
        for target in targets:
            waits[target] += 1
    ready = deque(node_id for node_id, count in waits.items() if not count)
    seen = 0
    while ready:
        seen += 1
        for target in following[ready.popleft()]:
            waits[target] -= 1
            if not waits[target]:
                ready.append(target)
    return seen < len(nodes)


def _mismatch(edge: Any, nodes: dict[str, Any], schema: Schema) -> str | None:
    source, destination = edge["source"], edge["destination"]
    given = output_type(nodes[source["node_id"]]["type"], source["field"], schema)
    wanted = input_type(nodes[destination["node_id"]]["type"], destination["field"], schema)
    if fits(given, wanted):
        return None
    ends = " -> ".join(f"{end['node_id']}.{end['field']}" for end in (source, destination))
    return f"Edge source and target types do not match ({ends})"


def _special_nodes(nodes: dict[str, Any], edges: list[Any], reader: Reader) -> str | None:
    schema = reader.schema
    types = {node_id: node["type"] for node_id, node in nodes.items()}
    for node_id, node_type in types.items():
        if node_type == "iterate" and (words := iterator_problem(node_id, types, edges, schema)):
            if words == NO_INPUT and not reader.release.has("iterators"):
                raise Broken(words)
            return f"Invalid iterator node ({node_id}): {words}"
        if node_type == "collect" and (words := collector_problem(node_id, types, edges, schema)):
            if words == NOTHING_COLLECTED and not reader.release.has("iterators"):
                words = SEVERAL_TYPES
            return f"Invalid collector node ({node_id}): {words}"
    return None
