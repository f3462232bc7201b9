"""Fields: how the type of a field is written, and names with a special meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Cardinality: TypeAlias = Literal["SINGLE", "COLLECTION", "SINGLE_OR_COLLECTION"]

_MARKS: Final[Mapping[Cardinality, str]] = {"SINGLE_OR_COLLECTION": "|[]", "COLLECTION": "[]", "SINGLE": ""}

DYNAMIC_INPUT: Final = "saved_workflow_input::"
"""Starts the name of a `call_saved_workflow` input that stands for a field of the called workflow's form.

Its value travels in the calling node's `workflow_inputs`.
"""
MEDIA: Final[Mapping[str, Literal["image", "video"]]] = {"ImageField": "image", "VideoField": "video"}
"""The field types that hold a file on the server, and the kind of file."""


@dataclass(frozen=True, slots=True)
class FieldType:
    """The type of a field: `IntegerField`, single, a collection, or either."""

    name: str
    cardinality: Cardinality = "SINGLE"
    batch: bool = False
    original: FieldType | None = None
    """The schema's own type where a `ui_type` overrides it."""

    @classmethod
    def parse(cls, text: str) -> FieldType:
        """Read what `str` wrote: `ImageField`, `ImageField[]`, `ImageField|[]`."""
        for cardinality, mark in _MARKS.items():
            if text.endswith(mark):
                return cls(text.removesuffix(mark), cardinality)
        raise AssertionError("every text ends with the empty mark")

    def __str__(self) -> str:
        return self.name + _MARKS[self.cardinality]
