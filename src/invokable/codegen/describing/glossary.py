"""Glossary: descriptions of common fields, for inputs that the workflow's author did not describe.

The sentences are in `glossary.toml`. A server's descriptions never reach a module, so a workflow gives the same
bytes wherever its schema comes from.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pkgutil import get_data
from typing import Final

from invokable.contract.listing import any_of
from invokable.contract.settings import FAMILIES, KINDS, generator_field


def _settings_of(family: str) -> str:
    classes = (f"`{kind.class_name}`" for kind in KINDS.values() if kind.family == family)
    return f"Accepts {any_of(classes)} from `invokable.runtime`, or an equal dict."


_ACCEPTS: Final = {
    **{generator_field(family): _settings_of(family) for family in FAMILIES},
    "BoardField": "Accepts the name of a board, or a `Board` with its id.",
    "ImageField": "Accepts a path, bytes, a file object, a Pillow image, or an `Image` on the server.",
    "LoRAField": 'Accepts `LoRA("name", weight=0.75)`.',
    "ModelIdentifierField": "Accepts the name of a model on the server, or a `Model` if the name is ambiguous.",
    "StylePresetField": "Accepts a `StylePreset` with its id on the server.",
    "VideoField": "Accepts a path, the bytes of an MP4 file, a file object, or a `Video` on the server.",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """The description of a field, by name and type, on some nodes."""

    field: str
    type: str
    """The field's type as the index map has it, `FloatField|[]`."""
    nodes: tuple[str, ...]
    """Shell patterns of the node types."""
    text: str
    negative: str = ""
    """Replaces the text if the field feeds only negative conditioning."""
    values: str = ""
    """What some values mean, or how they are written; shown with an author's own words too."""
    without: str = ""
    """What happens if an optional field is omitted."""

    def holds_for(self, node_type: str, field: str, field_type: str) -> bool:
        """Whether the entry applies to this field."""
        return (
            field == self.field
            and field_type == self.type
            and any(fnmatchcase(node_type, pattern) for pattern in self.nodes)
        )


@cache
def entries() -> tuple[Entry, ...]:
    """The whole glossary."""
    data = get_data("invokable.codegen.describing", "glossary.toml") or b""
    table = tomllib.loads(data.decode("utf-8"))
    return tuple(Entry(**{**entry, "nodes": tuple(entry["nodes"])}) for entry in table["entry"])


def entry_of(node_type: str, field: str, field_type: str) -> Entry | None:
    """The glossary's entry for a field of a node."""
    return next((entry for entry in entries() if entry.holds_for(node_type, field, field_type)), None)


def accepts(field_type: str) -> str:
    """What a field of this type accepts; empty for plain values, as the annotation is enough."""
    return _ACCEPTS.get(field_type.partition("|")[0].removesuffix("[]"), "")
