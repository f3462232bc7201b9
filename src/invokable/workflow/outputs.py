"""Outputs: what a run of a workflow produces, found by schema, not by a list of node types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from invokable.contract.fields import MEDIA, Choices
from invokable.schema.model import FieldType, NodeTemplate, OutputTemplate

if TYPE_CHECKING:
    from invokable.workflow import Reading


@dataclass(frozen=True, slots=True)
class FoundOutput:
    """A value or a list of values that a run produces."""

    node_id: str
    node_type: str
    node_label: str
    """The user's label for the node; may be empty."""
    node_title: str
    field: str
    field_title: str
    type: FieldType
    options: Choices
    """The choices in the schema; empty if there are none."""
    nullable: bool
    """Whether the value may be null."""
    many: bool
    """Whether the node runs once for each item of an iteration or batch."""
    sole: bool
    """Whether it is the node's only output listed."""


def find_outputs(reading: Reading, extra: Iterable[str] = ()) -> list[FoundOutput]:
    """The outputs of a workflow, starting with those that have a board in the form.

    Then come other nodes that save an image or video permanently, then the values that the workflow returns, then the
    nodes in `extra` (ids from the configuration). If nothing is saved, the results of the last nodes are the outputs.
    """
    depth = iteration_depths(reading.graph)
    label = {node.id: node.label for node in reading.workflow.invocations()}
    batched = bool(reading.batches)
    outputs = []
    for node_id, template in _nodes_with_outputs(reading, extra).items():
        fields = _result_fields(template)
        outputs += [
            FoundOutput(
                node_id=node_id,
                node_type=template.type,
                node_label=label.get(node_id, ""),
                node_title=template.title,
                field=field.name,
                field_title=field.title,
                type=field.type,
                options=field.options,
                nullable=field.nullable,
                many=batched or depth[node_id] > 0,
                sole=len(fields) == 1,
            )
            for field in fields
        ]
    return outputs


def _nodes_with_outputs(reading: Reading, extra: Iterable[str]) -> dict[str, NodeTemplate]:
    """The nodes whose outputs are listed, in that order, with their templates."""
    graph, schema = reading.graph["nodes"], reading.schema.nodes
    templates = {node_id: schema[node["type"]] for node_id, node in graph.items() if node["type"] in schema}
    savers = {node_id for node_id, template in templates.items() if _board_field(template) and _media(template)}
    with_board = [
        item.node_id for item in reading.inputs if item.node_id in savers and item.template.type.name == "BoardField"
    ]
    lasting = [node_id for node_id in templates if node_id in savers and not graph[node_id].get("is_intermediate")]
    returns = [node_id for node_id in templates if graph[node_id]["type"] == "workflow_return"]
    chosen = [*with_board, *lasting, *returns, *extra]
    if not with_board and not lasting and not returns:
        sources = {edge["source"]["node_id"] for edge in reading.graph["edges"]}
        chosen += [node_id for node_id in templates if node_id not in sources]
    return {node_id: templates[node_id] for node_id in chosen if node_id in templates}


def iteration_depths(graph: Mapping[str, Any]) -> dict[str, int]:
    """The number of iterations around each node of a graph: an iterate node opens one, a collect node closes it."""
    nodes = graph["nodes"]
    following: dict[str, list[str]] = {node_id: [] for node_id in nodes}
    waiting = dict.fromkeys(nodes, 0)
    for edge in graph["edges"]:
        source, target = edge["source"]["node_id"], edge["destination"]["node_id"]
        if source in nodes and target in nodes:
            following[source].append(target)
            waiting[target] += 1
    depth = dict.fromkeys(nodes, 0)
    ready = [node_id for node_id, count in waiting.items() if not count]
    while ready:
        node_id = ready.pop()
        if nodes[node_id]["type"] == "iterate":
            depth[node_id] += 1
        elif nodes[node_id]["type"] == "collect":
            depth[node_id] = max(0, depth[node_id] - 1)
        for target in following[node_id]:
            depth[target] = max(depth[target], depth[node_id])
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    return depth


def _board_field(template: NodeTemplate) -> bool:
    return any(item.type.name == "BoardField" for item in template.inputs.values())


def _media(template: NodeTemplate) -> list[OutputTemplate]:
    return [output for output in template.outputs.values() if output.type.name in MEDIA]


def _result_fields(template: NodeTemplate) -> list[OutputTemplate]:
    """The images and videos of a node, else its first output; later ones describe it (a width, a count)."""
    return _media(template) or list(template.outputs.values())[:1]
