"""Which node runs next: ready nodes of a class together, classes by name."""

from __future__ import annotations

from collections import deque

from invokable.testing.execution.branches import Branches
from invokable.testing.execution.preparing import Preparer
from invokable.testing.execution.state import ExecNode, State


class Scheduler:
    """Returns execution nodes when their inputs are ready, and prepares more when none is."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._preparer = Preparer(state)
        self._branches = Branches(state)
        self._queues: dict[str, deque[ExecNode]] = {}
        self._active = ""

    def next(self) -> ExecNode | None:
        """Return the next node to run; None when nothing is left."""
        return self._next_ready() or self._next_prepared()

    def complete(self, node: ExecNode, result: dict[str, object]) -> None:
        """Record the result of a node and release the nodes waiting for it."""
        self._state.results[node.id] = result
        self._state.finish(node, "executed")
        for edge in list(node.out_of):
            child = self._state.nodes[edge.target]
            child.unmet -= 1
            self._settle(child)

    def branch_taken(self, node: ExecNode) -> str | None:
        """Return the input that an `if` takes."""
        return self._branches.taken(node)

    def _next_prepared(self) -> ExecNode | None:
        found: ExecNode | None = None
        prepared = self._prepare()
        while prepared:
            # The server looks for work only after the second node, which decides which of two runs first.
            prepared = self._prepare()
            found = found or self._next_ready()
        return found

    def _prepare(self) -> bool:
        created = self._preparer.prepare()
        for node in created or ():
            self._settle(node)
        return created is not None

    def _settle(self, node: ExecNode) -> None:
        released, skipped = self._branches.resolve(node)
        for other in skipped:
            self._state.finish(other, "skipped")
        for other in (*released, node):
            self._enqueue(other)

    def _enqueue(self, node: ExecNode) -> None:
        if node.unmet or node.status != "pending" or self._branches.defers(node):
            return
        node.status = "ready"
        queue = self._queues.setdefault(node.kind.class_name, deque())
        position = len(queue)
        while position and queue[position - 1].path > node.path:
            position -= 1
        queue.insert(position, node)

    def _next_ready(self) -> ExecNode | None:
        while True:
            queue = self._queues.get(self._active)
            while queue:
                node = queue.popleft()
                if node.status == "ready":
                    return node
            waiting = [name for name, nodes in self._queues.items() if nodes]
            if not waiting:
                return None
            self._active = min(waiting)
