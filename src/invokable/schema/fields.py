"""The type, limits, choices and default of one field, as the workflow editor reads them."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import fields, replace
from functools import lru_cache
from typing import Final

from invokable.contract.fields import AUTO_BOARD, Choices
from invokable.contract.limits import NO_LIMITS
from invokable.contract.models import ANY_MODEL, MODELS_BY_FIELD
from invokable.contract.settings import FAMILIES, default_settings, generator_field
from invokable.schema.json_object import JsonObject
from invokable.schema.model import MISSING, Cardinality, FieldType, Limits, ModelFilter

_PRIMITIVES: Final = {
    "integer": "IntegerField",
    "number": "FloatField",
    "string": "StringField",
    "boolean": "BooleanField",
}

# Types whose values the editor stores. A field of any other type only accepts edges.
_STATEFUL: Final = frozenset(
    f"{name}Field"
    for name in (
        *("Integer", "Float", "String", "Boolean", "Enum", "Scheduler", "Color"),
        *("Image", "Video", "Board", "StylePreset", "SystemPrompt", "SavedWorkflow"),
        *("ModelIdentifier", "LoRA"),
        *("FloatGenerator", "IntegerGenerator", "StringGenerator", "ImageGenerator"),
        *("LoRAMetadata", "ControlNetMetadata", "IPAdapterMetadata", "T2IAdapterMetadata"),
        "MetadataExtra",
    )
)

DEFAULT_SCHEDULER: Final = "dpmpp_3m_k"
"""What the editor sets where the server has no default."""
EDITOR_DEFAULTS: Final[dict[str, object]] = {
    "IntegerField": 0,
    "FloatField": 0,
    "StringField": "",
    "BooleanField": False,
    "BoardField": AUTO_BOARD,
    "SchedulerField": DEFAULT_SCHEDULER,
    "ColorField": {"r": 127, "g": 127, "b": 127, "a": 255},
    "LoRAField": [],
    **{generator_field(family): default_settings(family) for family in FAMILIES},
}
"""What the editor shows in a field, by its type, where the server has no default."""
_COLLECTIONS_WITH_EDITOR: Final = frozenset({"IntegerField", "FloatField", "StringField", "ImageField"})

# Real documents nest unions less deeply; deeper nesting would overflow the stack.
_MAX_NESTING: Final = 16


def is_stateful(field_type: FieldType) -> bool:
    """Return whether the editor stores values of the type, and so whether it can have a default."""
    return field_type.name in _STATEFUL


def field_type(schema: JsonObject, *, batch: bool = False) -> FieldType | None:
    """Return the type of a field, or None if the editor cannot read it and drops the field."""
    own = _own_type(schema)
    override = schema.text("ui_type")
    if not override:
        return own and _type(own.name, own.cardinality, batch)
    if override in MODELS_BY_FIELD:
        return FieldType("ModelIdentifierField", batch=batch)
    named = FieldType(override, "COLLECTION" if override == "CollectionField" else "SINGLE")
    original = own if is_stateful(named) and own != named else None
    return FieldType(named.name, named.cardinality, batch, original)


def _own_type(schema: JsonObject, nesting: int = 0) -> FieldType | None:
    if "$ref" in schema:
        return _named(_ref(schema))
    if schema.value("const"):
        return FieldType("EnumField")
    kind = schema.value("type")
    if not kind:
        return _union_type(schema, nesting)
    if "enum" in schema:
        return FieldType("EnumField")
    if kind == "array":
        items = schema.child("items")
        name = (_ref(items) or _primitive(items)) if items else None
        return _named(name, collection=True)
    return _named(_primitive(schema))


def _union_type(schema: JsonObject, nesting: int) -> FieldType | None:
    all_of = schema.children("allOf")
    if all_of is not None:
        return _named(_ref(all_of[0])) if all_of else None
    branches = _branches(schema)
    if len(branches) == 1 and nesting < _MAX_NESTING:
        return _own_type(branches[0], nesting + 1)
    if len(branches) != 2:
        return None
    single, array = branches if _is_array(branches[1]) else reversed(branches)
    items = array.child("items")
    if not _is_array(array) or items is None:
        return None
    name = _ref(items) or _primitive(items)
    if name is None or name != (_ref(single) or _primitive(single)):
        return None
    return FieldType(name, "SINGLE_OR_COLLECTION")


def _named(name: str | None, *, collection: bool = False) -> FieldType | None:
    return _type(name, "COLLECTION" if collection else "SINGLE") if name else None


@lru_cache(maxsize=1_000)
def _type(name: str, cardinality: Cardinality, batch: bool = False) -> FieldType:
    """A type: one object where it is the same, as it is for most fields."""
    return FieldType(name, cardinality, batch)


def _ref(schema: JsonObject) -> str | None:
    ref = schema.text("$ref")
    return ref.rpartition("/")[2] if ref else None


def _primitive(schema: JsonObject) -> str | None:
    kind = schema.value("type")
    return _PRIMITIVES.get(kind) if isinstance(kind, str) else None


def _is_array(schema: JsonObject) -> bool:
    return schema.value("type") == "array"


def _is_null(schema: JsonObject) -> bool:
    return schema.value("type") == "null"


def _branches(schema: JsonObject) -> list[JsonObject]:
    return [branch for branch in schema.children("anyOf") or () if not _is_null(branch)]


def admits_null(schema: JsonObject) -> bool:
    """Return whether null is a valid value."""
    return any(_is_null(branch) for branch in schema.children("anyOf") or ()) or _lists_null(schema)


def _lists_null(schema: JsonObject) -> bool:
    """Return whether null is one of the choices."""
    choices = schema.value("enum")
    return isinstance(choices, list) and None in choices


def options(schema: JsonObject) -> Choices:
    """Return the choices, in the order of the schema."""
    own = schema.scalars("enum")
    if own:
        return own
    const = schema.value("const")
    if isinstance(const, str | int | float):
        return (const,)
    branches = _branches(schema)
    return options(branches[0]) if len(branches) == 1 and "anyOf" not in branches[0] else ()


def limits(schema: JsonObject, nesting: int = 0) -> Limits:
    """Return the limits that the server enforces, including those of nullable values and of list items.

    The editor reads only those next to the type itself.
    """
    own = _own_limits(schema, nesting)
    branches = _branches(schema)
    if nesting == _MAX_NESTING or len(branches) not in (1, 2):
        return own
    inner = [limits(branch, nesting + 1) for branch in branches]
    if len(branches) == 1:
        return _filled(own, inner[0])
    if _is_array(branches[0]) == _is_array(branches[1]):
        return own
    if not any(branch.value("type") == "string" for branch in branches):
        # A length on a "one or several" union counts items if a single value has no length.
        own = replace(
            own,
            min_length=None,
            max_length=None,
            min_items=own.min_length,
            max_items=own.max_length,
        )
    return _filled(own, _filled(inner[0], inner[1]))


def _own_limits(schema: JsonObject, nesting: int) -> Limits:
    def number(name: str, on_union: str) -> float | None:
        value = schema.number(name)
        return schema.number(on_union) if value is None else value

    items = schema.child("items") if _is_array(schema) and nesting < _MAX_NESTING else None
    # Pydantic writes the second names for a limit on a whole union.
    found = Limits(
        minimum=number("minimum", "ge"),
        maximum=number("maximum", "le"),
        exclusive_minimum=number("exclusiveMinimum", "gt"),
        exclusive_maximum=number("exclusiveMaximum", "lt"),
        multiple_of=number("multipleOf", "multiple_of"),
        min_length=schema.size("minLength"),
        max_length=schema.size("maxLength"),
        min_items=schema.size("minItems"),
        max_items=schema.size("maxItems"),
        item=(limits(items, nesting + 1) or None) if items else None,
    )
    return found if found else NO_LIMITS  # one object for most fields


def _filled(first: Limits, second: Limits) -> Limits:
    """Complete `first` with the limits of `second`."""
    names = [member.name for member in fields(Limits)]
    open_names = [name for name in names if getattr(first, name) is None]
    return replace(first, **{name: getattr(second, name) for name in open_names})


def default(
    schema: JsonObject,
    field_type: FieldType,
    choices: Choices,
    *,
    required: bool,
) -> object:
    """Return the editor's default, or MISSING if it has none."""
    if not is_stateful(field_type):
        return MISSING
    own = schema.json("default")
    if own is not None:
        return own
    name = field_type.name
    if name in _COLLECTIONS_WITH_EDITOR and field_type.cardinality == "COLLECTION":
        return [] if required else MISSING
    if name == "EnumField":
        return choices[0] if choices else MISSING
    return deepcopy(EDITOR_DEFAULTS.get(name, MISSING))


def models(schema: JsonObject) -> ModelFilter:
    """Return the filter of the models that the field accepts."""
    legacy = MODELS_BY_FIELD.get(schema.text("ui_type") or "", ModelFilter())
    found = ModelFilter(
        base=schema.texts("ui_model_base") or legacy.base,
        type=schema.texts("ui_model_type") or legacy.type,
        variant=schema.texts("ui_model_variant") or legacy.variant,
        format=schema.texts("ui_model_format") or legacy.format,
    )
    return ANY_MODEL if found == ANY_MODEL else found  # one object for most fields
