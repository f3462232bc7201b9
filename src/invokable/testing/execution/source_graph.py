"""The enqueued graph, and what its structure says about order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from invokable.schema import Schema
from invokable.testing.execution.kinds import NodeKind, kind_of


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge from an output to an input; by node id in the source graph, by execution id in the execution graph."""

    source: str
    output: str
    target: str
    input: str

    def to_json(self) -> dict[str, Any]:
        """Return the edge as the API writes it."""
        return {
            "source": {"node_id": self.source, "field": self.output},
            "destination": {"node_id": self.target, "field": self.input},
        }


class SourceGraph:
    """Normalized nodes by id, and edges, with ancestors and iterators computed once."""

    def __init__(self, graph: Mapping[str, Any], schema: Schema) -> None:
        self.id = str(graph.get("id") or "graph")
        self.kinds: dict[str, NodeKind] = {}
        self.nodes: dict[str, dict[str, Any]] = {}
        for node_id, node in graph["nodes"].items():
            kind = self.kinds[node_id] = kind_of(schema, node["type"])
            self.nodes[node_id] = kind.normalized(node)
        self.edges = [_edge(edge) for edge in graph.get("edges") or ()]
        self.into: dict[str, list[Edge]] = defaultdict(list)
        self.out_of: dict[str, list[Edge]] = defaultdict(list)
        for edge in self.edges:
            self.into[edge.target].append(edge)
            self.out_of[edge.source].append(edge)

    def is_a(self, node_id: str, node_type: str) -> bool:
        """Whether a node is of this type."""
        return self.kinds[node_id].type == node_type

    def of_type(self, node_type: str) -> list[str]:
        """Return the nodes of a type, in the order of the graph."""
        return [node_id for node_id, kind in self.kinds.items() if kind.type == node_type]

    def parents(self, node_id: str) -> list[str]:
        """Return the nodes that feed this one, each once."""
        return list(dict.fromkeys(edge.source for edge in self.into[node_id]))

    @cached_property
    def order(self) -> list[str]:
        """The nodes by generation: first those without parents, then their children."""
        waiting = {node_id: len(self.parents(node_id)) for node_id in self.nodes}
        generation = [node_id for node_id, count in waiting.items() if not count]
        ordered: list[str] = []
        while generation:
            ordered += generation
            released = []
            for node_id in generation:
                for child in dict.fromkeys(edge.target for edge in self.out_of[node_id]):
                    waiting[child] -= 1
                    if not waiting[child]:
                        released.append(child)
            generation = released
        return ordered

    @cached_property
    def iterators(self) -> dict[str, tuple[str, ...]]:
        """The iterate nodes that repeat each node, outermost first, up to a collect node."""
        return self._iterators(through_collect=False)

    @cached_property
    def all_iterators(self) -> dict[str, tuple[str, ...]]:
        """The iterate nodes above each node, including those beyond collect nodes."""
        return self._iterators(through_collect=True)

    def _iterators(self, *, through_collect: bool) -> dict[str, tuple[str, ...]]:
        rank = {node_id: position for position, node_id in enumerate(self.order)}
        found: dict[str, tuple[str, ...]] = {}
        for node_id in self.order:
            above: set[str] = set()
            if through_collect or not self.is_a(node_id, "collect"):
                for parent in self.parents(node_id):
                    above.update(found[parent])
                    above.update([parent] if self.is_a(parent, "iterate") else [])
            found[node_id] = tuple(sorted(above, key=rank.__getitem__)) if above else ()
        return found

    def axes(self, node_id: str) -> tuple[str, ...]:
        """Return the iterate nodes that repeat a node, including itself if it is one."""
        own = (node_id,) if self.is_a(node_id, "iterate") else ()
        return self.iterators[node_id] + own

    def with_ancestors(self, node_ids: Iterable[str]) -> set[str]:
        """Return these nodes and everything above them."""
        found: set[str] = set()
        left = list(node_ids)
        while left:
            node_id = left.pop()
            if node_id not in found:
                found.add(node_id)
                left += self.parents(node_id)
        return found


def _edge(edge: Mapping[str, Any]) -> Edge:
    source, target = edge["source"], edge["destination"]
    return Edge(source["node_id"], source["field"], target["node_id"], target["field"])
