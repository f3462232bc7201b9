"""Whether one more edge would close a cycle. This is checked for every edge, so it must not walk the whole graph.

An edge can only close a cycle inside a strongly connected component of the graph of all edges in the file. These are
found once; ordinary files have none, so that every later check is immediate.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from invokable.workflow.errors import WorkflowFileError, pointer

MAX_STEPS = 100_000
"""The search steps allowed for a file. Only malicious files need more."""

STEPS_OF_EDGE = 300
"""The steps allowed per edge if that is more, so that the work is linear in the size of the file."""


class Effort:
    """Counts the steps of all searches in one file."""

    def __init__(self, limit: int = MAX_STEPS) -> None:
        self._left = limit

    @classmethod
    def for_edges(cls, count: int) -> Effort:
        """The steps allowed for a file with this many edges."""
        return cls(max(MAX_STEPS, STEPS_OF_EDGE * count))

    def spend(self, steps: int = 1) -> None:
        """Count steps.

        Raises:
            WorkflowFileError: There have been too many.
        """
        self._left -= steps
        if self._left < 0:
            raise WorkflowFileError("the edges are too tangled to check", pointer("edges"))


class CycleGuard:
    """Knows the accepted edges between nodes and whether another one would close a cycle."""

    def __init__(self, all_edges: Iterable[tuple[str, str]], effort: Effort) -> None:
        targets: dict[str, list[str]] = {}
        for source, target in all_edges:
            targets.setdefault(source, []).append(target)
        self._component = _cyclic_components(targets)
        self._accepted: dict[str, dict[str, set[int]]] = {}
        self._effort = effort
        self._cyclic = False

    def accept(self, key: int, source: str, target: str) -> None:
        """Add an edge; the key distinguishes it from others between the same nodes.

        Edges at connectors and collapsed edges are accepted unchecked; after a cycle of them, every edge closes one.
        """
        self._cyclic = self._cyclic or self.closes(source, target)
        self._accepted.setdefault(source, {}).setdefault(target, set()).add(key)

    def closes(self, source: str, target: str, without: Collection[int] = ()) -> bool:
        """Return whether the accepted edges and this one, except those left out, contain a cycle."""
        if self._cyclic and (not without or self._has_cycle(without)):
            return True
        if source == target:
            return True
        component = self._component.get(source)
        if component is None or self._component.get(target) != component:
            return False
        seen, stack = {target}, [target]
        while stack:
            for following in self._following(stack.pop(), without):
                self._effort.spend()
                if following == source:
                    return True
                if following not in seen and self._component.get(following) == component:
                    seen.add(following)
                    stack.append(following)
        return False

    def _following(self, node: str, without: Collection[int]) -> Iterator[str]:
        for target, keys in self._accepted.get(node, {}).items():
            if not without or any(key not in without for key in keys):
                yield target

    def _has_cycle(self, without: Collection[int]) -> bool:
        targets = {node: list(self._following(node, without)) for node in self._accepted}
        self._effort.spend(sum(map(len, targets.values())))
        return bool(_cyclic_components(targets))


def _cyclic_components(targets: dict[str, list[str]]) -> dict[str, int]:
    """Number the strongly connected components (Tarjan): nodes on a cycle by component; others are left out."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    pending: list[str] = []
    waiting: set[str] = set()
    components: dict[str, int] = {}
    for start in targets:
        if start in order:
            continue
        order[start] = low[start] = len(order)
        pending.append(start)
        waiting.add(start)
        stack = [(start, iter(targets[start]))]
        while stack:
            node, rest = stack[-1]
            for target in rest:
                if target not in order:
                    order[target] = low[target] = len(order)
                    pending.append(target)
                    waiting.add(target)
                    stack.append((target, iter(targets.get(target, ()))))
                    break
                if target in waiting:
                    low[node] = min(low[node], order[target])
            else:
                stack.pop()
                if stack:
                    above = stack[-1][0]
                    low[above] = min(low[above], low[node])
                if low[node] == order[node]:
                    members: list[str] = []
                    while not members or members[-1] != node:
                        members.append(pending.pop())
                        waiting.discard(members[-1])
                    if len(members) > 1 or node in targets.get(node, ()):
                        components.update(dict.fromkeys(members, order[node]))
    return components
