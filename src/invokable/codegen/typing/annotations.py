"""Annotations: from a field's schema to the type in the module, with its constraints.

The table is closed: a type that is not listed is annotated as a JSON value, and its name never reaches the source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from invokable.codegen.python import expression
from invokable.codegen.python.code import Code, literal
from invokable.codegen.python.expression import Expression
from invokable.codegen.typing.limits import cardinality_of
from invokable.contract.fields import CHOICES, NUMBERS, Choices, FieldType, fit_a_literal
from invokable.contract.limits import BOUNDS, NO_LIMITS, Limits
from invokable.contract.models import ANY_MODEL, ModelFilter
from invokable.contract.settings import FAMILIES, generator_field

if TYPE_CHECKING:
    from invokable.workflow import FormInput

PLAIN = {
    "BooleanField": "bool",
    "FloatField": "float",
    "IntegerField": "int",
    "StringField": "str",
}
TEXTS = frozenset({"SavedWorkflowField", "StringField", *CHOICES})
"""Types whose values are text unless there are choices."""
_MOST_LISTED = 250  # choices in an annotation, which is read and formatted at the expense of many times its size
_SURROGATE = re.compile("[\ud800-\udfff]")
_RUNTIME = {
    "BoardField": "BoardInput",
    "ColorField": "Color",
    "ImageField": "ImageInput",
    "LoRAField": "LoRA",
    "ModelIdentifierField": "ModelInput",
    "StylePresetField": "StylePreset",
    "VideoField": "VideoInput",
    **{generator_field(family): f"{family.title()}Generator" for family in FAMILIES},
}
SERVER_TYPES = frozenset({"BoardField", "ImageField", "LoRAField", "ModelIdentifierField", "VideoField"})
"""Types whose values need the server: files are uploaded, models and boards are looked up."""
_RESULTS = {"ColorField": "Color", "ImageField": "Image", "VideoField": "Video"}


@dataclass(frozen=True, slots=True)
class Annotation:
    """The type of an input, without its `Index`."""

    type: Expression
    constraints: tuple[Expression, ...] = ()
    """Limits of the value, such as `Ge(0)`."""
    listed: Expression | None = None
    """`list[…]` for a field that takes a list: the item type for a default list if the annotation lacks it."""
    custom: Expression | None = None
    """The project's own class for the values."""


def known_type(name: str) -> bool:
    """Whether a field type is one of InvokeAI's own with an annotation."""
    return name in PLAIN or name in _RUNTIME or name in TEXTS


def annotation_of(item: FormInput, choices: Choices, limits: Limits, custom: Expression | None = None) -> Annotation:
    """The annotation of an input; `custom` is the project's own class for its values."""
    template = item.template
    single = custom or _item_type(template.type.name, choices)
    cardinality = cardinality_of(template)
    within = limits if cardinality == "SINGLE" else (limits.item or NO_LIMITS)
    constraints = () if custom else _constraints(template.type.name, choices, within)
    if cardinality == "SINGLE":
        return Annotation(single, (*constraints, *_model_filter(item)), custom=custom)
    inner = expression.subscript("Annotated", [single, *constraints]) if constraints else single
    listed = expression.subscript("list", [inner])
    size = _length(limits.min_items, limits.max_items)
    if cardinality == "COLLECTION":
        return Annotation(listed, (*size, *_model_filter(item)), listed, custom)
    # The size limit is for the list, not for a single path.
    sized = expression.subscript("Annotated", [listed, *size]) if size else listed
    return Annotation(expression.union(inner, sized), _model_filter(item), listed, custom)


def result_type(kind: FieldType, many: bool, single: Expression | None = None, *, nullable: bool = False) -> Expression:
    """The annotation of an output; `single` is that of a single value if the type of the field does not decide it."""
    annotation = single or expression.name(PLAIN.get(kind.name) or _RESULTS.get(kind.name) or "JsonValue")
    if kind.cardinality == "COLLECTION":
        annotation = expression.subscript("list", [annotation])
    if nullable and str(annotation) != "JsonValue":  # which includes None
        annotation = expression.union(annotation, expression.name("None"))
    return expression.subscript("list", [annotation]) if many else annotation


def choices_of(item: FormInput) -> Choices:
    """The choices of an input, from the schema or from a dropdown in the form; may be empty."""
    if item.template.type.name in CHOICES:
        return distinct(item.template.options)
    if item.options and item.template.type.name == "StringField":
        offered = [value for value, _ in item.options]
        if isinstance(item.value, str):
            offered.append(item.value)  # the editor runs a stored value even if its dropdown does not offer it
        return tuple(dict.fromkeys(offered))
    return ()


def distinct(options: Iterable[str | float]) -> Choices:
    """The options of a schema, each once. True is not 1; half of a character cannot be sent."""
    whole = (option for option in options if not (isinstance(option, str) and _SURROGATE.search(option)))
    return tuple({(type(option), option): option for option in whole}.values())


def unlisted(choices: Choices) -> tuple[str, ...]:
    """A description of choices that are too many for an annotation; a Literal has an alias, which is laid out fast."""
    if len(choices) <= _MOST_LISTED or fit_a_literal(choices):
        return ()
    return (f"its {len(choices):,} choices, since they are not only text and integers",)


def type_of(choices: Choices) -> Expression:
    """A Literal of the choices, or else their types."""
    if fit_a_literal(choices):
        return expression.one_of(choices)
    kinds = dict.fromkeys(type(choice).__name__ for choice in choices)
    if "float" in kinds:
        kinds.pop("int", None)  # a float may be an int
    return expression.union(*map(expression.name, kinds))


def _item_type(name: str, choices: Choices) -> Expression:
    if choices:
        return type_of(choices)
    if name in TEXTS:
        return expression.name("str")
    return expression.name(PLAIN.get(name) or _RUNTIME.get(name, "JsonValue"))


def _constraints(type_name: str, choices: Choices, limits: Limits) -> tuple[Expression, ...]:
    if choices:
        return (expression.call("OneOf", *choices),) if not (fit_a_literal(choices) or unlisted(choices)) else ()
    if type_name not in NUMBERS:
        return _length(limits.min_length, limits.max_length)
    if type_name == "IntegerField" and limits.multiple_of == 1:  # as every integer is
        limits = replace(limits, multiple_of=None)
    bounds = ((name, getattr(limits, limit)) for name, limit in BOUNDS.items())
    return tuple(_bound(name, literal(bound)) for name, bound in bounds if bound is not None)


@lru_cache(maxsize=1_000)
def _bound(name: str, number: Code) -> Expression:
    """A limit: one object where it is the same, as it is for most fields of a form. 0.0 and -0.0 are not the same."""
    return expression.call(name, Expression(number))


def _length(low: int | None, high: int | None) -> tuple[Expression, ...]:
    if not low and high is None:
        return ()
    return (expression.call("Len", low or 0) if high is None else expression.call("Len", low or 0, high),)


def _model_filter(item: FormInput) -> tuple[Expression, ...]:
    models: ModelFilter = item.template.models
    if item.template.type.name != "ModelIdentifierField" or models == ANY_MODEL:
        return ()
    return (expression.call("ModelFilter", **{name: words for name, words in asdict(models).items() if words}),)
