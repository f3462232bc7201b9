"""Small parsers of JSON values: each returns the value stripped to its shape, or MISSING if it does not match.

A value that already has the shape is returned itself, so values must not be modified in place.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from operator import is_
from typing import TypeAlias

from invokable.contract.generators import JS_SPACE
from invokable.contract.settings import SAFE_INTEGER
from invokable.schema.model import MISSING

Shape: TypeAlias = Callable[[object], object]


def integer(value: object) -> object:
    """Accept a whole number, as an int. 5.0 counts too, as in JavaScript."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return MISSING
    # Written so that NaN fails too.
    if not -SAFE_INTEGER <= value <= SAFE_INTEGER or value != int(value):
        return MISSING
    return int(value)


def number(value: object) -> object:
    """Accept any finite number; a whole one is returned as an int."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return MISSING
    if isinstance(value, float) and not math.isfinite(value):
        return MISSING
    whole = integer(value)
    return value if whole is MISSING else whole


def text(value: object) -> object:
    """Accept any text."""
    return value if isinstance(value, str) else MISSING


def boolean(value: object) -> object:
    """Accept true or false."""
    return value if isinstance(value, bool) else MISSING


def anything(value: object) -> object:
    """Accept any value unchanged."""
    return value


def nonempty(value: object) -> object:
    """Accept non-empty text; whitespace is enough."""
    return value if isinstance(value, str) and value else MISSING


def identifier(value: object) -> object:
    """Accept text with more than whitespace, and trim it."""
    return (value.strip(JS_SPACE) or MISSING) if isinstance(value, str) else MISSING


def one_of(choices: Collection[object]) -> Shape:
    """Accept one of the given texts."""
    return lambda value: value if isinstance(value, str) and value in choices else MISSING


def between(low: int, high: int) -> Shape:
    """Accept a whole number in an inclusive range."""

    def shape(value: object) -> object:
        whole = integer(value)
        return whole if isinstance(whole, int) and low <= whole <= high else MISSING

    return shape


@dataclass(frozen=True, slots=True)
class array:  # noqa: N801  (named like the other shapes)
    """Accept an array whose items all fit."""

    item: Shape

    def __call__(self, value: object) -> object:
        """The array, with its items stripped."""
        if not isinstance(value, list):
            return MISSING
        items: list[object] | None = None
        for position, entry in enumerate(value):
            fitted = self.item(entry)
            if fitted is MISSING:
                return MISSING
            if fitted is not entry and items is None:
                items = value[:position]
            if items is not None:
                items.append(fitted)
        return value if items is None else items


def either(*shapes: Shape) -> Shape:
    """Accept what the first matching shape accepts."""

    def shape(value: object) -> object:
        for candidate in shapes:
            fitted = candidate(value)
            if fitted is not MISSING:
                return fitted
        return MISSING

    return shape


@dataclass(frozen=True, slots=True)
class Optional_:  # noqa: N801  (the plain name is typing's)
    """A key that may be missing and possibly null. A default replaces a missing key."""

    shape: Shape
    default: object = MISSING
    nullable: bool = False


class fields:  # noqa: N801  (named like the other shapes)
    """Accept an object with these keys; other keys are stripped."""

    __slots__ = ("shapes",)

    def __init__(self, **shapes: Shape | Optional_) -> None:
        self.shapes = shapes

    def __call__(self, value: object) -> object:
        """The object, stripped."""
        if not isinstance(value, dict):
            return MISSING
        fitted: dict[str, object] = {}
        for key, entry in self.shapes.items():
            if isinstance(entry, Optional_):
                if key not in value:
                    if entry.default is not MISSING:
                        fitted[key] = entry.default
                    continue
                if entry.nullable and value[key] is None:
                    fitted[key] = None
                    continue
                entry = entry.shape
            taken = entry(value[key]) if key in value else MISSING
            if taken is MISSING:
                return MISSING
            fitted[key] = taken
        return value if _holds_the_same(value, fitted) else fitted


def misfit(shape: Shape, value: object) -> tuple[str | int, ...]:
    """The keys that lead to what does not fit in a value that does not; the last one may be missing there."""
    if isinstance(shape, fields) and isinstance(value, dict):
        key, entry = next((k, entry) for k, entry in shape.shapes.items() if fields(**{k: entry})(value) is MISSING)
        return (key, *misfit(entry.shape if isinstance(entry, Optional_) else entry, value.get(key)))
    if isinstance(shape, array) and isinstance(value, list):
        position = next(position for position, item in enumerate(value) if shape.item(item) is MISSING)
        return (position, *misfit(shape.item, value[position]))
    return ()


def _holds_the_same(value: dict[str, object], fitted: dict[str, object]) -> bool:
    return len(value) == len(fitted) and all(map(is_, value.values(), fitted.values())) and [*value] == [*fitted]


def mapping(value: object) -> object:
    """Accept any object unchanged."""
    return value if isinstance(value, Mapping) else MISSING
