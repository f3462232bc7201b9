"""Decoding: the values of a workflow from stored JSON, or all that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from invokable.runtime.errors import Problem, ValidationError
from invokable.runtime.values.encoding import custom_from_json, from_json
from invokable.runtime.values.pins import InputPin, pins_of
from invokable.runtime.values.reprs import short
from invokable.runtime.values.validation import validate_some


def decoded(cls: type, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values by attribute. Raises ValidationError with all invalid inputs if one cannot be read."""
    found: dict[str, Any] = {}
    problems: list[Problem] = []
    pins = {pin.attribute: pin for pin in pins_of(cls).inputs}
    for name, value in values.items():
        pin = pins.get(name)
        if pin is None:  # a field that a subclass adds
            found[name] = value
            continue
        try:
            found[name] = _read(pin, value)
        except Exception as error:  # the class may be the project's own
            words = f"{short(value)} cannot be read: {_reason(error)}"
            problems.append(Problem(pin.index, name, pin.label, words, type(value).__name__))
    if problems:
        try:
            validate_some(cls, found)
        except ValidationError as invalid:
            problems += invalid.errors
        raise ValidationError(sorted(problems, key=lambda problem: problem.index or 0))
    return found


def _read(pin: InputPin, value: Any) -> Any:
    if pin.custom is not None:
        return custom_from_json(value, pin.custom, pin.type.cardinality)
    return from_json(value, pin.type.name)


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"it has no {error}"
    return str(error) or type(error).__name__
