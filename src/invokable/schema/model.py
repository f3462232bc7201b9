"""Nodes as InvokeAI's workflow editor sees them: the vocabulary of the schema package.

    Schema ── nodes ──▶ NodeTemplate ── inputs ──▶ InputTemplate ── type ──▶ FieldType
                                     └─ outputs ─▶ OutputTemplate ─ type ──▶ FieldType

The names are those of the editor's own parsed templates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Literal

from invokable.contract.fields import Cardinality, Choices, FieldType
from invokable.contract.limits import NO_LIMITS, Limits
from invokable.contract.models import ANY_MODEL, ModelFilter

__all__ = [
    "MISSING",
    "Cardinality",
    "Connects",
    "FieldType",
    "InputTemplate",
    "Limits",
    "ModelFilter",
    "NodeTemplate",
    "OutputTemplate",
    "Schema",
    "SchemaError",
]

Connects = Literal["any", "direct", "connection"]


class SchemaError(Exception):
    """A node schema is invalid or not bundled."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message: Final = message
        """The problem, in one line."""


class _Missing(Enum):
    MISSING = "MISSING"


MISSING: Final = _Missing.MISSING
"""The editor's `undefined`: no default, no value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputTemplate:
    """An input of a node."""

    name: str
    title: str
    type: FieldType
    input: Connects
    required: bool = False
    """Whether the node needs a value to run (`orig_required` in the schema)."""
    nullable: bool = False
    """Whether the server also runs with null: `anyOf` has a null branch and no value is required.

    Required fields have that branch too, because an edge may deliver the value later.
    """
    default: object = MISSING
    """The editor's default, a JSON value to copy: the schema's, or else the type's."""
    limits: Limits = NO_LIMITS
    options: Choices = ()
    """The choices of an EnumField or SchedulerField, in schema order."""
    choice_labels: Mapping[str, str] = field(default_factory=dict)
    models: ModelFilter = ANY_MODEL
    ui_hidden: bool = False
    description: str = ""
    """The server's description; always empty in the bundled catalogue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputTemplate:
    """An output of a node."""

    name: str
    title: str
    type: FieldType
    options: Choices = ()
    """The choices of an EnumField or SchedulerField, in schema order."""
    nullable: bool = False
    """Whether the node may give null."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeTemplate:
    """A node type: its inputs and outputs by name, in schema order."""

    type: str
    title: str
    version: str
    inputs: Mapping[str, InputTemplate]
    outputs: Mapping[str, OutputTemplate]
    output_type: str
    """The schema's output discriminator, such as `image_output`."""
    use_cache: bool = True
    node_pack: str = "invokeai"
    category: str = ""
    classification: str = "stable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """The node types of one InvokeAI server."""

    version: str
    """The server's version, such as `6.14.2`."""
    origin: str
    """The origin of the schema: `bundled`, a file name, or a server's address."""
    nodes: Mapping[str, NodeTemplate]
    model_bases: frozenset[str] = frozenset()
    model_types: frozenset[str] = frozenset()
    submodel_types: frozenset[str] = frozenset()
