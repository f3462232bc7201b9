"""From source nodes to execution nodes: one for each repetition, once their number is known.

    prepare ─▶ the next source node that can be expanded
                 ├─ below no iterate node ── one execution node for each path of its parents
                 ├─ below iterate nodes ──── one for each combination of their repetitions
                 ├─ iterate ──────────────── one for each item of its collection, in each of those
                 └─ collect ──────────────── one for each group of repetitions that it collects

An iterate node is expanded once its collection is computed, and everything below it afterwards.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from invokable.testing.execution.source_graph import Edge
from invokable.testing.execution.state import ExecNode, Path, State

Parents = list[tuple[str, ExecNode]]
"""For each parent of a source node, the execution node that feeds a repetition."""


class Preparer:
    """Expands the source graph of a session, node by node."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._graph = state.graph
        self._left = list(state.graph.order)

    def prepare(self) -> list[ExecNode] | None:
        """Expand the next possible source node; None if there is none. An empty list means no repetitions."""
        for position, source in enumerate(self._left):
            if self._can_expand(source):
                del self._left[position]
                return self._expand(source)
        return None

    def _can_expand(self, source: str) -> bool:
        executed = self._state.executed
        if self._graph.is_a(source, "iterate") and any(it not in executed for it in self._graph.parents(source)):
            return False
        return all(iterator in executed for iterator in self._graph.all_iterators[source])

    def _expand(self, source: str) -> list[ExecNode]:
        created = self._state.prepared[source] = []
        for path, parents in self._repetitions(source):
            created += self._create(source, path, parents)
        if not created:
            self._state.finish_source(source)
        return created

    def _repetitions(self, source: str) -> Iterator[tuple[Path | None, Parents]]:
        if self._graph.is_a(source, "collect"):
            return CollectGroups(self._state, source).groups()
        if self._graph.iterators[source]:
            return ((None, parents) for parents in self._by_iterators(source))
        return ((_deepest(node.path for _, node in parents), parents) for parents in self._by_paths(source))

    def _by_paths(self, source: str) -> Iterator[Parents]:
        candidates = {parent: self._state.usable(parent) for parent in self._graph.parents(source)}
        paths = {node.path for nodes in candidates.values() for node in nodes if node.path}
        for path in sorted(_longest(paths)) or [()]:
            parents = [(parent, _serving(path, nodes)) for parent, nodes in candidates.items()]
            found = [(parent, node) for parent, node in parents if node is not None]
            if len(found) == len(parents):
                yield found

    def _by_iterators(self, source: str) -> Iterator[Parents]:
        above = self._graph.iterators[source]
        candidates = {parent: Candidates(self._state, parent) for parent in self._graph.parents(source)}
        repetitions = [sorted(self._state.prepared[iterator], key=lambda node: node.path) for iterator in above]
        for combination in itertools.product(*repetitions):
            matches = [(parent, found.matching(combination)) for parent, found in candidates.items()]
            found = [(parent, node) for parent, node in matches if node is not None]
            if len(found) == len(matches):
                yield found

    def _create(self, source: str, path: Path | None, parents: Parents) -> list[ExecNode]:
        if not self._graph.is_a(source, "iterate"):
            return [self._add(source, parents, path if path is not None else self._path(source, parents), None)]
        count = self._item_count(source, parents)
        outer = path if path is not None else self._path(source, parents)
        return [self._add(source, parents, (*outer, index), index) for index in range(count)]

    def _add(self, source: str, parents: Parents, path: Path, index: int | None) -> ExecNode:
        state, kind = self._state, self._graph.kinds[source]
        exec_id = state.new_id()
        values = {**self._graph.nodes[source], "id": exec_id}
        if index is not None:
            values["index"] = index
        if index is not None or kind.type == "collect":
            values["use_cache"] = False
        above = frozenset[str]().union(*(node.above for _, node in parents))
        node = ExecNode(
            id=exec_id,
            source=source,
            kind=kind,
            values=values,
            path=path,
            above=above | {exec_id} if index is not None else above,
            into=self._edges(source, exec_id, parents),
        )
        state.add(node)
        return node

    def _edges(self, source: str, exec_id: str, parents: Parents) -> list[Edge]:
        return [
            Edge(node.id, edge.output, exec_id, edge.input)
            for edge in self._graph.into[source]
            for parent, node in parents
            if parent == edge.source
        ]

    def _item_count(self, source: str, parents: Parents) -> int:
        edge = next((edge for edge in self._graph.into[source] if edge.input == "collection"), None)
        if edge is None:
            return 0
        feeding = next(node for parent, node in parents if parent == edge.source)
        return len(self._state.results[feeding.id][edge.output])

    def _path(self, source: str, parents: Parents) -> Path:
        inner = [(parent, node.path) for parent, node in parents if node.path]
        if not inner:
            return ()
        if len({path for _, path in inner}) == 1 and len({self._graph.axes(parent) for parent, _ in inner}) == 1:
            return inner[0][1]
        above = set[str]().union(*(node.above for _, node in parents))
        return tuple(
            node.values["index"]
            for iterator in self._graph.iterators[source]
            for node in self._state.prepared[iterator]
            if node.id in above
        )


class Candidates:
    """The executions of a parent, searched by combination of repetitions."""

    def __init__(self, state: State, parent: str) -> None:
        self._nodes = state.usable(parent)
        self._reach = {*state.graph.all_iterators[parent], parent}
        self._by_path: dict[Path, list[ExecNode]] = {}
        for node in self._nodes:
            self._by_path.setdefault(node.path, []).append(node)

    def matching(self, combination: Sequence[ExecNode]) -> ExecNode | None:
        """Return the execution below all these repetitions, or the one below none of them."""
        relevant = [iteration for iteration in combination if iteration.source in self._reach]
        target = _deepest(iteration.path for iteration in relevant)
        if all(_begins(target, iteration.path) for iteration in relevant):
            paths = (target[:length] for length in range(len(target), -1, -1))
            deepest = next((self._by_path[path] for path in paths if path in self._by_path), [])
            if len(deepest) == 1:
                return deepest[0]
        needed = {iteration.id for iteration in relevant}
        return next((node for node in self._nodes if needed <= node.above), None)


class CollectGroups:
    """The groups of a collect node: it ends the innermost iteration and keeps the outer ones separate."""

    def __init__(self, state: State, source: str) -> None:
        self._state = state
        self._edges = state.graph.into[source]

    def groups(self) -> Iterator[tuple[Path, Parents]]:
        """Return the path of each group and the execution nodes that feed it."""
        feeding = [(edge, node) for edge in self._edges for node in self._ordered(edge.source)]
        keys = {key for edge in self._edges for key in (*self._expected(edge), *self._found(edge))}
        for key in sorted(_longest(keys or {()})):
            yield key, [(edge.source, node) for edge, node in feeding if _feeds(edge, node, key)]

    def _ordered(self, source: str) -> list[ExecNode]:
        return sorted(self._state.usable(source), key=lambda node: (node.path, node.id))

    def _found(self, edge: Edge) -> set[Path]:
        paths = [node.path for node in self._ordered(edge.source)]
        if edge.input != "item":
            return set(paths)
        # Siblings may differ in depth; the deepest decides which iteration is dropped.
        depth = max((len(path) for path in paths), default=0)
        return {path[: max(depth - 1, 0)] for path in paths}

    def _expected(self, edge: Edge) -> set[Path]:
        """Return the groups that exist even if empty: below an empty collection."""
        axes = self._state.graph.axes(edge.source)
        depth = max(len(axes) - 1, 0) if edge.input == "item" else len(axes)
        keys: set[Path] = set()
        for iterator in axes:
            paths = [node.path for node in self._ordered(iterator)]
            keys.update(path[:depth] for path in paths if depth and len(path) >= depth)
            for parent in self._state.graph.parents(iterator):
                keys.update(node.path for node in self._ordered(parent))
        return keys or (set() if depth else {()})


def _feeds(edge: Edge, node: ExecNode, key: Path) -> bool:
    return _begins(key, node.path) or (edge.input == "item" and _begins(node.path, key))


def _begins(path: Path, start: Path) -> bool:
    return path[: len(start)] == start


def _longest(paths: Iterable[Path]) -> set[Path]:
    """Return the paths that are not a prefix of another."""
    known = set(paths)
    inner = {path[:length] for path in known for length in range(len(path))}
    return known - inner


def _deepest(paths: Iterable[Path]) -> Path:
    return max(paths, key=lambda path: (len(path), path), default=())


def _serving(path: Path, nodes: Sequence[ExecNode]) -> ExecNode | None:
    serving = [node for node in nodes if _begins(path, node.path)]
    return min(serving, key=lambda node: (-len(node.path), node.id), default=None)
