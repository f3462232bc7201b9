"""A session: one graph, run until its last node or first error.

SourceGraph ── Preparer ──▶ State (execution graph, results) ◀── Scheduler ──▶ next node
                                                                                  │
                 Started, Progress, Completed or Failed ◀── NodeRun ◀── its inputs ┘
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from typing import Any

from invokable.schema import Schema
from invokable.testing.execution.cache import InvocationCache
from invokable.testing.execution.events import Completed, Event, Failed, Progress, Started
from invokable.testing.execution.kinds import NodeKind, bad_input
from invokable.testing.execution.node_run import NodeRun
from invokable.testing.execution.recipes import Recipe
from invokable.testing.execution.results import stored
from invokable.testing.execution.running import run_node
from invokable.testing.execution.scheduling import Scheduler
from invokable.testing.execution.services import NodeError, Services
from invokable.testing.execution.source_graph import Edge, SourceGraph
from invokable.testing.execution.state import ExecNode, State
from invokable.testing.graphs.rules import fits


class Session:
    """Runs a graph like the server's GraphExecutionState, with placeholders instead of models."""

    def __init__(
        self,
        graph: Mapping[str, Any],
        *,
        services: Services,
        schema: Schema,
        cache: InvocationCache | None = None,
        session_id: str,
    ) -> None:
        """Create a session for an enqueued graph. Raises KeyError if the schema lacks a node type.

        `session_id` is also the seed of all ids in the session: two sessions with the same id and graph are equal.
        """
        self.id = session_id
        self._services = services
        self._schema = schema
        self._cache = cache
        self._graph = SourceGraph(graph, schema)
        self._state = State(self._graph, session_id)
        self._scheduler = Scheduler(self._state)
        self._recipes: dict[str, Recipe] = {}

    def run(self) -> Iterator[Event]:
        """Run the nodes and yield each step; the session pauses when the caller stops iterating."""
        while not self._state.is_complete and (node := self._scheduler.next()) is not None:
            try:
                self._fill(node)
            except NodeError as error:
                yield self._failed(node, error)
                return
            yield Started(node.id, node.source, _announced(node))
            try:
                result = yield from self._run(node)
            except NodeError as error:
                yield self._failed(node, error)
                return
            self._scheduler.complete(node, result)
            node.values = _announced(node)
            yield Completed(node.id, node.source, result)

    def _run(self, node: ExecNode) -> Generator[Progress, None, dict[str, Any]]:
        run = NodeRun(
            node.kind.template,
            node.values,
            services=self._services,
            schema=self._schema,
            session_id=self.id,
            recipes=self._recipes,
            new_id=self._state.new_id,
        )
        steps = run_node(node.kind, run, self._cache)
        while True:
            try:
                step = next(steps)
            except StopIteration as done:
                return dict(done.value)
            yield Progress(node.id, node.source, step.message, step.percentage, step.image)

    def _fill(self, node: ExecNode) -> None:
        """Put the values from edges into the node's fields. Raises NodeError if one is invalid."""
        if node.kind.type == "collect":
            node.values["collection"] = self._collected(node)
            return
        allowed = {"condition", self._scheduler.branch_taken(node)} if node.kind.type == "if" else None
        for edge in node.into:
            if allowed is None or edge.input in allowed:
                value = node.kind.convert(edge.input, self._delivered(edge), node.id)
                if not fits(node.values, edge.input, value):
                    raise bad_input(node.id, edge.input)
                node.values[edge.input] = value

    def _collected(self, node: ExecNode) -> list[Any]:
        collection: list[Any] = []
        for edge in self._in_order(node, "collection"):
            value = self._delivered(edge)
            collection += value if isinstance(value, list) else [value]
        return collection + [self._delivered(edge) for edge in self._in_order(node, "item")]

    def _in_order(self, node: ExecNode, field: str) -> list[Edge]:
        edges = [edge for edge in node.into if edge.input == field]
        # Within an iteration, the server sorts by execution id, that is, randomly.
        return sorted(edges, key=lambda edge: (self._state.nodes[edge.source].path, edge.source))

    def _delivered(self, edge: Edge) -> Any:
        return self._state.results[edge.source][edge.output]

    def _failed(self, node: ExecNode, error: NodeError) -> Failed:
        text = f"{error.error_type}: {error.message}"
        self._state.errors[node.id] = text
        traceback = f"Traceback (most recent call last):\n  in node {node.source} ({node.kind.type})\n{text}\n"
        return Failed(node.id, node.source, error.error_type, error.message, traceback, _announced(node))

    @property
    def is_complete(self) -> bool:
        """Whether every node is done. After `run` it is False if a node failed or none can continue.

        The latter is a bug of the server: an `if` below an iterate node waits forever if one of its branches is a
        collect node of the same iteration, and the queue item stays `in_progress`.
        """
        return self._state.is_complete

    def to_json(self) -> dict[str, Any]:
        """Return the session as the server stores it and returns it from `GET /queue/{queue_id}/i/{item_id}`."""
        state, graph = self._state, self._graph
        nodes = state.nodes.values()
        edges = [edge.to_json() for node in nodes for edge in node.into]
        return {
            "id": self.id,
            "graph": _graph(graph.id, graph.nodes, graph.kinds, [edge.to_json() for edge in graph.edges]),
            "execution_graph": _graph(
                state.execution_graph_id,
                {node.id: node.values for node in nodes},
                {node.id: node.kind for node in nodes},
                edges,
            ),
            "executed": list(state.executed),
            "executed_history": list(state.history),
            "results": {exec_id: stored(result, result) for exec_id, result in state.results.items()},
            "errors": dict(state.errors),
            "workflow_call_stack": [],
            "workflow_call_history": [],
            "max_workflow_call_depth": 4,
            "prepared_source_mapping": {node.id: node.source for node in nodes},
            # A set on the server: its order is arbitrary, and clients must not rely on it.
            "source_prepared_mapping": {
                source: sorted(node.id for node in prepared) for source, prepared in state.prepared.items()
            },
            "prepared_iteration_paths": {node.id: list(node.path) for node in nodes},
            "ready_order": [],
            "indegree": {node.id: node.unmet for node in nodes},
        }


def _announced(node: ExecNode) -> dict[str, Any]:
    """Return a node as shown: the values of iterate and collect nodes are in their results, so they are left out."""
    emptied: dict[str, Any] = {"collection": []} if node.kind.type in {"iterate", "collect"} else {}
    return {**node.values, **emptied}


def _graph(
    graph_id: str,
    nodes: Mapping[str, dict[str, Any]],
    kinds: Mapping[str, NodeKind],
    edges: list[dict[str, Any]],
) -> dict[str, Any]:
    return {
        "id": graph_id,
        "nodes": {node_id: stored(node, kinds[node_id].template.inputs) for node_id, node in nodes.items()},
        "edges": edges,
    }
