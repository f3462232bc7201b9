"""Limits: the range of a number, the length of a text, the size of a list."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

MISFITS: Final[Mapping[str, str]] = {
    "minimum": "is less than {}",
    "maximum": "is more than {}",
    "exclusive_minimum": "is not above {}",
    "exclusive_maximum": "is not below {}",
    "multiple_of": "is not a multiple of {}",
    "min_length": "has fewer than {} characters",
    "max_length": "has more than {} characters",
    "min_items": "has fewer than {} items",
    "max_items": "has more than {} items",
}
"""What is wrong with a value that breaks a limit, by the name of the limit."""
NOT_FINITE: Final = "is not a finite number"
BOUNDS: Final[Mapping[str, str]] = {
    "Ge": "minimum",
    "Gt": "exclusive_minimum",
    "Le": "maximum",
    "Lt": "exclusive_maximum",
    "MultipleOf": "multiple_of",
}
"""The runtime's classes for the limits of a number, each with the limit."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a value in a schema: of a number, a text or a collection."""

    minimum: float | None = None
    maximum: float | None = None
    exclusive_minimum: float | None = None
    exclusive_maximum: float | None = None
    multiple_of: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    min_items: int | None = None
    max_items: int | None = None
    item: Limits | None = None
    """Limits of each item of a collection."""

    def __bool__(self) -> bool:
        return self != NO_LIMITS

    @property
    def lower(self) -> float:
        """The lower bound, inclusive or not; minus infinity if there is none."""
        return max((bound for bound in (self.minimum, self.exclusive_minimum) if bound is not None), default=-math.inf)

    @property
    def upper(self) -> float:
        """The upper bound, inclusive or not; infinity if there is none."""
        return min((bound for bound in (self.maximum, self.exclusive_maximum) if bound is not None), default=math.inf)

    def to_json(self) -> dict[str, Any]:
        """The limits that are set, without those of a collection's items."""
        found = {member.name: getattr(self, member.name) for member in fields(self) if member.name != "item"}
        return {name: bound for name, bound in found.items() if bound is not None}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Limits:
        """Read what `to_json` returned; other members are ignored."""
        names = {member.name for member in fields(cls)} - {"item"}
        return cls(**{name: bound for name, bound in value.items() if name in names})

    def misfit_of_one(self, value: float | str) -> str:
        """Why a number or a text is outside the limits; empty if it is inside."""
        return self.misfit_of_text(value) if isinstance(value, str) else self.misfit_of_number(value)

    def misfit_of_number(self, value: float) -> str:
        """Why a number is outside the limits, such as `is less than 64`; empty if it is inside."""
        if self.minimum is not None and value < self.minimum:
            return self._misfit("minimum")
        if self.maximum is not None and value > self.maximum:
            return self._misfit("maximum")
        if self.exclusive_minimum is not None and value <= self.exclusive_minimum:
            return self._misfit("exclusive_minimum")
        if self.exclusive_maximum is not None and value >= self.exclusive_maximum:
            return self._misfit("exclusive_maximum")
        if self.multiple_of is not None and not is_multiple(value, self.multiple_of):
            return self._misfit("multiple_of")
        return ""

    def misfit_of_text(self, value: str) -> str:
        """Why the length of a text is outside the limits; empty if it is inside."""
        return self._misfit_of_size(len(value), "min_length", "max_length")

    def misfit_of_list(self, value: list[Any]) -> str:
        """Why the number of items is outside the limits; empty if it is inside."""
        return self._misfit_of_size(len(value), "min_items", "max_items")

    def _misfit_of_size(self, size: int, least: str, most: str) -> str:
        if (low := getattr(self, least)) is not None and size < low:
            return self._misfit(least)
        if (high := getattr(self, most)) is not None and size > high:
            return self._misfit(most)
        return ""

    def _misfit(self, limit: str) -> str:
        return MISFITS[limit].format(getattr(self, limit))


NO_LIMITS: Final = Limits()

_TOLERANCE: Final = 1e-9


def is_multiple(value: float, step: float) -> bool:
    """Whether a number is an integer multiple, by the rule of pydantic since 2.11 and therefore of the server.

    Integers are compared exactly, floats with a tolerance.
    """
    if isinstance(value, int) and isinstance(step, int):
        return value % step == 0
    try:
        return abs(value - round(value / step) * step) <= _TOLERANCE
    except OverflowError:  # infinitely many times
        return False
