"""Wiring: the edges by where they start and where they end, and what feeds a connector through them."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from invokable.workflow.cycles import Effort
from invokable.workflow.model import ConnectorNode, Edge, InvocationNode, Node, NotesNode, ParsedWorkflow

CONNECTOR_INPUT = "in"
CONNECTOR_OUTPUT = "out"


class Wiring:
    """The accepted edges, by their start and their end."""

    def __init__(self) -> None:
        self.keys: dict[int, Edge] = {}
        self._into: dict[tuple[str, str], list[int]] = {}
        self._out_of: dict[tuple[str, str], list[int]] = {}
        self._by_ends: dict[tuple[str, str, str, str], set[int]] = {}

    @classmethod
    def of(cls, workflow: ParsedWorkflow) -> Wiring:
        """Return the edges of a workflow."""
        wiring = cls()
        for key, edge in enumerate(workflow.edges):
            wiring.add(key, edge)
        return wiring

    def add(self, key: int, edge: Edge) -> None:
        """Add an edge; keys distinguish edges."""
        self.keys[key] = edge
        if edge.type == "default":
            self._into.setdefault((edge.target, edge.target_handle), []).append(key)
            self._out_of.setdefault((edge.source, edge.source_handle), []).append(key)
            self._by_ends.setdefault(_ends(edge), set()).add(key)

    def into(self, node: str, handle: str, without: Collection[int] = ()) -> Iterator[Edge]:
        """Yield the edges that end in an input, in order of acceptance."""
        for key in self._into.get((node, handle), ()):
            if key not in without:
                yield self.keys[key]

    def out_of(self, node: str, handle: str, without: Collection[int] = ()) -> Iterator[tuple[int, Edge]]:
        """Yield the edges that start at an output, in order of acceptance, each with its key."""
        for key in self._out_of.get((node, handle), ()):
            if key not in without:
                yield key, self.keys[key]

    def has(self, edge: Edge, without: Collection[int] = ()) -> bool:
        """Return whether there is an edge between the same two fields."""
        return any(key not in without for key in self._by_ends.get(_ends(edge), ()))


def resolve_connector(
    connector: str, nodes: dict[str, Node], wiring: Wiring, effort: Effort, without: Collection[int] = ()
) -> tuple[InvocationNode, str] | None:
    """Follow a connector back to the output that feeds it; None if nothing does, or the chain is a cycle."""
    seen: set[str] = set()
    while connector not in seen:
        effort.spend()
        seen.add(connector)
        edge = next(wiring.into(connector, CONNECTOR_INPUT, without), None)
        source = nodes.get(edge.source) if edge else None
        if edge is None or source is None or isinstance(source, NotesNode):
            return None
        if isinstance(source, InvocationNode):
            return source, edge.source_handle
        connector = source.id
    return None


class ConnectorSources:
    """The sources of connectors once all edges are known; every chain is followed once."""

    def __init__(self, nodes: dict[str, Node], wiring: Wiring) -> None:
        self._nodes = nodes
        self._wiring = wiring
        self._found: dict[str, tuple[InvocationNode, str] | None] = {}

    def of(self, connector: str) -> tuple[InvocationNode, str] | None:
        """Return the node and output that feed a connector; None if nothing does, or the chain is a cycle."""
        chain: list[str] = []
        seen: set[str] = set()
        source: tuple[InvocationNode, str] | None = None
        while connector not in self._found and connector not in seen:
            chain.append(connector)
            seen.add(connector)
            edge = next(self._wiring.into(connector, CONNECTOR_INPUT), None)
            node = self._nodes.get(edge.source) if edge else None
            if edge is None or node is None or isinstance(node, NotesNode):
                break
            if isinstance(node, InvocationNode):
                source = node, edge.source_handle
                break
            connector = node.id
        else:
            source = self._found.get(connector)
        self._found.update(dict.fromkeys(chain, source))
        return source


def incoming(workflow: ParsedWorkflow) -> Iterator[tuple[Edge, InvocationNode, tuple[InvocationNode, str] | None]]:
    """Yield each edge into an invocation node, the node, and the node and output that feed it through connectors.

    These are None if nothing feeds the connector where the edge starts.
    """
    nodes = workflow.by_id()
    connectors = ConnectorSources(nodes, Wiring.of(workflow))
    for edge in workflow.edges:
        source, target = nodes.get(edge.source), nodes.get(edge.target)
        if edge.type != "default" or not isinstance(target, InvocationNode):
            continue
        if isinstance(source, InvocationNode):
            yield edge, target, (source, edge.source_handle)
        elif isinstance(source, ConnectorNode):
            yield edge, target, connectors.of(source.id)


def fed_fields(workflow: ParsedWorkflow) -> frozenset[tuple[str, str]]:
    """Return the fields, by node and name, whose own value is not used: an edge brings another one."""
    return frozenset((edge.target, edge.target_handle) for edge, _, source in incoming(workflow) if source)


def _ends(edge: Edge) -> tuple[str, str, str, str]:
    return edge.source, edge.source_handle, edge.target, edge.target_handle
