"""Glossary: what the fields do that forms show most, for where the author of a workflow wrote nothing.

The sentences are in `glossary.toml`. They are ours: a server's prose never reaches a module, so a workflow gives the
same bytes whichever way its schema came.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pkgutil import get_data
from typing import Final

_ACCEPTS: Final = {
    "BoardField": "Takes the name of a board, or a `Board` by its id.",
    "ImageField": "Takes a path, bytes, a file object, a Pillow image, or an `Image` that is on the server.",
    "LoRAField": 'Takes `LoRA("name", weight=0.75)`.',
    "ModelIdentifierField": "Takes the name of a model on the server, or a `Model` where a name is not enough.",
    "StylePresetField": "Takes a `StylePreset`, by its id on the server.",
    "VideoField": "Takes a path, the bytes of an MP4 file, a file object, or a `Video` that is on the server.",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known about the fields of one name and type on some nodes."""

    field: str
    type: str
    """The field's type as the index map has it, `FloatField|[]`."""
    nodes: tuple[str, ...]
    """Shell patterns of the node types."""
    text: str
    negative: str = ""
    """What stands in place of the text where the field feeds the negative side alone."""
    values: str = ""
    """What some of its values mean, or how they are written: said beside an author's own words, too."""
    without: str = ""
    """What happens when nothing is given, for fields that need no value."""

    def holds_for(self, node_type: str, field: str, field_type: str) -> bool:
        """Whether the entry is about this field."""
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
    """What the glossary says about a field of a node."""
    return next((entry for entry in entries() if entry.holds_for(node_type, field, field_type)), None)


def accepts(field_type: str) -> str:
    """What can be given for a field of this type, where its annotation does not say; empty for plain values."""
    return _ACCEPTS.get(field_type.partition("|")[0].removesuffix("[]"), "")
