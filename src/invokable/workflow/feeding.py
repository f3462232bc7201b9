"""Feeding: where the value of a field goes, and whether a prompt is positive or negative.

    Prompt (a primitive) ─▶ Prompt - SDXL: prompt ─▶ Denoise: positive_conditioning

A primitive passes its value on unchanged; other nodes of plain values compute a new one, such as a joined text or a
sum. Both are followed to the fields that use the value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Final

from invokable.contract.fields import MEDIA
from invokable.workflow.model import ConnectorNode, InvocationNode

if TYPE_CHECKING:
    from invokable.schema.model import FieldType, NodeTemplate
    from invokable.workflow import Reading

_PLAIN: Final = frozenset(
    {"BooleanField", "CollectionField", "CollectionItemField", "FloatField", "IntegerField", "StringField"}
)
_LISTS: Final = frozenset({"CollectionField", "CollectionItemField"})
_ASIDE: Final = frozenset({"BoardField", "MetadataField"})  # fields of every node that saves
_KEPT: Final = frozenset({"ModelIdentifierField", "StylePresetField"})  # what a node works with, not what it changes
_SIDES: Final = ("positive", "negative")
_FAR: Final = 60  # nodes visited, and fields fed by one of them


@dataclass(frozen=True, slots=True)
class Fed:
    """A field that receives a value."""

    node: InvocationNode
    field: str
    through: InvocationNode | None = None
    """The first node on the way that changes the value; None if it arrives unchanged."""


@dataclass(frozen=True, slots=True)
class _Link:
    handle: str
    node: InvocationNode
    field: str


class Feeding:
    """The connections of a workflow."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._nodes = reading.workflow.by_id()

    def fed_by(self, node_id: str, field: str) -> list[Fed]:
        """The fields that use the value of a field, nearest first; the field itself if its node uses it."""
        start = self._nodes.get(node_id)
        return self._reached([Fed(start, field)]) if isinstance(start, InvocationNode) else []

    def fed_from(self, node_id: str, output: str) -> list[Fed]:
        """The fields that use the value of a node's output, nearest first."""
        links = (link for link in self._links.get(node_id, ()) if link.handle == output)
        return self._reached([Fed(link.node, link.field) for link in islice(links, _FAR)])

    def _reached(self, queue: list[Fed]) -> list[Fed]:
        found: list[Fed] = []
        seen = {(fed.node.id, fed.field) for fed in queue}
        for at in queue:
            onward = self._passed_on(at)
            if onward is None:
                found.append(at)
            for fed in onward or () if len(queue) < _FAR else ():
                if (fed.node.id, fed.field) not in seen:
                    seen.add((fed.node.id, fed.field))
                    queue.append(fed)
        return found

    def passes_on(self, node_id: str, field: str) -> bool:
        """Whether a node only passes on the value of a field, or another plain value."""
        node = self._nodes.get(node_id)
        return isinstance(node, InvocationNode) and self._passed_on(Fed(node, field)) is not None

    def sides(self, node_id: str) -> dict[str, list[InvocationNode]]:
        """The nodes whose conditioning a node makes, by side (positive or negative); empty for other nodes."""
        found: dict[str, list[InvocationNode]] = {}
        queue, seen = [node_id], {node_id}
        for at in queue:
            for link in islice(self._links.get(at, ()), _FAR):
                if not self._carries_conditioning(at, link.handle):
                    continue
                side = next((side for side in _SIDES if side in link.field.split("_")), None)
                if side is not None:
                    nodes = found.setdefault(side, [])
                    if link.node not in nodes:
                        nodes.append(link.node)
                elif link.node.id not in seen and len(queue) < _FAR:
                    seen.add(link.node.id)
                    queue.append(link.node.id)
        return found

    def _passed_on(self, at: Fed) -> Iterator[Fed] | None:
        """The fields that a node passes a value on to; None if it uses the value itself."""
        template = at.node.template(self._reading.schema)
        if template is None or at.field not in template.inputs:
            return None
        primitive = _primitive_output(template, at.field)
        if primitive is None and (not _is_plain(template) or template.inputs[at.field].type.name in _KEPT):
            return None
        through = at.through or (None if primitive else at.node)
        links = (link for link in self._links.get(at.node.id, ()) if primitive is None or link.handle == primitive)
        return (Fed(link.node, link.field, through) for link in islice(links, _FAR))

    def _carries_conditioning(self, node_id: str, handle: str) -> bool:
        node = self._nodes.get(node_id)
        template = node.template(self._reading.schema) if isinstance(node, InvocationNode) else None
        output = template.outputs.get(handle) if template else None
        return output is not None and (output.type.name.endswith("ConditioningField") or output.type.name in _LISTS)

    @cached_property
    def _links(self) -> dict[str, list[_Link]]:
        """The fields that each node feeds, by node id, in file order."""
        edges: dict[str, list[tuple[str, str, str]]] = {}
        for edge in self._reading.workflow.edges:
            if edge.type == "default":
                edges.setdefault(edge.source, []).append((edge.source_handle, edge.target, edge.target_handle))
        return {
            node_id: [
                _Link(handle, node, field)
                for handle, target, first in ends
                for node, field in self._behind_connectors(target, first, edges)
            ]
            for node_id, ends in edges.items()
        }

    def _behind_connectors(
        self, target: str, handle: str, edges: dict[str, list[tuple[str, str, str]]]
    ) -> Iterator[tuple[InvocationNode, str]]:
        queue, seen = [(target, handle)], {target}
        for at, field in queue:
            node = self._nodes.get(at)
            if isinstance(node, InvocationNode):
                yield node, field
            elif isinstance(node, ConnectorNode):
                onward = [(other, name) for _, other, name in edges.get(at, ()) if other not in seen]
                seen.update(other for other, _ in onward)
                queue += onward if len(queue) < _FAR else []


def _primitive_output(template: NodeTemplate, field: str) -> str | None:
    """The output with the unchanged value of a node's only field; None for nodes that do more."""
    own = [item for item in template.inputs.values() if item.type.name not in _ASIDE]
    if len(own) != 1 or own[0].name != field:
        return None
    kind = own[0].type
    same = [output.name for output in template.outputs.values() if _is_same(output.type, kind)]
    if len(same) != 1 or (kind.name in MEDIA and template.category != "primitives"):
        return None
    return same[0]


def _is_same(kind: FieldType, other: FieldType) -> bool:
    return (kind.name, kind.cardinality) == (other.name, other.cardinality)


def _is_plain(template: NodeTemplate) -> bool:
    outputs = template.outputs.values()
    return bool(outputs) and all(output.type.name in _PLAIN for output in outputs)
