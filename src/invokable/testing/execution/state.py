"""The current state of a session: the execution graph, executed nodes, and results."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from invokable.testing.execution.kinds import NodeKind
from invokable.testing.execution.source_graph import Edge, SourceGraph

Path = tuple[int, ...]
"""The iteration of a node: the index in each iterate node above it, outermost first."""


@dataclass(slots=True)
class ExecNode:
    """A node of the execution graph: one repetition of a source node."""

    id: str
    source: str
    kind: NodeKind
    values: dict[str, Any]
    path: Path
    above: frozenset[str]
    """The repetitions of iterate nodes that it depends on, including itself if it is one."""
    into: list[Edge]
    out_of: list[Edge] = field(default_factory=list)
    unmet: int = 0
    status: Literal["pending", "ready", "executed", "skipped"] = "pending"


class State:
    """The execution graph of a session and its progress."""

    def __init__(self, graph: SourceGraph, session_id: str) -> None:
        self.graph = graph
        self._random = random.Random(session_id)
        self.execution_graph_id = self.new_id()
        self.nodes: dict[str, ExecNode] = {}
        self.prepared: dict[str, list[ExecNode]] = {}
        """Execution nodes by source node, in the order of iteration; empty without repetitions."""
        self.executed: dict[str, None] = {}
        """Ids of execution nodes and source nodes, in the order of completion."""
        self.history: list[str] = []
        self.results: dict[str, dict[str, Any]] = {}
        self.errors: dict[str, str] = {}
        self._left: dict[str, int] = {}

    def new_id(self) -> str:
        """Return a new id that looks random but is the same in every run of the session."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def usable(self, source: str) -> list[ExecNode]:
        """Return the execution nodes of a source node that an `if` did not skip."""
        return [node for node in self.prepared[source] if node.status != "skipped"]

    def add(self, node: ExecNode) -> None:
        """Add a node to the execution graph."""
        self.nodes[node.id] = node
        self._left[node.source] = self._left.get(node.source, 0) + 1
        for edge in node.into:
            self.nodes[edge.source].out_of.append(edge)
        node.unmet = sum(edge.source not in self.executed for edge in node.into)

    def finish(self, node: ExecNode, status: Literal["executed", "skipped"]) -> None:
        """Mark a node as executed or skipped, and its source node as done if it was the last."""
        node.status = status
        self.executed[node.id] = None
        self._left[node.source] -= 1
        if not self._left[node.source]:
            self.finish_source(node.source)

    def finish_source(self, source: str) -> None:
        """Mark a source node as done."""
        if source not in self.executed:
            self.executed[source] = None
            self.history.append(source)

    def drop_edges(self, node: ExecNode, edges: Iterable[Edge]) -> None:
        """Remove edges into a node from the execution graph."""
        for edge in edges:
            node.into.remove(edge)
            parent = self.nodes[edge.source]
            parent.out_of.remove(edge)
            if parent.id not in self.executed:
                node.unmet -= 1

    @property
    def is_complete(self) -> bool:
        """Whether every source node is done."""
        return len(self.history) == len(self.graph.nodes)
