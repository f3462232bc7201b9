"""The batch data of the enqueue body: values for fields of the graph, zipped or multiplied."""

from __future__ import annotations

import json

from invokable.contract.generators import GeneratorError, check
from invokable.schema.model import MISSING
from invokable.workflow.errors import Findings
from invokable.workflow.model import (
    BATCH_COLLECTIONS,
    BATCH_GROUP,
    GENERATOR_FIELDS,
    ConnectorNode,
    InvocationNode,
    Node,
    ParsedWorkflow,
)
from invokable.workflow.reading import BatchDatum, BatchGroup
from invokable.workflow.update import pointer_to
from invokable.workflow.values import BOARD, IMAGES, INTEGERS, NUMBERS, TEXTS
from invokable.workflow.wiring import ConnectorSources, Wiring

_COLLECTION_SHAPES = {
    "image_batch": IMAGES,
    "string_batch": TEXTS,
    "integer_batch": INTEGERS,
    "float_batch": NUMBERS,
}


def build_batches(workflow: ParsedWorkflow, findings: Findings) -> tuple[BatchGroup, ...]:
    """Return the groups of batch data in the order in which the editor sends them.

    Nodes in the group "None" are not zipped with others. Every other group is zipped, including groups that the
    editor's menu does not offer, and nodes without a group.
    """
    wiring = Wiring.of(workflow)
    nodes = workflow.by_id()
    connectors = ConnectorSources(nodes, wiring)
    generators = _Generators()
    groups: list[BatchGroup] = []
    for group, members in _grouped(workflow).items():
        data = [_data_of(node, nodes, wiring, connectors, generators, findings) for node in members]
        entries = data if group == "None" else [[datum for entry in data for datum in entry]]
        groups.extend(BatchGroup(tuple(entry)) for entry in entries if entry)
    return tuple(groups)


def _grouped(workflow: ParsedWorkflow) -> dict[str, list[InvocationNode]]:
    groups: dict[str, list[InvocationNode]] = {}
    for node in workflow.invocations():
        if node.type in BATCH_COLLECTIONS:
            entry = node.inputs.get(BATCH_GROUP)
            groups.setdefault(_key(entry.value if entry else MISSING), []).append(node)
    # The editor groups in a JavaScript object, where keys that look like array indices come first, in numeric order.
    order = sorted(groups, key=lambda key: (0, int(key)) if _is_array_index(key) else (1, 0))
    return {key: groups[key] for key in order}


def _key(value: object) -> str:
    """Return a group as the key of a JavaScript object."""
    if value is MISSING:
        return "undefined"
    return value if isinstance(value, str) else json.dumps(value)


def _is_array_index(key: str) -> bool:
    return key.isascii() and key.isdigit() and len(key) <= 10 and str(int(key)) == key and int(key) < 2**32 - 1


def _data_of(
    node: InvocationNode,
    nodes: dict[str, Node],
    wiring: Wiring,
    connectors: ConnectorSources,
    generators: _Generators,
    findings: Findings,
) -> list[BatchDatum]:
    source, field = _source(node, nodes, wiring, connectors, findings)
    if source is node:
        items, generator = _items(node, field, findings), None
    else:
        items, generator = [], generators.settings(node, source, field, findings)
    data = []
    for _, edge in wiring.out_of(node.id, "image" if node.type == "image_batch" else "value"):
        if isinstance(nodes.get(edge.target), ConnectorNode):
            # The editor sends the connector's id anyway, and the server finds no such node in the graph.
            findings.problem(f"{node.described()} feeds a connector, which the server refuses", edge.pointer)
        data.append(BatchDatum(edge.target, edge.target_handle, source.id, field, items, generator))
    if not data:
        findings.warn(
            f"{node.described()} feeds nothing, so its values are not used; the editor does not run such a workflow",
            node.pointer,
        )
    return data


def _source(
    node: InvocationNode,
    nodes: dict[str, Node],
    wiring: Wiring,
    connectors: ConnectorSources,
    findings: Findings,
) -> tuple[InvocationNode, str]:
    """Return the node and field with the values: the batch node's own, unless a generator feeds it."""
    field = BATCH_COLLECTIONS[node.type]
    edge = next(wiring.into(node.id, field), None)
    if edge is None:
        return node, field
    source = nodes.get(edge.source)
    if isinstance(source, ConnectorNode):
        resolved = connectors.of(source.id)
        source = resolved[0] if resolved else None
    if isinstance(source, InvocationNode) and source.type in GENERATOR_FIELDS:
        return source, "generator"
    findings.problem(f"{node.described()} is not fed by a generator", pointer_to(node, "inputs", field))
    return node, field


def _items(node: InvocationNode, field: str, findings: Findings) -> list[object]:
    """Return a batch node's own values."""
    value = node.inputs[field].value if field in node.inputs else MISSING
    if value is MISSING:
        return []
    items = _COLLECTION_SHAPES[node.type](value)
    if isinstance(items, list):
        return items
    findings.problem(f"the values of {node.described()} have the wrong type", pointer_to(node, "inputs", field))
    return []


class _Generators:
    """The settings of generators. Each is checked once, though it may feed many batch nodes."""

    def __init__(self) -> None:
        self._faults: dict[str, str] = {}

    def settings(
        self, node: InvocationNode, source: InvocationNode, field: str, findings: Findings
    ) -> dict[str, object] | None:
        """Return the settings of the generator that feeds a batch node, or None if they do not make a batch."""
        value = source.inputs[field].value if field in source.inputs else MISSING
        fault = "its settings are missing or belong to another generator"
        if BOARD(value) is not MISSING:
            fault = "the editor reads settings with a board as the board alone"
        elif isinstance(value, dict) and _generates_for(node, value):
            fault = self._fault(source.id, value)
            if not fault:
                return value
        findings.problem(f"{source.described()} gives no values: {fault}", pointer_to(source, "inputs", field))
        return None

    def _fault(self, node_id: str, value: dict[str, object]) -> str:
        if node_id not in self._faults:
            try:
                check(value)
                self._faults[node_id] = ""
            except GeneratorError as error:
                self._faults[node_id] = str(error)
        return self._faults[node_id]


def _generates_for(node: InvocationNode, value: object) -> bool:
    kind = value.get("type") if isinstance(value, dict) else None
    return isinstance(kind, str) and kind.startswith(node.type.removesuffix("batch") + "generator_")
