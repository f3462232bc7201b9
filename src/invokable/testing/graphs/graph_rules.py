"""Graph rules: which nodes and edges the server accepts, and its messages about the others."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from typing import Any, Final
from uuid import uuid4

from pydantic_core import CoreSchema, core_schema

from invokable.contract.fields import CALL, DYNAMIC_INPUT
from invokable.schema import Schema
from invokable.testing.graphs.edge_types import (
    NO_INPUT,
    NOTHING_COLLECTED,
    SEVERAL_TYPES,
    Connections,
    fits,
)
from invokable.testing.graphs.values import Reader
from invokable.testing.server import checks
from invokable.testing.server.problems import Broken
from invokable.testing.server.release import Release

_ENDS: Final = ("source", "destination")


def graph_schema(reader: Reader) -> CoreSchema:
    """The schema of a graph, which becomes what the server stores."""
    end = checks.record("EdgeConnection", {"node_id": checks.TEXT, "field": checks.TEXT})
    edge = checks.record("Edge", {"source": end, "destination": end})
    node = core_schema.no_info_plain_validator_function(reader.node)
    graph = checks.record(
        "Graph",
        {
            "id": core_schema.with_default_schema(checks.TEXT, default_factory=lambda: str(uuid4())),
            "nodes": checks.absent(core_schema.dict_schema(checks.TEXT, node), {}),
            "edges": checks.absent(checks.several(edge), []),
        },
    )

    def consistent(value: Any) -> Any:
        if problem := _problem(value["nodes"], value["edges"], reader):
            raise ValueError(problem)
        return value

    return checks.changed(graph, consistent)


def _problem(nodes: dict[str, Any], edges: list[Any], reader: Reader) -> str | None:
    schema = reader.schema
    ids = Counter(node["id"] for node in nodes.values())
    if len(ids) < len(nodes):
        return f"Node ids must be unique, found duplicates { ({one for one, count in ids.items() if count > 1}) }"
    connections = Connections({node_id: node["type"] for node_id, node in nodes.items()}, edges, schema)
    for key, node in nodes.items():
        if key != node["id"]:
            return f"Node ids must match, got {key} and {node['id']}"
    return (
        next((words for edge in edges if (words := _loose_end(edge, nodes, schema))), None)
        or ("Graph contains cycles" if _has_cycle(nodes, edges) else None)
        or next(
            (
                words
                for edge in edges
                if not _is_called_input(edge["destination"], nodes) and (words := _mismatch(edge, connections))
            ),
            None,
        )
        or _special_nodes(connections, reader)
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
    if destination["field"] not in nodes[destination["node_id"]] and not _is_called_input(destination, nodes):
        return f"Edge destination field {destination['field']} does not exist in node {destination['node_id']}"
    return None


def _is_called_input(destination: Any, nodes: dict[str, Any]) -> bool:
    """Whether an edge leads to an input of a saved workflow."""
    called = nodes[destination["node_id"]]["type"] == CALL
    return called and str(destination["field"]).startswith(DYNAMIC_INPUT)


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


def _mismatch(edge: Any, connections: Connections) -> str | None:
    source, destination = edge["source"], edge["destination"]
    subclasses = Release(connections.schema.version).has("iterators")
    if fits(connections.given(source), connections.wanted(destination), subclasses=subclasses):
        return None
    ends = " -> ".join(f"{end['node_id']}.{end['field']}" for end in (source, destination))
    return f"Edge source and target types do not match ({ends})"


def _special_nodes(connections: Connections, reader: Reader) -> str | None:
    for node_id, node_type in connections.types.items():
        if node_type == "iterate" and (words := connections.iterator_problem(node_id)):
            if words == NO_INPUT and not reader.release.has("iterators"):
                raise Broken(words)
            return f"Invalid iterator node ({node_id}): {words}"
        if node_type == "collect" and (words := connections.collector_problem(node_id)):
            if words == NOTHING_COLLECTED and not reader.release.has("iterators"):
                words = SEVERAL_TYPES
            return f"Invalid collector node ({node_id}): {words}"
    return None
