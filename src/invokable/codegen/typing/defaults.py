"""Defaults: the workflow's own value as source, or the reason why it cannot be the default.

Every default has to pass the runtime's checks, or a module could not be instantiated after import. The tests run
these checks on every default that the generator writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from invokable.codegen.python import expression
from invokable.codegen.python.expression import Expression
from invokable.codegen.typing.annotations import TEXTS, Annotation
from invokable.codegen.typing.limits import cardinality_of
from invokable.contract.colors import CHANNELS, FULL, is_channel
from invokable.contract.fields import CHOICES, NUMBERS, Choices, membership
from invokable.contract.generators import GeneratorError, check
from invokable.contract.limit_words import number
from invokable.contract.limits import NO_LIMITS, NOT_FINITE, Limits
from invokable.contract.models import IDENTIFYING, MODEL_KEYS
from invokable.contract.settings import FAMILIES, KINDS, generator_field, misfit_of_settings
from invokable.schema.model import MISSING

if TYPE_CHECKING:
    from invokable.workflow import FormInput

FROM_JSON: Final = "from_invokeai"
"""The method of a project's own class that creates it from a JSON value."""
_MAX_NESTING: Final = 20  # of a JSON default; Python and black fail at a few hundred brackets
_MAX_VALUES: Final = 1_000  # in a JSON default; black needs a hundred times its size in memory
_NO_CHOICE: Final = "is not one of the choices"
_NONE: Final = expression.name("None")


Factory: TypeAlias = Expression | Literal["lambda", "none"]


@dataclass(frozen=True, slots=True)
class Default:
    """The default of an input."""

    value: Expression | None = None
    """None if the input is required."""
    factory: Factory = "none"
    """What creates a new value for each instance, for a value that must not be shared."""
    nullable: bool = False
    """Whether the input accepts None."""
    unfit: str = ""
    """Why the workflow's value cannot be the default: `the workflow's value is not text`."""


def default_of(item: FormInput, annotation: Annotation, choices: Choices, limits: Limits) -> Default:
    """The default of an input: the workflow's value, else the schema's, else None if the schema allows it."""
    found = _default_of(item, annotation, choices, limits)
    if item.connected and found.value is None:  # callers cannot set it: an edge feeds it
        return Default(_NONE, nullable=True)
    return found


def _default_of(item: FormInput, annotation: Annotation, choices: Choices, limits: Limits) -> Default:
    template, value = item.template, item.value
    nullable = template.nullable and template.type.name != "BoardField"  # no board is "none", not None
    if value is MISSING and not template.required:
        value = None if nullable else template.default
    if value is None and nullable:
        return Default(_NONE, nullable=True)
    if value is MISSING or value is None:
        return Default()
    nullable = nullable and not template.required
    misfit = _misfit_of_json(value) if annotation.custom else _misfit(value, item, choices, limits)
    if not misfit and (annotation.custom or template.type.name not in _KNOWN) and _is_large(value):
        misfit = f"contains more than {_MAX_VALUES} values"
    if misfit:
        return Default(nullable=nullable, unfit=f"the workflow's value {misfit}")
    written, factory = _written(value, item, annotation, nullable)
    return Default(written, factory, nullable)


def _written(value: Any, item: FormInput, annotation: Annotation, nullable: bool) -> tuple[Expression, Factory]:
    """The value as source, and a factory for it if it is mutable or a call, which linters refuse as a default."""
    name = item.template.type.name
    if annotation.custom and (annotation.listed is None or not isinstance(value, list)):
        written = expression.method(annotation.custom, FROM_JSON, value)
        return written, "lambda"
    if not isinstance(value, list):
        written = _one(name, value)
        return written, _factory(written) if isinstance(value, dict) or written.names else "none"
    if annotation.custom:
        written = expression.listing(expression.method(annotation.custom, FROM_JSON, entry) for entry in value)
    else:
        written = expression.listing(_one(name, entry) for entry in value)
    if annotation.listed is None:
        return written, "lambda"
    if not value:  # type checkers cannot infer the item type of an empty list
        return expression.made_by(annotation.listed), annotation.listed
    if nullable or cardinality_of(item.template) == "SINGLE_OR_COLLECTION":
        written = expression.made_by(annotation.listed, written)
    return written, "lambda"


def _factory(written: Expression) -> Factory:
    return expression.name("dict") if written.code == "{}" else "lambda"


# --- does a value fit? ------------------------------------------------------------------------------------------------


def _misfit(value: object, item: FormInput, choices: Choices, limits: Limits) -> str:
    name, cardinality = item.template.type.name, cardinality_of(item.template)
    if not isinstance(value, list):
        return "is not a list" if cardinality == "COLLECTION" else _misfit_of_one(value, name, choices, limits)
    if cardinality == "SINGLE":
        return "is a list" if name in _KNOWN else _misfit_of_json(value)
    if misfit := limits.misfit_of_list(value):
        return misfit
    is_choice = membership(choices)
    for position, entry in enumerate(value):
        if choices:
            misfit = "" if is_choice(entry) else _NO_CHOICE
        else:
            misfit = _misfit_of_one(entry, name, (), limits.item or NO_LIMITS)
        if misfit:
            return f"has an item {position} that {misfit}"
    return ""


def _misfit_of_one(value: object, name: str, choices: Choices, limits: Limits) -> str:
    if choices:
        return "" if membership(choices)(value) else _NO_CHOICE
    if name in NUMBERS:
        return _misfit_of_number(value, name, limits)
    if name in TEXTS:
        return limits.misfit_of_text(value) if isinstance(value, str) else "is not text"
    if name == "BooleanField":
        return "" if isinstance(value, bool) else "is not true or false"
    check_object = _OBJECTS.get(name)
    return check_object(value) if check_object else _misfit_of_json(value)


def _misfit_of_number(value: object, name: str, limits: Limits) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "is not a number"
    if value - value != 0:
        return NOT_FINITE
    if name == "IntegerField" and value != int(value):
        return f"is {number(value)}, not an integer"
    misfit = limits.misfit_of_number(int(value) if name == "IntegerField" else value)
    return f"is {number(value)}, which {misfit}" if misfit else ""


def _misfit_of_json(value: object, nesting: int = 0) -> str:
    if nesting > _MAX_NESTING:
        return "is nested too deeply"
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    found = (_misfit_of_json(child, nesting + 1) for child in children)
    return next((misfit for misfit in found if misfit), "")


def _is_large(value: object) -> bool:
    """Whether a JSON value contains too many values, including nested ones."""
    return next(islice(_values(value), _MAX_VALUES, None), None) is not None


def _values(value: object) -> Iterator[int]:
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield 1
        yield from _values(child)


def _has_text(value: object, key: str) -> bool:
    return isinstance(value, dict) and isinstance(value.get(key), str) and value[key] != ""


def _naming(key: str, what: str) -> Callable[[object], str]:
    """Checks that an object names something by its member `key`."""
    return lambda value: "" if _has_text(value, key) else f"names no {what}"


def _misfit_of_board(value: object) -> str:
    return "" if isinstance(value, str) or _has_text(value, "board_id") else "names no board"


def _misfit_of_model(value: object) -> str:
    if not isinstance(value, dict) or not all(isinstance(value.get(key) or "", str) for key in MODEL_KEYS):
        return "is not a model"
    return "" if any(_has_text(value, key) for key in IDENTIFYING) else "names no model"


def _misfit_of_lora(value: object) -> str:
    if not isinstance(value, dict) or _misfit_of_number(value.get("weight"), "FloatField", NO_LIMITS):
        return "is not a LoRA with its weight"
    return _misfit_of_model(value.get("lora"))


def _misfit_of_color(value: object) -> str:
    fits = isinstance(value, dict) and all(is_channel(value.get(channel)) for channel in CHANNELS)
    return "" if fits else f"is not a color with channels from 0 to {FULL}"


def _misfit_of_generator(field_type: str) -> Callable[[object], str]:
    def misfit(value: object) -> str:
        if reason := misfit_of_settings(value, field_type):
            return reason
        try:
            check(value)
        except GeneratorError as error:
            return f"makes no batch: {error}"
        return ""

    return misfit


# --- how it is written ------------------------------------------------------------------------------------------------


def _one(type_name: str, value: Any) -> Expression:
    write = _WRITERS.get(type_name)
    if write is not None:
        return write(value)
    if isinstance(value, str):
        return expression.text(value)
    return expression.value(int(value) if type_name == "IntegerField" else value)


def model_expression(value: Mapping[str, Any]) -> Expression:
    """`Model(…)` for a model reference, without its empty fields."""
    return expression.call("Model", **{key: value[key] for key in MODEL_KEYS if value.get(key)})


def _board(value: Any) -> Expression:
    return expression.text(value) if isinstance(value, str) else expression.call("Board", id=value["board_id"])


def _color(value: Any) -> Expression:
    return expression.call("Color", **{channel: value[channel] for channel in CHANNELS})


def _lora(value: Any) -> Expression:
    return expression.call("LoRA", model_expression(value["lora"]), weight=value["weight"])


def _generator(value: Any) -> Expression:
    return expression.call(KINDS[value["type"]].class_name, **value)


_WRITERS: Final[Mapping[str, Callable[[Any], Expression]]] = {
    "BoardField": _board,
    "ColorField": _color,
    "ImageField": lambda value: expression.call("Image", value["image_name"]),
    "LoRAField": _lora,
    "ModelIdentifierField": model_expression,
    "StylePresetField": lambda value: expression.call("StylePreset", value["style_preset_id"]),
    "VideoField": lambda value: expression.call("Video", value["video_name"]),
    **{generator_field(family): _generator for family in FAMILIES},
}
_OBJECTS: Final[Mapping[str, Callable[[object], str]]] = {
    "BoardField": _misfit_of_board,
    "ColorField": _misfit_of_color,
    "ImageField": _naming("image_name", "image"),
    "LoRAField": _misfit_of_lora,
    "ModelIdentifierField": _misfit_of_model,
    "StylePresetField": _naming("style_preset_id", "style preset"),
    "VideoField": _naming("video_name", "video"),
    **{generator_field(family): _misfit_of_generator(generator_field(family)) for family in FAMILIES},
}
_KNOWN: Final = frozenset({*_OBJECTS, *NUMBERS, *TEXTS, *CHOICES, "BooleanField"})
"""The types with an annotation; any other type takes any JSON value."""
