"""The workflow in the editor after a file is loaded: format 4.0.0, with values reduced to what it knows.

    ParsedWorkflow ─ nodes ─▶ InvocationNode ─ inputs ─▶ Input
                   │          NotesNode, ConnectorNode
                   ├ edges ─▶ Edge
                   └ form ──▶ Form ─ elements ─▶ FormElement

The objects are mutable because the stages of a load (edges, node updates, form) change them one after another.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from invokable.contract.settings import FAMILIES, generator_field
from invokable.schema.model import MISSING, InputTemplate, NodeTemplate, Schema
from invokable.workflow.errors import quoted

ElementKind: TypeAlias = Literal["container", "node-field", "heading", "text", "divider"]

EXTRA_INPUTS = frozenset({"core_metadata"})
"""Node types whose inputs need no template: the server accepts any extra field."""

BATCH_COLLECTIONS = {f"{family}_batch": field_name for family, field_name in FAMILIES.items()}
"""Batch node types, each with its collection field."""

BATCH_GROUP = "batch_group_id"
"""The field of a batch node with its group: the batches of one group advance together."""

GENERATOR_FIELDS = {f"{family}_generator": generator_field(family) for family in FAMILIES}
"""Generator node types, each with the type of its `generator` field."""


@dataclass(slots=True)
class Input:
    """An input of a node: what the user wrote there. `value` is a JSON value or MISSING."""

    name: str
    label: str = ""
    description: str = ""
    value: object = MISSING
    dropped: bool = False
    """Whether the file has a value here that the editor does not understand and drops."""


@dataclass(slots=True, kw_only=True)
class InvocationNode:
    """A node that runs on the server, or that feeds a batch."""

    id: str
    data_id: str
    type: str
    version: str
    node_pack: str
    label: str
    notes: str
    is_open: bool
    is_intermediate: bool
    use_cache: bool
    inputs: dict[str, Input]
    dynamic_templates: dict[str, InputTemplate] = field(default_factory=dict)
    raw_dynamic_templates: dict[str, object] = field(default_factory=dict)
    position: dict[str, object] = field(default_factory=dict)
    pointer: str = ""
    """JSON pointer of the node's `data`."""

    @property
    def executable(self) -> bool:
        """Whether the node runs in the graph; batch and generator nodes feed the batch instead."""
        return self.type not in BATCH_COLLECTIONS and self.type not in GENERATOR_FIELDS

    def template(self, schema: Schema) -> NodeTemplate | None:
        """Return the node's template, None if the schema has no such node type."""
        return schema.nodes.get(self.type)

    def input_template(self, schema: Schema, name: str) -> InputTemplate | None:
        """Return the template of an input: the node's own dynamic one, or the node type's."""
        if name in self.dynamic_templates:
            return self.dynamic_templates[name]
        template = self.template(schema)
        return template.inputs.get(name) if template else None

    def described(self) -> str:
        """Return the node's name for messages: its label, if the user set one, and its type."""
        kind = self.type if self.type.isidentifier() and len(self.type) <= 80 else quoted(self.type)
        return f"node {quoted(self.label)} ({kind})" if self.label else f"node {kind}"


@dataclass(slots=True, kw_only=True)
class NotesNode:
    """A note on the canvas."""

    id: str
    data: dict[str, object]
    position: dict[str, object]


@dataclass(slots=True, kw_only=True)
class ConnectorNode:
    """A bend in an edge, with the input `in` and the output `out`."""

    id: str
    data: dict[str, object]
    position: dict[str, object]


Node: TypeAlias = InvocationNode | NotesNode | ConnectorNode


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A connection. A `collapsed` edge is only drawn between folded nodes: it has no handles and transfers nothing."""

    id: str
    type: Literal["default", "collapsed"]
    source: str
    target: str
    source_handle: str = ""
    target_handle: str = ""
    hidden: bool | None = None
    pointer: str = ""


@dataclass(slots=True, kw_only=True)
class FormElement:
    """An element of the form. Which of the last six attributes are used depends on `kind`."""

    key: str
    """The key in the form's `elements`; the parent's `children` name it."""
    id: str
    kind: ElementKind
    parent_id: str | None = None
    layout: str = "column"
    children: list[str] = field(default_factory=list)
    content: str = ""
    node_id: str = ""
    field_name: str = ""
    show_description: bool = True
    settings: dict[str, object] | None = None
    exposed: int | None = None
    """The position in the list of exposed fields, if the element stands for an entry of it."""


@dataclass(slots=True, kw_only=True)
class Form:
    """The form that the user built, as a tree of elements below the root container."""

    elements: dict[str, FormElement]
    root: str
    ignored_for: tuple[str, str] | None = None
    """What the editor cannot read in the file's form, and the JSON pointer of it, if it ignores the form for that."""

    @property
    def empty(self) -> bool:
        """Whether the form has only its root."""
        return len(self.elements) == 1 and not self.elements[self.root].children


@dataclass(frozen=True, slots=True)
class FieldRef:
    """A reference to an input: a node and one of its fields."""

    node_id: str
    field_name: str


@dataclass(slots=True, kw_only=True)
class ParsedWorkflow:
    """A workflow in format 4.0.0."""

    id: str | None
    name: str
    author: str
    description: str
    version: str
    contact: str
    tags: str
    notes: str
    category: str
    nodes: list[Node]
    edges: list[Edge]
    exposed_fields: list[FieldRef]
    form: Form

    def by_id(self) -> dict[str, Node]:
        """Return the nodes by id; of nodes with the same id the first, as in the editor."""
        found: dict[str, Node] = {}
        for node in self.nodes:
            found.setdefault(node.id, node)
        return found

    def invocations(self) -> list[InvocationNode]:
        """Return the invocation nodes, in file order."""
        return [node for node in self.nodes if isinstance(node, InvocationNode)]


def default_form() -> Form:
    """Return the form of a workflow that has none: a root without children."""
    return Form(elements={"root": FormElement(key="root", id="root", kind="container")}, root="root")
