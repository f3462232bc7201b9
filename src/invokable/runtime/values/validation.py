"""Validation: checks values against annotations and reports all errors together, before anything is sent.

pydantic validates in strict mode: nothing is converted, so "7" is not an integer and True is not a number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields
from math import isfinite
from types import UnionType
from typing import Annotated, Any, Final, Literal, TypeAlias, Union, get_args, get_origin
from weakref import WeakKeyDictionary

from invokable.contract.fields import MEDIA
from invokable.contract.limit_words import number
from invokable.contract.limits import MISFITS, NOT_FINITE
from invokable.contract.listing import with_article
from invokable.contract.nearest import choice_suggestion
from invokable.contract.settings import SETTINGS_FIELDS, misfit_of_settings
from invokable.runtime.errors import Problem, ValidationError
from invokable.runtime.values.arrays import alike
from invokable.runtime.values.characters import HALVED, halved
from invokable.runtime.values.constraints import OneOf
from invokable.runtime.values.pins import InputPin, pins_of
from invokable.runtime.values.reprs import short

_WANTED: Final = {
    "BoardField": "a board: its name, a Board, 'none' or 'auto'",
    "BooleanField": "True or False",
    "ColorField": "a Color",
    "FloatField": "a number",
    "FloatGeneratorField": "generator settings, a dict",
    "ImageField": "an image: a path, bytes, a file object, a Pillow image, or an image on the server",
    "ImageGeneratorField": "generator settings, a dict",
    "IntegerField": "an integer",
    "IntegerGeneratorField": "generator settings, a dict",
    "LoRAField": "a LoRA, as in LoRA('Fox', 0.75)",
    "ModelIdentifierField": "a model: its name, or a Model",
    "StringField": "text",
    "StringGeneratorField": "generator settings, a dict",
    "StylePresetField": "a StylePreset",
    "VideoField": "a video: a path, bytes, a file object, or a video on the server",
}
_FED: Final = "an edge of the workflow feeds this field, so this value would be ignored"
_PLAIN_WORDS: Final = {
    "greater_than": MISFITS["exclusive_minimum"].format("{gt}"),
    "greater_than_equal": MISFITS["minimum"].format("{ge}"),
    "less_than": MISFITS["exclusive_maximum"].format("{lt}"),
    "less_than_equal": MISFITS["maximum"].format("{le}"),
    "multiple_of": MISFITS["multiple_of"].format("{multiple_of}"),
    "finite_number": NOT_FINITE,
    "literal_error": "is not one of {expected}",
    "too_short": MISFITS["min_items"].format("{min_length}"),
    "too_long": MISFITS["max_items"].format("{max_length}"),
    "string_too_short": MISFITS["min_length"].format("{min_length}"),
    "string_too_long": MISFITS["max_length"].format("{max_length}"),
}
"""What is wrong with a value, by the type of pydantic's error and with the names in its context."""


def validate(flow: object) -> None:
    """Raise ValidationError with all invalid inputs of a workflow."""
    targets = pins_of(type(flow)).inputs
    _validate(type(flow), targets, {target.attribute: getattr(flow, target.attribute) for target in targets})


def validate_one(flow: object, attribute: str, value: object) -> None:
    """Raise ValidationError if a value is invalid for an attribute."""
    targets = [target for target in pins_of(type(flow)).inputs if target.attribute == attribute]
    _validate(type(flow), targets, {attribute: value})


def validate_some(cls: type, values: Mapping[str, object]) -> None:
    """Raise ValidationError with all that are invalid among some values, by attribute; others may be missing."""
    _validate(cls, [target for target in pins_of(cls).inputs if target.attribute in values], values)


def _validate(cls: type, targets: Sequence[InputPin], values: Mapping[str, object]) -> None:
    errors = _errors(_check_of(cls), values)
    problems = []
    for target in targets:
        value = values[target.attribute]
        words = _problem(cls, target, value, errors.get(target.attribute, ()))
        if words is not None:
            problems.append(Problem(target.index, target.attribute, target.label, words, type(value).__name__))
    if problems:
        raise ValidationError(problems)


def _errors(check: _Check, values: Mapping[str, object]) -> dict[str, list[Any]]:
    """pydantic's errors, by attribute."""
    from pydantic import ValidationError as Invalid

    errors: dict[str, list[Any]] = {}
    try:
        check(values)
    except Invalid as invalid:
        for error in invalid.errors(include_url=False):
            errors.setdefault(str(error["loc"][0]), []).append(error)
    return errors


def _problem(cls: type, target: InputPin, value: object, errors: Sequence[Any]) -> str | None:
    """What is wrong with a value, or None."""
    if errors or (target.type.name == "FloatField" and target.custom is None and not _is_plain(value)):
        return _words(target, value, errors)
    if target.type.name not in MEDIA and halved(value) is not None:
        return f"{_short(value)} {HALVED}"
    if target.type.name in SETTINGS_FIELDS and value is not None and (words := _no_batch(value, target.type.name)):
        return words
    return _FED if target.connected and _is_changed(cls, target, value) else None


def _words(target: InputPin, value: object, errors: Sequence[Any]) -> str:
    error = next((error for error in errors if error["type"] in _PLAIN_WORDS), None)
    if error is not None:
        position = "".join(f"item {part}, " for part in error["loc"][1:] if isinstance(part, int))
        context = {k: number(v) if isinstance(v, float) else v for k, v in error.get("ctx", {}).items()}
        meant = choice_suggestion(error["input"], context["expected"]) if error["type"] == "literal_error" else ""
        return f"{position}{_short(error['input'])} {_PLAIN_WORDS[error['type']].format(**context)}{meant}"
    wanted = with_article(target.custom.__name__) if target.custom else _WANTED.get(target.type.name, "a JSON value")
    if target.type.cardinality == "SINGLE_OR_COLLECTION":
        wanted += ", or a list"
    elif target.type.cardinality == "COLLECTION":
        wanted = f"a list, each item {wanted}"
    return f"{_short(value)} is not {wanted}"


def _is_plain(value: object) -> bool:
    """Whether JSON has all these numbers: pydantic also takes a Decimal, a Fraction, and a float32 of NumPy."""
    return all(map(_is_plain, value)) if isinstance(value, list) else isinstance(value, float | int | None)


def _no_batch(value: object, field_type: str) -> str | None:
    """Why the settings of a generator make no batch, or None if they make one."""
    from invokable.contract.generators import GeneratorError, check

    if not _is_finite(value):
        return f"{_short(value)} contains a number that is not finite"
    if misfit := misfit_of_settings(value, field_type):
        return f"{_short(value)} {misfit}"
    try:
        check(value)
    except GeneratorError as error:
        return str(error)
    return None


def _is_finite(value: object) -> bool:
    """Whether JSON can represent all numbers in a value."""
    if isinstance(value, Mapping):
        return all(map(_is_finite, value.values()))
    if isinstance(value, list):
        return all(map(_is_finite, value))
    return not isinstance(value, float) or isfinite(value)


def _short(value: object) -> str:
    return short(value, 60)


_Check: TypeAlias = Callable[[Mapping[str, object]], object]
"""Raises pydantic's ValidationError for values that do not fit their annotations."""
_CHECKS: WeakKeyDictionary[type, _Check] = WeakKeyDictionary()


def _check_of(cls: type) -> _Check:
    """The check for a class; created on first use, since creating it costs more than many checks."""
    if cls not in _CHECKS:
        from pydantic import ConfigDict, TypeAdapter
        from typing_extensions import TypedDict  # pydantic accepts typing.TypedDict only since Python 3.12

        pins = pins_of(cls)
        make: Any = TypedDict  # its keys are only known at run time
        values = make("values", {t.attribute: _strict(pins.hints[t.attribute]) for t in pins.inputs}, total=False)
        values.__pydantic_config__ = ConfigDict(strict=True, arbitrary_types_allowed=True, allow_inf_nan=False)
        # Not the adapter: its serializer takes as much memory.
        _CHECKS[cls] = TypeAdapter(values).validator.validate_python
    return _CHECKS[cls]


def _strict(hint: Any) -> Any:
    """An annotation whose choices have a type: pydantic takes 256.0, and a number of NumPy, for `Literal[256]`."""
    parts = get_args(hint)
    if get_origin(hint) is Literal:
        return hint if all(isinstance(choice, str) for choice in parts) else Annotated[Any, OneOf(*parts)]
    strict = tuple(map(_strict, parts))
    if strict == parts:
        return hint
    origin: Any = Union if get_origin(hint) is UnionType else get_origin(hint)
    return origin[strict]


def _is_changed(cls: type, target: InputPin, value: object) -> bool:
    field = next(field for field in fields(cls) if field.name == target.attribute)
    default = field.default if field.default_factory is MISSING else field.default_factory()
    return not alike(value, default)
