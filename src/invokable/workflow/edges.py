"""Which edges are kept on load: each is checked against the nodes and the edges accepted before it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import partial

from invokable.schema.model import FieldType, Schema
from invokable.workflow.connections import item_type, may_connect, may_share, types_equal
from invokable.workflow.cycles import CycleGuard, Effort
from invokable.workflow.errors import Findings, Suggest, nearest, quoted
from invokable.workflow.model import ConnectorNode, Edge, InvocationNode, ParsedWorkflow
from invokable.workflow.wiring import CONNECTOR_INPUT, CONNECTOR_OUTPUT, Wiring, resolve_connector

_IF_BRANCHES = {"true_input": "false_input", "false_input": "true_input"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an edge is dropped."""

    reason: str
    suggest: Suggest | None = None


@dataclass(frozen=True, slots=True)
class _Output:
    """The output of an invocation node that feeds an edge, possibly through connectors."""

    node: InvocationNode
    handle: str
    type: FieldType


_NO_OUTPUT = Refusal("its source has no such output")


def validate_edges(workflow: ParsedWorkflow, schema: Schema, findings: Findings) -> None:
    """Drop the edges that the editor drops. The input at the end of such an edge keeps its value from the file."""
    review = _EdgeReview(workflow, schema)
    accepted = []
    for key, edge in enumerate(workflow.edges):
        refusal = review.examine(edge)
        if refusal is None:
            review.accept(key, edge)
            accepted.append(edge)
        else:
            shown = f"{edge.source}.{edge.source_handle} → {edge.target}.{edge.target_handle}"
            if edge.type == "collapsed":
                # It transfers no value, so nothing is lost.
                findings.warn(f"a collapsed edge was dropped: {refusal.reason}", edge.pointer)
            else:
                findings.problem(
                    f"the edge {quoted(shown, 160)} is invalid: {refusal.reason}",
                    edge.pointer,
                    refusal.suggest,
                )
    workflow.edges = accepted


class _EdgeReview:
    """Checks edges one by one against the nodes and the edges accepted so far."""

    def __init__(self, workflow: ParsedWorkflow, schema: Schema) -> None:
        self._schema = schema
        self._nodes = workflow.by_id()
        self._wiring = Wiring()
        self._effort = Effort.for_edges(len(workflow.edges))
        known = ((e.source, e.target) for e in workflow.edges if e.source in self._nodes and e.target in self._nodes)
        self._cycles = CycleGuard(known, self._effort)

    def accept(self, key: int, edge: Edge) -> None:
        """Add an edge to the accepted ones."""
        self._wiring.add(key, edge)
        self._cycles.accept(key, edge.source, edge.target)

    def examine(self, edge: Edge) -> Refusal | None:
        """Return why an edge is refused, or None if it is valid."""
        return self._ends_exist(edge) or (self._connection(edge) if edge.type == "default" else None)

    # --- the two ends ---

    def _ends_exist(self, edge: Edge) -> Refusal | None:
        source, target = self._nodes.get(edge.source), self._nodes.get(edge.target)
        for end, node, node_id in (("source", source, edge.source), ("target", target, edge.target)):
            if node is None:
                return Refusal(
                    f"its {end} node {quoted(node_id)} does not exist", partial(nearest, node_id, self._nodes)
                )
            if isinstance(node, InvocationNode) and node.template(self._schema) is None:
                return Refusal(f"its {end} is an unknown {node.described()}")
        if edge.type == "collapsed":
            return None
        if isinstance(source, InvocationNode):
            outputs = self._schema.nodes[source.type].outputs
            if edge.source_handle not in outputs:
                reason = f"{source.described()} has no output {quoted(edge.source_handle)}"
                return Refusal(reason, partial(nearest, edge.source_handle, outputs))
        if isinstance(target, InvocationNode) and target.input_template(self._schema, edge.target_handle) is None:
            reason = f"{target.described()} has no input {quoted(edge.target_handle)}"
            return Refusal(reason, partial(nearest, edge.target_handle, self._schema.nodes[target.type].inputs))
        return None

    # --- the connection between them ---

    def _connection(self, edge: Edge, without: Collection[int] = ()) -> Refusal | None:
        if edge.source == edge.target:
            return Refusal("a node cannot feed itself")
        if self._wiring.has(edge, without):
            return Refusal("it duplicates another edge")
        source = self._output(edge, without)
        if isinstance(source, Refusal):
            return source
        target = self._nodes[edge.target]
        if isinstance(target, ConnectorNode):
            return self._into_connector(edge, source, without)
        if not isinstance(target, InvocationNode):
            return Refusal("notes do not accept edges")
        template = target.input_template(self._schema, edge.target_handle)
        if template is None:
            return Refusal(f"{target.described()} has no input {quoted(edge.target_handle)}")
        if template.input == "direct":
            return Refusal(f"{quoted(edge.target_handle)} of {target.described()} accepts a value, but no edge")
        if source is None:
            refusal = self._from_open_connector(edge, template.type, without)
        else:
            refusal = self._into_input(edge, source, target, template.type, without)
        if refusal is None and source is not None and self._cycles.closes(edge.source, edge.target, without):
            return Refusal("it would close a cycle")
        return refusal

    def _output(self, edge: Edge, without: Collection[int]) -> _Output | Refusal | None:
        """Return the output that feeds an edge, None for a connector that nothing feeds (yet)."""
        node, handle = self._nodes[edge.source], edge.source_handle
        if isinstance(node, ConnectorNode):
            if handle != CONNECTOR_OUTPUT:
                return Refusal(f"a connector's output is {quoted(CONNECTOR_OUTPUT)}, not {quoted(handle)}")
            resolved = resolve_connector(node.id, self._nodes, self._wiring, self._effort, without)
            if resolved is None:
                return None
            node, handle = resolved
        if not isinstance(node, InvocationNode):
            return Refusal("notes have no outputs")
        template = node.template(self._schema)
        output = template.outputs.get(handle) if template else None
        return _Output(node, handle, output.type) if output else _NO_OUTPUT

    def _into_connector(self, edge: Edge, source: _Output | None, without: Collection[int]) -> Refusal | None:
        if edge.target_handle != CONNECTOR_INPUT:
            return Refusal(f"a connector's input is {quoted(CONNECTOR_INPUT)}, not {quoted(edge.target_handle)}")
        if any(self._wiring.into(edge.target, CONNECTOR_INPUT, without)):
            return Refusal("the connector already has an edge")
        if source is None:
            return None
        # Now that the chain has a source, all its ends must accept it.
        below, ends = self._below(edge.target, without)
        staged = below.union(without)
        for end in ends:
            self._effort.spend()
            onward = Edge(
                id="",
                type="default",
                source=edge.source,
                source_handle=edge.source_handle,
                target=end.target,
                target_handle=end.target_handle,
            )
            refusal = self._connection(onward, staged)
            if refusal is not None:
                return refusal
        return None

    def _from_open_connector(self, edge: Edge, target: FieldType, without: Collection[int]) -> Refusal | None:
        """Check an edge from a connector that nothing feeds: all its ends must accept a common source."""
        _, ends = self._below(edge.source, without)
        for end in ends:
            self._effort.spend()
            if (end.target, end.target_handle) == (edge.target, edge.target_handle):
                continue
            node = self._nodes[end.target]
            template = node.template(self._schema) if isinstance(node, InvocationNode) else None
            other = template.inputs.get(end.target_handle) if template else None
            if other is None:
                return Refusal("the connector leads to an unknown field")
            if not may_share(other.type, target):
                return Refusal(f"the connector would feed both {other.type} and {target}")
        return None

    def _below(self, connector: str, without: Collection[int]) -> tuple[set[int], list[Edge]]:
        """Return the edges from a connector and from the connectors it feeds, and those that end in a real input."""
        below: set[int] = set()
        ends: list[Edge] = []
        seen = {connector}
        stack = [self._wiring.out_of(connector, CONNECTOR_OUTPUT, without)]
        while stack:
            found = next(stack[-1], None)
            if found is None:
                stack.pop()
                continue
            self._effort.spend()
            key, edge = found
            below.add(key)
            if not isinstance(self._nodes[edge.target], ConnectorNode):
                ends.append(edge)
            elif edge.target not in seen:
                seen.add(edge.target)
                stack.append(self._wiring.out_of(edge.target, CONNECTOR_OUTPUT, without))
        return below, ends

    def _into_input(
        self, edge: Edge, source: _Output, target: InvocationNode, wanted: FieldType, without: Collection[int]
    ) -> Refusal | None:
        refusal = self._collects_alike(edge, source, target, without) or self._branches_alike(
            edge, source, target, without
        )
        if refusal is not None:
            return refusal
        if wanted.name != "CollectionItemField" and any(self._wiring.into(target.id, edge.target_handle, without)):
            return Refusal(f"{quoted(edge.target_handle)} of {target.described()} already has an edge")
        for given in self._given_types(source, without):
            if not may_connect(given, wanted):
                return Refusal(f"{given} does not fit {wanted}")
        return None

    def _given_types(self, source: _Output, without: Collection[int]) -> list[FieldType]:
        """Return the types an output may give: those of its branches for an `if` node, else its own."""
        if source.node.type == "if" and source.handle == "value":
            branches = []
            for branch in _IF_BRANCHES:
                for edge in self._wiring.into(source.node.id, branch, without):
                    output = self._output(edge, without)
                    if isinstance(output, _Output):
                        branches.append(output.type)
            if branches:
                return branches
        return [source.type]

    def _collects_alike(
        self, edge: Edge, source: _Output, target: InvocationNode, without: Collection[int]
    ) -> Refusal | None:
        """Refuse mixed types in a `collect` node, or in a chain of them."""
        if target.type != "collect":
            return None
        given: FieldType | None = None
        if edge.target_handle == "item":
            given = source.type
        elif edge.target_handle == "collection" and (source.node.type, source.handle) == ("collect", "collection"):
            given = self._collected(source.node.id, without)
        held = self._collected(target.id, without) if given else None
        if given and held and not types_equal(given, held):
            return Refusal(f"{target.described()} collects {held}, not {given}")
        return None

    def _collected(self, node_id: str, without: Collection[int]) -> FieldType | None:
        """Return the type that a `collect` node collects, from the first edge into it; None if undetermined."""
        seen: set[str] = set()
        while node_id not in seen:
            self._effort.spend()
            seen.add(node_id)
            edge = next(self._wiring.into(node_id, "item", without), None)
            is_item = edge is not None
            edge = edge or next(self._wiring.into(node_id, "collection", without), None)
            node = self._nodes[edge.source] if edge else None
            if edge is None or not isinstance(node, InvocationNode):
                return None
            if not is_item and node.type == "collect" and edge.source_handle == "collection":
                node_id = node.id
                continue
            template = node.template(self._schema)
            output = template.outputs.get(edge.source_handle) if template else None
            return item_type(output.type) if output else None
        return None

    def _branches_alike(
        self, edge: Edge, source: _Output, target: InvocationNode, without: Collection[int]
    ) -> Refusal | None:
        """Refuse branches of an `if` node whose types are unrelated."""
        sibling = _IF_BRANCHES.get(edge.target_handle) if target.type == "if" else None
        if sibling is None:
            return None
        other = next(self._wiring.into(target.id, sibling, without), None)
        if other is None:
            return None
        output = self._output(other, without)
        if isinstance(output, Refusal):
            return output
        if output is None or not may_share(source.type, output.type):
            return Refusal(f"the branches of {target.described()} differ in type")
        return None
