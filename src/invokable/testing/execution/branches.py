"""`if` nodes: the branch that is not taken does not run.

A node belongs to a branch if everything that it feeds belongs to it too. Such nodes wait until the
condition is known; then one branch is run and the other skipped.
"""

from __future__ import annotations

from typing import Final

from invokable.testing.execution.state import ExecNode, State

_BRANCHES: Final = ("true_input", "false_input")


class Branches:
    """The `if` nodes of a session, and which branch each of their repetitions takes."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._ifs = state.graph.of_type("if")
        self._exclusive = {
            node_id: {branch: self._only_in(node_id, branch) for branch in _BRANCHES} for node_id in self._ifs
        }
        self._taken: dict[str, str] = {}

    def taken(self, node: ExecNode) -> str | None:
        """Return the input that a repetition of an `if` takes, if known."""
        return self._taken.get(node.id)

    def defers(self, node: ExecNode) -> bool:
        """Whether a node waits for the condition of an `if`."""
        return any(
            self._unresolved(if_id, node)
            for if_id in self._ifs
            if any(node.source in members for members in self._exclusive[if_id].values())
        )

    def resolve(self, node: ExecNode) -> tuple[list[ExecNode], list[ExecNode]]:
        """Decide a repetition of an `if` whose condition is known.

        Returns the nodes to run and those to skip: none if it is not an `if`, is undecided, or was decided
        before.
        """
        if node.kind.type != "if" or node.id in self._taken or not self._read_condition(node):
            return [], []
        chosen, other = _BRANCHES if node.values["condition"] else _BRANCHES[::-1]
        self._taken[node.id] = chosen
        self._state.drop_edges(node, [edge for edge in node.into if edge.input == other])
        return self._members(node, chosen), self._members(node, other)

    def _only_in(self, if_id: str, branch: str) -> set[str]:
        graph = self._state.graph
        members = graph.with_ancestors(edge.source for edge in graph.into[if_id] if edge.input == branch)
        while outside := {member for member in members if self._escapes(member, if_id, branch, members)}:
            members -= outside
        return members

    def _escapes(self, member: str, if_id: str, branch: str, members: set[str]) -> bool:
        return any(
            edge.target not in members and (edge.target, edge.input) != (if_id, branch)
            for edge in self._state.graph.out_of[member]
        )

    def _unresolved(self, if_id: str, node: ExecNode) -> bool:
        same = [other for other in self._state.prepared.get(if_id, ()) if other.path == node.path]
        return not same or any(other.id not in self._taken for other in same)

    def _read_condition(self, node: ExecNode) -> bool:
        edges = [edge for edge in node.into if edge.input == "condition"]
        if any(edge.source not in self._state.executed for edge in edges):
            return False
        for edge in edges:
            node.values["condition"] = self._state.results[edge.source][edge.output]
        return True

    def _members(self, node: ExecNode, branch: str) -> list[ExecNode]:
        members = self._exclusive[node.source][branch]
        return [
            other
            for source in self._state.graph.order
            if source in members
            for other in self._state.prepared.get(source, ())
            if other.path == node.path and other.id not in self._state.executed
        ]
