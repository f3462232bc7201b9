"""The result of reading a workflow: everything that code generation and a run need to know about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from invokable.contract.generators import expand
from invokable.schema.model import InputTemplate, Schema
from invokable.workflow.embed import embedded_workflow
from invokable.workflow.errors import Warning_
from invokable.workflow.model import ParsedWorkflow

__all__ = ["BatchDatum", "BatchGroup", "FormInput", "OutlineItem", "Reading", "Warning_"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormInput:
    """A field that the form shows, once for all the elements that show it."""

    index: int
    """Position of the first element that shows it, counting all field elements in display order from 0."""
    aliases: tuple[int, ...]
    """Positions of further elements that show the same field."""
    node_id: str
    field: str
    label: str
    """The label as the editor shows it: the user's own, else the template's title."""
    user_label: str
    description: str
    node_type: str
    node_label: str
    node_title: str
    template: InputTemplate
    minimum: float | None
    """Limits that the form sets for the field, beside the template's; they restrict editing, not the stored value."""
    maximum: float | None
    options: tuple[tuple[str, str], ...]
    """Value and text of each choice of a text field that the form shows as a dropdown."""
    connected: bool
    """An edge leads into the field, so that its value is not used; an edge from a batch node counts too."""
    value: object
    """A JSON value, or MISSING."""
    pointer: str
    """JSON pointer of the value in the workflow."""


@dataclass(frozen=True, slots=True)
class OutlineItem:
    """An element of the form in display order; the root container is left out."""

    kind: Literal["container", "heading", "text", "divider", "field"]
    depth: int
    text: str
    """The content of a heading or text, the label of a field, the layout of a container."""
    index: int | None
    """Of a field: its position among all field elements."""


@dataclass(frozen=True, slots=True)
class BatchDatum:
    """Values for one field of the graph, one for each run.

    The values come from the field `source_field` of the node `source_node`: the collection of a batch node, whose
    values are `items`, or the generator that feeds it, whose settings are `generator`. What a generator makes is
    computed only when it is asked for (`Reading.batch_data`): a line of settings can stand for 100,000 values.
    """

    node_path: str
    field_name: str
    source_node: str
    source_field: str
    items: list[object]
    generator: dict[str, object] | None = None


@dataclass(frozen=True, slots=True)
class BatchGroup:
    """Data that is zipped: run N takes item N of each. Different groups are combined as a product."""

    data: tuple[BatchDatum, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A workflow as read with the node templates of one InvokeAI version."""

    workflow: ParsedWorkflow
    schema: Schema
    inputs: tuple[FormInput, ...]
    outline: tuple[OutlineItem, ...]
    graph: dict[str, Any]
    batches: tuple[BatchGroup, ...]
    """The values with which batch nodes multiply the graph."""
    warnings: tuple[Warning_, ...]

    @property
    def embedded(self) -> dict[str, object]:
        """The workflow that travels with the images: format 4.0.0, without an id. Made anew each time."""
        return {key: list(value) if isinstance(value, Iterator) else value for key, value in self.embedding().items()}

    def embedding(self) -> dict[str, object]:
        """The same, with iterators in place of the nodes and edges, so that not all need be in memory at once."""
        return embedded_workflow(self.workflow, self.schema)

    @property
    def batch_data(self) -> list[list[dict[str, object]]]:
        """The `batch.data` of the enqueue body; `resolve` replaces `items` that only the server knows."""
        made: dict[tuple[str, str], dict[str, object]] = {}
        for datum in (datum for group in self.batches for datum in group.data):
            if (datum.source_node, datum.source_field) not in made:
                made[datum.source_node, datum.source_field] = _items_of(datum)
        return [
            [
                {"node_path": datum.node_path, "field_name": datum.field_name}
                | made[datum.source_node, datum.source_field]
                for datum in group.data
            ]
            for group in self.batches
        ]


def _items_of(datum: BatchDatum) -> dict[str, object]:
    if datum.generator is None:
        return {"items": datum.items}
    expanded = expand(datum.generator)
    return {"resolve": expanded} if isinstance(expanded, dict) else {"items": expanded}
