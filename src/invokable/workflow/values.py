"""How the editor parses the value of an input: as the first matching shape of an ordered list.

The editor ignores the node's template here, so a text in an integer field passes and goes to the server. A value that
matches no shape is dropped as if it had never been set.
"""

from __future__ import annotations

from invokable.contract.colors import CHANNELS, FULL
from invokable.contract.models import MODELS_BY_FIELD
from invokable.contract.settings import CATEGORIES, KINDS, SAFE_INTEGER, GeneratorKind, SettingType
from invokable.schema.model import MISSING, Schema
from invokable.workflow.shapes import (
    Optional_,
    Shape,
    array,
    between,
    boolean,
    either,
    fields,
    identifier,
    integer,
    nonempty,
    number,
    one_of,
    text,
)

IMAGE = fields(image_name=identifier)
IMAGES = array(IMAGE)
VIDEO = fields(video_name=identifier)
BOARD = fields(board_id=identifier)
COLOR = fields(**dict.fromkeys(CHANNELS, between(0, FULL)))
INTEGERS = array(integer)
NUMBERS = array(number)
TEXTS = array(text)


_SETTINGS: dict[SettingType, Shape] = {
    "number": number,
    "integer": integer,
    "count": between(1, SAFE_INTEGER),
    "text": text,
    "numbers": NUMBERS,
    "category": one_of(tuple(CATEGORIES)),
    "id": identifier,
}


def _generator(kind: GeneratorKind) -> Shape:
    shapes = {
        name: Optional_(
            _SETTINGS[setting.type],
            MISSING if setting.default is None else setting.default,
            nullable=setting.nullable,
        )
        for name, setting in kind.settings.items()
    }
    return fields(type=Optional_(one_of([kind.type]), kind.type), **shapes)


_GENERATORS = {name: _generator(kind) for name, kind in KINDS.items()}
_CATCH_ALL = next(iter(KINDS))
_UNTYPED_GENERATOR = either(*_GENERATORS.values())

_PLAIN = either(
    integer,
    INTEGERS,
    number,
    NUMBERS,
    text,
    TEXTS,
    boolean,
    IMAGE,
    IMAGES,
    VIDEO,
    BOARD,
    fields(style_preset_id=identifier),
    fields(system_prompt_id=identifier),
)

MODEL_TYPES_BY_FIELD = {
    name: MODELS_BY_FIELD[name].type[0]
    for name in (
        *("MainModelField", "SDXLMainModelField", "SDXLRefinerModelField", "VAEModelField", "LoRAModelField"),
        *("ControlNetModelField", "IPAdapterModelField", "T2IAdapterModelField"),
    )
}
"""Model field types of the formats 1.0.0 and 2.0.0, each with its model type."""


class ValueParser:
    """Parses input values like the editor of a schema's version."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        model = fields(
            key=nonempty,
            hash=nonempty,
            name=nonempty,
            base=_enumerated(schema.model_bases),
            type=_enumerated(schema.model_types),
            submodel_type=Optional_(_enumerated(schema.submodel_types), nullable=True),
        )
        loras = array(fields(lora=model, weight=number))
        self._shape = either(_PLAIN, model, loras, COLOR)

    def parse(self, value: object, *, node_type: str, field: str) -> object:
        """Return the value as the editor keeps it, or MISSING if it drops it.

        Args:
            value: The JSON value of the input, or MISSING.
            node_type: The type of the node: `core_metadata` and `float_generator` are read differently.
            field: The key of the input; its template gives the type of a model where an old reference has none.
        """
        if value is MISSING:
            return MISSING
        fitted = self._shape(value)
        if fitted is not MISSING:
            return fitted
        if isinstance(value, dict):
            fitted = self._parse_object(value, node_type, field)
        if fitted is MISSING and node_type == "core_metadata":
            return value
        return fitted

    def _parse_object(self, value: dict[str, object], node_type: str, field: str) -> object:
        kind = value.get("type")
        if isinstance(kind, str) and kind in _GENERATORS:
            return _GENERATORS[kind](value)
        if "type" in value:
            return MISSING
        fitted = _UNTYPED_GENERATOR(value)
        if node_type != "float_generator" and isinstance(fitted, dict) and fitted["type"] == _CATCH_ALL:
            # The editor parses every other object as this generator, which makes no sense in a model field.
            # Instead, an old reference to a model is kept, and the runtime looks it up by name.
            return _old_model_reference(value, self._model_type(node_type, field))
        return fitted

    def _model_type(self, node_type: str, field: str) -> str | None:
        template = self._schema.nodes.get(node_type)
        types = template.inputs[field].models.type if template and field in template.inputs else ()
        return types[0] if len(types) == 1 else None


def is_misread(raw: object, value: object, node_type: str) -> bool:
    """Return whether a parsed value is not what the file means: it was dropped or taken for a generator."""
    if raw is MISSING or raw is None:
        return False
    if value is MISSING:
        return True
    untyped = isinstance(raw, dict) and "type" not in raw
    kind = value.get("type") if isinstance(value, dict) else None
    return untyped and isinstance(kind, str) and kind in _GENERATORS and node_type != "float_generator"


def _old_model_reference(value: dict[str, object], default_type: str | None) -> object:
    """Return a reference of the formats before 3.0.0 as name, base and, if given, type; MISSING for anything else."""
    name, base, kind = value.get("model_name"), value.get("base_model"), value.get("model_type", default_type)
    if not (isinstance(name, str) and name and isinstance(base, str) and base):
        return MISSING
    reference: dict[str, object] = {"name": name, "base": base}
    if isinstance(kind, str) and kind:
        reference["type"] = kind
    return reference


def _enumerated(choices: frozenset[str]) -> Shape:
    # If the schema does not list model bases or types, the server decides.
    return one_of(choices) if choices else nonempty
