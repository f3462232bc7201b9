"""Fields: the written form of field types, and names with a special meaning."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Cardinality: TypeAlias = Literal["SINGLE", "COLLECTION", "SINGLE_OR_COLLECTION"]

_MARKS: Final[Mapping[Cardinality, str]] = {"SINGLE_OR_COLLECTION": "|[]", "COLLECTION": "[]", "SINGLE": ""}

CALL: Final = "call_saved_workflow"
"""The type of the nodes that run a workflow of the server's library."""
DYNAMIC_INPUT: Final = "saved_workflow_input::"
"""Starts the name of such a node's input that represents a field of the called workflow's form."""
CALLED_INPUTS: Final = "workflow_inputs"
"""The field of such a node in which the values of those inputs are sent."""
NO_BOARD: Final = "none"
AUTO_BOARD: Final = "auto"
BOARD_WORDS: Final = (AUTO_BOARD, NO_BOARD)
"""The values of a board field that are not boards: the server's default, and no board."""
NUMBERS: Final = frozenset({"IntegerField", "FloatField"})
CHOICES: Final = frozenset({"EnumField", "SchedulerField"})
"""The field types whose values are among the choices in the schema."""
Choices: TypeAlias = tuple[str | int | float | bool, ...]
"""The choices of a field."""
_OF_CHOICES: Final = (bool, str, int, float)  # True is also an int
MediaKind: TypeAlias = Literal["image", "video"]
MEDIA: Final[Mapping[str, MediaKind]] = {"ImageField": "image", "VideoField": "video"}
"""The field types for files on the server, and the kind of file."""


def fit_a_literal(choices: Choices) -> bool:
    """Whether a Literal can hold the choices: no floats, and for mypy no integers of more than 64 bits."""
    return not any(
        isinstance(choice, float) or (isinstance(choice, int) and abs(choice) >= 2**63) for choice in choices
    )


def membership(choices: Choices) -> Callable[[object], bool]:
    """A function that says whether a value is one of the choices, and of its type; among floats, 1 is 1.0.

    Subclasses count as their type, such as those of an IntEnum.
    """
    numbers = () if fit_a_literal(choices) else (int, float)

    def key(value: object) -> tuple[object, object]:
        kind = next(kind for kind in _OF_CHOICES if isinstance(value, kind))
        return (float if kind in numbers else kind, value)

    known = frozenset(map(key, choices))
    return lambda value: isinstance(value, _OF_CHOICES) and key(value) in known


@dataclass(frozen=True, slots=True)
class FieldType:
    """The type of a field: `IntegerField`, single, a collection, or either."""

    name: str
    cardinality: Cardinality = "SINGLE"
    batch: bool = False
    original: FieldType | None = None
    """The schema's own type, if a `ui_type` overrides it."""

    @classmethod
    def parse(cls, text: str) -> FieldType:
        """Read what `str` wrote: `ImageField`, `ImageField[]`, `ImageField|[]`."""
        for cardinality, mark in _MARKS.items():
            if text.endswith(mark):
                return cls(text.removesuffix(mark), cardinality)
        raise AssertionError("every text ends with the empty mark")

    def __str__(self) -> str:
        return self.name + _MARKS[self.cardinality]
