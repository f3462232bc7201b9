"""Model: an interface as plain data. Types and defaults are Python source, as in the module."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from invokable.contract.interface.accepted import Accepted, read_annotation
from invokable.contract.module import index_map_checksum

Key: TypeAlias = tuple[str, str]
"""Node id and field."""


class InterfaceError(Exception):
    """A text is not a generated module or not a map file. The message is one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """An attribute that callers set."""

    attribute: str
    indices: tuple[int, ...]
    """The form indices at which it appears, ascending; never empty."""
    node_id: str
    field: str
    type: str
    """The field type, such as `IntegerField` or `ImageField[]`."""
    annotation: str
    """What it accepts, such as `Annotated[int, Ge(16)]`: without the index, and with choices written out."""
    alias: str = ""
    """The exported type alias in its annotation; empty if its choices are inline, or it has none."""
    default: str | None
    """The default, such as `'euler'`; None if the input is required."""
    label: str = ""
    """The user's label; empty if there is none."""
    connected: bool = False
    """Whether an edge or a batch feeds the field, so that only the default is accepted."""

    def __post_init__(self) -> None:
        _check_texts(self, "attribute", "node_id", "field", "type", "annotation", "alias", "label")
        if self.default is not None:
            _check_texts(self, "default")
        if not (self.indices and all(type(index) is int for index in self.indices)):
            raise TypeError(f"the indices of {self.attribute!r} are not integers")
        if type(self.connected) is not bool:
            raise TypeError(f"connected of {self.attribute!r} is neither true nor false")

    @property
    def key(self) -> Key:
        """The identity of the input, independent of its name."""
        return self.node_id, self.field

    @property
    def accepted(self) -> Accepted:
        """The values that the input accepts."""
        return read_annotation(self.annotation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """An attribute of the result."""

    attribute: str
    node_id: str
    field: str
    type: str
    many: bool
    annotation: str
    """What it is, such as `list[int]`, with choices written out."""

    def __post_init__(self) -> None:
        _check_texts(self, "attribute", "node_id", "field", "type", "annotation")
        if type(self.many) is not bool:
            raise TypeError(f"many of {self.attribute!r} is neither true nor false")

    @property
    def accepted(self) -> Accepted:
        """The values that the output may have."""
        return read_annotation(self.annotation)

    @property
    def key(self) -> Key:
        """The identity of the output, independent of its name."""
        return self.node_id, self.field


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """What callers see of a generated module."""

    class_name: str
    source: str
    """The name of the workflow's file."""
    schema: str
    """The InvokeAI version whose node schemas the module was generated with."""
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    nodes: Mapping[str, str] = field(default_factory=dict)
    """The version of each node type in the graph."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Type aliases that the module exports beside its class, and their values: `Literal['euler', …]`."""
    models: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of installed models for completion, by attribute."""

    @property
    def index_map(self) -> tuple[tuple[int, str, str, str], ...]:
        """(index, node id, field, type) of every field in the form, like the module's INDEX_MAP."""
        entries = [(index, item.node_id, item.field, item.type) for item in self.inputs for index in item.indices]
        return tuple(sorted(entries))

    @property
    def checksum(self) -> str:
        """SHA-256 of the index map, like the module's INDEX_MAP_CHECKSUM."""
        return index_map_checksum(self.index_map)

    def __post_init__(self) -> None:
        _check_texts(self, "class_name", "source", "schema")
        tables = (*self.nodes.items(), *self.aliases.items(), *((key, *names) for key, names in self.models.items()))
        if not all(isinstance(text, str) for row in tables for text in row):
            raise TypeError("a node type, its version, an alias or the name of a model is not text")
        for alias in self.aliases.values():
            read_annotation(alias)


def _check_texts(pin: Input | Output | Interface, *names: str) -> None:
    """Raise TypeError for values that are not strings: modules and map files may come from anywhere."""
    for name in names:
        if not isinstance(getattr(pin, name), str):
            raise TypeError(f"{name} is not text")
