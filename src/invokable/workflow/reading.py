"""The result of reading a workflow: everything that code generation and runs need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from invokable.schema.model import InputTemplate, Schema
from invokable.workflow.embed import embedded_workflow
from invokable.workflow.errors import Warning_
from invokable.workflow.model import ParsedWorkflow

__all__ = ["BatchDatum", "BatchGroup", "FormInput", "OutlineItem", "Reading", "Warning_"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FormInput:
    """A field that the form shows, possibly more than once."""

    index: int
    """Position of the first element for it, counting all field elements in display order from 0."""
    aliases: tuple[int, ...]
    """Positions of further elements for the same field."""
    node_id: str
    field: str
    label: str
    """The label in the editor: the user's own, else the template's title."""
    user_label: str
    description: str
    node_type: str
    node_label: str
    node_title: str
    template: InputTemplate
    minimum: float | None
    """Limits set by the form, in addition to the template's; they restrict editing, not the stored value."""
    maximum: float | None
    options: tuple[tuple[str, str], ...]
    """Value and text of each choice, if the form shows a field for a single text as a dropdown."""
    connected: bool
    """Whether an edge feeds the field, so that its value is not used; edges from batch nodes count too."""
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
    """For a field: its position among all field elements."""


@dataclass(frozen=True, slots=True)
class BatchDatum:
    """Values for a field of the graph, one for each run.

    The values come from the field `source_field` of the node `source_node`: the collection of a batch node, whose
    values are `items`, or the generator that feeds it, whose settings are `generator`. A generator's values are only
    computed by `batch_data`: a line of settings can mean 100,000 values.
    """

    node_path: str
    field_name: str
    source_node: str
    source_field: str
    items: list[object]
    generator: dict[str, object] | None = None


@dataclass(frozen=True, slots=True)
class BatchGroup:
    """Zipped data: run N uses item N of each. Different groups are combined as a product."""

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
    """The values that batch nodes run the graph with."""
    warnings: tuple[Warning_, ...]

    def embedding(self) -> dict[str, object]:
        """The workflow to embed in the images: format 4.0.0, without an id.

        Nodes and edges are iterators, so that they need not all be in memory together.
        """
        return embedded_workflow(self.workflow)
