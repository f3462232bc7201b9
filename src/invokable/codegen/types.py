"""Types: from a field's schema to the annotation, the default and the words that describe them.

The table is closed: a type name that is not in it is annotated as a JSON value, and never reaches the source.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from invokable.codegen.code import Code, call, called_names, literal, subscript, text_literal, union
from invokable.schema.model import MISSING, InputTemplate, Limits, ModelFilter

if TYPE_CHECKING:
    from invokable.workflow import FormInput

Choices = tuple[str | int | float | bool, ...]

_PLAIN = {
    "IntegerField": "int",
    "FloatField": "float",
    "StringField": "str",
    "BooleanField": "bool",
}
_RUNTIME = {
    "BoardField": "BoardInput",
    "ColorField": "Color",
    "FloatGeneratorField": "FloatGenerator",
    "ImageField": "ImageInput",
    "ImageGeneratorField": "ImageGenerator",
    "IntegerGeneratorField": "IntegerGenerator",
    "LoRAField": "LoRA",
    "ModelIdentifierField": "ModelInput",
    "StringGeneratorField": "StringGenerator",
    "StylePresetField": "StylePreset",
    "VideoField": "VideoInput",
}
_TEXT = {"SavedWorkflowField": "str"}
_SETTINGS = {
    "float_generator_arithmetic_sequence": "FloatSequence",
    "float_generator_linear_distribution": "FloatRange",
    "float_generator_parse_string": "FloatText",
    "float_generator_random_distribution_uniform": "FloatRandom",
    "image_generator_images_from_board": "BoardImages",
    "integer_generator_arithmetic_sequence": "IntegerSequence",
    "integer_generator_linear_distribution": "IntegerRange",
    "integer_generator_parse_string": "IntegerText",
    "integer_generator_random_distribution_uniform": "IntegerRandom",
    "string_generator_dynamic_prompts_combinatorial": "AllPrompts",
    "string_generator_dynamic_prompts_random": "RandomPrompts",
    "string_generator_parse_string": "StringText",
}
"""The class of each generator's settings in the runtime (a test compares them)."""
_RESULTS = {"ImageField": "Image", "VideoField": "Video", "ColorField": "Color"}
_NUMBERS = frozenset({"IntegerField", "FloatField"})
_CHOICES = frozenset({"EnumField", "SchedulerField"})
_ACRONYMS = {
    "clip": "CLIP",
    "controlnet": "ControlNet",
    "ip": "IP",
    "llm": "LLM",
    "lora": "LoRA",
    "t2i": "T2I",
    "t5": "T5",
    "vae": "VAE",
    "vl": "VL",
}
"""Words of model types that are not written in small letters."""


@dataclass(frozen=True, slots=True)
class InputType:
    """How an input is written down."""

    annotation: Code
    """The type alone, without the marker of the index."""
    constraints: tuple[Code, ...] = ()
    """Limits of the value, such as `Ge(0)`."""
    choices: Choices = ()
    """The Literal's values, where the type is one; the annotation then names them inline."""
    nullable: bool = False
    default: Code | None = None
    """The expression of the default; None where the input is required."""
    factory: bool = False
    """The default is made for each instance: it is mutable, or a call, which linters refuse as a plain default."""
    listed: Code | None = None
    """`list[…]` of a field that takes a list; says what a default list holds where the annotation leaves it open."""
    imports: frozenset[str] = frozenset()
    """Names of the runtime that the annotation and the default use."""
    summary: str = ""
    """The type in words: `integer, 64 to 2048, a multiple of 8`."""
    unfit: str = ""
    """Why the workflow's own value cannot be the default; empty where it can."""


def input_type(item: FormInput) -> InputType:
    """The type of a form input: from its schema, narrowed by the limits and choices that the form sets."""
    template = item.template
    choices = _choices(item)
    limits = effective_limits(item)
    item_type, names = _annotation(template, choices)
    cardinality = _cardinality(item)
    item_limits = limits if cardinality == "SINGLE" else (limits.item or Limits())
    item_constraints = (
        _number_constraints(item_limits) if template.type.name in _NUMBERS else _length_constraints(item_limits)
    )
    names |= {str(c).partition("(")[0] for c in item_constraints}
    annotation, constraints = item_type, item_constraints
    listed = None
    if cardinality != "SINGLE":
        inner = subscript("Annotated", [item_type, *item_constraints]) if item_constraints else item_type
        listed = subscript("list", [inner])
        constraints = _size_constraints(limits)
        names |= {str(c).partition("(")[0] for c in constraints}
        annotation = listed
        if cardinality == "SINGLE_OR_COLLECTION":  # the size is that of the list, not of a single path
            sized = subscript("Annotated", [listed, *constraints]) if constraints else listed
            annotation, constraints = union(inner, sized), ()
    if template.type.name == "ModelIdentifierField" and template.models != ModelFilter():
        constraints += (_model_filter(template.models),)
        names.add("ModelFilter")
    typed = InputType(
        annotation=annotation,
        constraints=constraints,
        choices=choices,
        listed=listed,
        imports=frozenset(names),
        summary=_summary(item, choices, limits),
    )
    typed = _with_default(typed, item, choices, limits)
    if item.connected and typed.default is None:  # nobody can give it: an edge does
        typed = replace(typed, nullable=True, default=Code("None"), unfit="")
    return typed


def result_type(type_name: str, cardinality: str, many: bool) -> tuple[Code, frozenset[str]]:
    """The annotation of an output, and the runtime names that it uses."""
    name = _PLAIN.get(type_name) or _RESULTS.get(type_name) or "JsonValue"
    annotation = Code(name)
    if cardinality == "COLLECTION":
        annotation = subscript("list", [annotation])
    if many:
        annotation = subscript("list", [annotation])
    return annotation, frozenset() if name in _PLAIN.values() else frozenset({name})


def effective_limits(item: FormInput) -> Limits:
    """The schema's limits, narrowed by those that the form sets, unless the workflow's own value is beyond the latter.

    The editor lets the form's limits only constrain typing and never refuses a value that is there already.
    """
    limits = item.template.limits
    if item.template.type.name not in _NUMBERS or _cardinality(item) != "SINGLE":
        return limits
    narrowed = limits
    if item.minimum is not None and item.minimum > limits.lower:
        narrowed = replace(narrowed, minimum=_whole(item.minimum), exclusive_minimum=None)
    if item.maximum is not None and item.maximum < limits.upper:
        narrowed = replace(narrowed, maximum=_whole(item.maximum), exclusive_maximum=None)
    value = item.value
    if isinstance(value, int | float) and not isinstance(value, bool):
        beyond = value < narrowed.lower or value > narrowed.upper
        if beyond and limits.lower <= value <= limits.upper:
            return limits
    return narrowed


def range_in_words(limits: Limits) -> str:
    """`64 to 2048, a multiple of 8`; empty where there is no limit."""
    low, high = limits.minimum, limits.maximum
    above, below = limits.exclusive_minimum, limits.exclusive_maximum
    parts = []
    if low is not None and high is not None:
        parts.append(f"{_number(low)} to {_number(high)}")
    elif low is not None:
        parts.append(f"at least {_number(low)}")
    elif high is not None:
        parts.append(f"at most {_number(high)}")
    if above is not None:
        parts.insert(0, f"above {_number(above)}")
    if below is not None:
        parts.append(f"below {_number(below)}")
    if limits.multiple_of is not None and limits.multiple_of != 1:
        parts.append(f"a multiple of {_number(limits.multiple_of)}")
    parts += _size_in_words(limits.min_length, limits.max_length, "character")
    parts += _size_in_words(limits.min_items, limits.max_items, "item")
    return ", ".join(parts)


def _cardinality(item: FormInput) -> str:
    """The field's cardinality; "one or a list" with a limit takes one only, for the server fails on a list there."""
    limits = item.template.limits
    numeric = (limits.minimum, limits.maximum, limits.exclusive_minimum, limits.exclusive_maximum, limits.multiple_of)
    if item.template.type.cardinality == "SINGLE_OR_COLLECTION" and any(bound is not None for bound in numeric):
        return "SINGLE"
    return item.template.type.cardinality


def _size_in_words(low: int | None, high: int | None, unit: str) -> list[str]:
    if low and high is not None:
        return [f"{low} to {high} {unit}s"]
    if high is not None:
        return [f"at most {high} {unit}{'' if high == 1 else 's'}"]
    return [f"at least {low} {unit}{'' if low == 1 else 's'}"] if low else []


def _annotation(template: InputTemplate, choices: Choices) -> tuple[Code, set[str]]:
    name = template.type.name
    if choices:
        return subscript("Literal", choices), {"Literal"}
    if name in _PLAIN:
        return Code(_PLAIN[name]), set()
    if name in _CHOICES or name in _TEXT:
        return Code("str"), set()
    runtime = _RUNTIME.get(name, "JsonValue")
    return Code(runtime), {runtime}


def _choices(item: FormInput) -> Choices:
    if item.template.type.name in _CHOICES:
        return item.template.options
    if item.options and item.template.type.name == "StringField":
        offered = [value for value, _ in item.options]
        if isinstance(item.value, str) and item.value not in offered:
            offered.append(item.value)  # the editor runs a stored value that its dropdown does not offer
        return tuple(dict.fromkeys(offered))
    return ()


def _number_constraints(limits: Limits) -> tuple[Code, ...]:
    found = {
        "Ge": limits.minimum,
        "Gt": limits.exclusive_minimum,
        "Le": limits.maximum,
        "Lt": limits.exclusive_maximum,
        "MultipleOf": limits.multiple_of,
    }
    return tuple(
        call(name, bound) for name, bound in found.items() if bound is not None and (name, bound) != ("MultipleOf", 1)
    )


def _length_constraints(limits: Limits) -> tuple[Code, ...]:
    return _len(limits.min_length, limits.max_length)


def _size_constraints(limits: Limits) -> tuple[Code, ...]:
    return _len(limits.min_items, limits.max_items)


def _len(low: int | None, high: int | None) -> tuple[Code, ...]:
    if not low and high is None:
        return ()
    return (call("Len", low or 0) if high is None else call("Len", low or 0, high),)


def _model_filter(models: ModelFilter) -> Code:
    wanted: dict[str, object] = {
        key: getattr(models, key) for key in ("base", "type", "variant", "format") if getattr(models, key)
    }
    return call("ModelFilter", **wanted)


def _with_default(typed: InputType, item: FormInput, choices: Choices, limits: Limits) -> InputType:
    template = item.template
    value = item.value
    nullable = template.nullable and template.type.name != "BoardField"  # a board that is none is "none"
    if value is MISSING and not template.required:
        if nullable:
            return replace(typed, nullable=True, default=Code("None"))
        value = template.default
    if value is MISSING or (value is None and not nullable):
        return typed
    if value is None:
        return replace(typed, nullable=True, default=Code("None"))
    typed = replace(typed, nullable=nullable and not template.required)
    unfit = _unfit(value, item, choices, limits)
    if unfit:
        return replace(typed, unfit=unfit)
    if isinstance(value, list):
        items = [_expression(template.type.name, entry) for entry in value]
        if any(code is None for code, _ in items):
            return replace(typed, unfit="an item of the workflow's value has another type")
        used = frozenset().union(*(names for _, names in items))
        code = Code(f"[{', '.join(str(code) for code, _ in items)}]")
        if not items:  # type checkers do not see what an empty list holds
            code = Code(f"{typed.listed}()")
        elif typed.nullable or _cardinality(item) == "SINGLE_OR_COLLECTION":
            code = Code(f"{typed.listed}({code})")
        return replace(typed, default=code, factory=True, imports=typed.imports | used)
    expression, used = _expression(template.type.name, value)
    if expression is None:
        return replace(typed, unfit="the workflow's value has another type")
    made = isinstance(value, dict) or bool(used)
    return replace(typed, default=expression, factory=made, imports=typed.imports | used)


def _unfit(value: object, item: FormInput, choices: Choices, limits: Limits) -> str:
    """Why a value is not a valid one of the field, or nothing."""
    template, cardinality = item.template, _cardinality(item)
    if isinstance(value, list):
        if cardinality == "SINGLE":
            return "the workflow's value is a list"
        if len(value) < (limits.min_items or 0) or (limits.max_items is not None and len(value) > limits.max_items):
            return f"the workflow's value has {len(value)} items"
        reasons = (_unfit_item(entry, template, choices, limits.item or Limits()) for entry in value)
        return next((reason for reason in reasons if reason), "")
    if cardinality == "COLLECTION":
        return "the workflow's value is no list"
    return _unfit_item(value, template, choices, limits)


def _unfit_item(value: object, template: InputTemplate, choices: Choices, limits: Limits) -> str:
    name = template.type.name
    if choices:
        fits = any(type(value) is type(choice) and value == choice for choice in choices)
        return "" if fits else "the workflow's value is not among the choices"
    if name in _NUMBERS:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return "the workflow's value is no number"
        if name == "IntegerField" and value != int(value):
            return "the workflow's value is no integer"
        misfit = limits.misfit_of_number(value)
        return f"the workflow's value, {_number(value)}, {misfit}" if misfit else ""
    if name in ("StringField", *_CHOICES, *_TEXT):
        if not isinstance(value, str):
            return "the workflow's value is no text"
        if len(value) < (limits.min_length or 0) or (limits.max_length is not None and len(value) > limits.max_length):
            return f"the workflow's value has {len(value)} characters"
        return ""
    if name == "BooleanField":
        return "" if isinstance(value, bool) else "the workflow's value is no boolean"
    return ""


def _expression(type_name: str, value: Any) -> tuple[Code | None, frozenset[str]]:
    """The expression of one value and the runtime names that it uses; None where the value is of another type."""
    write = _EXPRESSIONS.get(type_name)
    if write is not None:
        try:
            code = write(value)
        except (KeyError, TypeError, AttributeError):
            return None, frozenset()
        return code, called_names(code)
    if isinstance(value, str):
        return text_literal(value), frozenset()
    if type_name == "IntegerField" and isinstance(value, float):
        return literal(int(value)), frozenset()
    return literal(value), frozenset()


def _board(value: Any) -> Code:
    if isinstance(value, str):
        return literal(value)
    return call("Board", id=value["board_id"])


def _color(value: Any) -> Code:
    return call("Color", **{channel: value[channel] for channel in "rgba"})


def _image(value: Any) -> Code:
    return call("Image", value["image_name"])


def _video(value: Any) -> Code:
    return call("Video", value["video_name"])


def model_expression(value: Any) -> Code:
    """`Model(…)` of a model reference; what is empty is left out."""
    keys = ("name", "base", "type", "key", "hash", "submodel_type")
    return call("Model", **{key: value[key] for key in keys if value.get(key)})


def _lora(value: Any) -> Code:
    return call("LoRA", model_expression(value["lora"]), weight=value["weight"])


def _generator(value: Any) -> Code:
    return call(_SETTINGS[value["type"]], **value)


def _style_preset(value: Any) -> Code:
    return call("StylePreset", value["style_preset_id"])


_EXPRESSIONS: Mapping[str, Callable[[Any], Code]] = {
    "BoardField": _board,
    "ColorField": _color,
    "FloatGeneratorField": _generator,
    "ImageField": _image,
    "ImageGeneratorField": _generator,
    "IntegerGeneratorField": _generator,
    "LoRAField": _lora,
    "ModelIdentifierField": model_expression,
    "StringGeneratorField": _generator,
    "StylePresetField": _style_preset,
    "VideoField": _video,
}


def _summary(item: FormInput, choices: Choices, limits: Limits) -> str:
    words = {
        "IntegerField": "integer",
        "FloatField": "number",
        "StringField": "text",
        "BooleanField": "true or false",
        "ImageField": "image",
        "VideoField": "video",
        "BoardField": "board",
        "ColorField": "color",
        "FloatGeneratorField": "settings of a generator of numbers",
        "ImageGeneratorField": "settings of a generator of images",
        "IntegerGeneratorField": "settings of a generator of integers",
        "ModelIdentifierField": "model",
        "LoRAField": "LoRA",
        "StylePresetField": "style preset",
        "SavedWorkflowField": "id of a saved workflow",
        "StringGeneratorField": "settings of a generator of texts",
    }
    name = item.template.type.name
    word = words.get(name, "choice" if choices else name)
    if choices:
        word = f"one of {len(choices)} choices"
    elif name == "ModelIdentifierField":
        word = _model_in_words(item.template.models)
    if _cardinality(item) == "COLLECTION":
        word = f"list ({word})"
    elif _cardinality(item) == "SINGLE_OR_COLLECTION":
        word = f"{word}, or a list"
    ranges = range_in_words(limits)
    within = range_in_words(limits.item) if limits.item else ""
    return ", ".join(part for part in (word, ranges, within and f"each {within}") if part)


def _model_in_words(models: ModelFilter) -> str:
    """`main model of sd-1 or sd-2`."""
    kinds = " or ".join(" ".join(_ACRONYMS.get(word, word) for word in kind.split("_")) for kind in models.type)
    bases = f" of {' or '.join(models.base)}" if models.base else ""
    return f"{kinds} model{bases}".strip()


def _whole(number: float) -> float:
    return int(number) if number == int(number) else number


def _number(number: float) -> str:
    return repr(_whole(number)) if math.isfinite(number) else str(number)
