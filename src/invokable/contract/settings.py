"""Settings: the settings of each type of generator, in the editor's order.

From this table, the workflow package derives the shapes of stored values, and the code generator its typed defaults. A
test compares it with the typed dictionaries of the runtime.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from invokable.contract.listing import with_article
from invokable.contract.nearest import suggestion

SettingType: TypeAlias = Literal["number", "integer", "count", "text", "numbers", "category", "id"]

FAMILIES: Final[Mapping[str, str]] = {"image": "images", "string": "strings", "integer": "integers", "float": "floats"}
"""The families of batches and generators, each with the field that passes its values from node to node."""

CATEGORIES: Final = {"images": ("general",), "assets": ("control", "mask", "user", "other")}
"""The parts of a board, and the server's categories of the images in each."""
SAFE_INTEGER: Final = 2**53 - 1
"""The largest integer that JavaScript, and therefore the editor, represents exactly."""


def generator_field(family: str) -> str:
    """The field type for the settings of a family's generators, such as `FloatGeneratorField`."""
    return f"{family.title()}GeneratorField"


SETTINGS_FIELDS: Final = frozenset(map(generator_field, FAMILIES))
"""The field types for the settings of a generator."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a generator."""

    type: SettingType
    default: object = None
    """The editor's default. A setting without a default is optional."""
    nullable: bool = False

    def misfit(self, value: object) -> str:
        """What was expected instead of the value, such as `a number`; empty if it is valid."""
        if value is None and self.nullable:
            return ""
        return "" if _FITS[self.type](value) else _WORDS[self.type]


@dataclass(frozen=True, slots=True)
class GeneratorKind:
    """A type of generator: the `type` in its settings, and the other settings."""

    type: str
    class_name: str
    """The runtime's typed dictionary for the settings."""
    settings: Mapping[str, Setting]

    @property
    def family(self) -> str:
        """`float`, `integer`, `string` or `image`."""
        return self.type.partition("_")[0]

    def misfit(self, value: Mapping[str, Any]) -> str:
        """Why an object is not valid for this type, such as `has no start`; empty if it is."""
        for name in value:
            if name != "type" and name not in self.settings:
                return f"has an unknown setting, {name!r:.60}{suggestion(str(name), self.settings, most=1)}"
        for name, setting in self.settings.items():
            if name not in value:
                if setting.default is not None:
                    return f"has no {name}"
                continue
            if wanted := setting.misfit(value[name]):
                return f"has {with_article(name)} that is not {wanted}"
        return ""


def misfit_of_settings(value: object, field_type: str) -> str:
    """Why a value is not valid as settings for a field of that type; empty if it is."""
    if not isinstance(value, Mapping):
        return "is not an object"
    fitting = {name: kind for name, kind in KINDS.items() if generator_field(kind.family) == field_type}
    if "type" not in value:
        return f"has no type, such as {next(iter(fitting))!r}"
    given = value["type"]
    if isinstance(given, str) and given in fitting:
        return fitting[given].misfit(value)
    known = "the type of another generator" if given in tuple(KINDS) else "an unknown type"
    return f"has {known}, {given!r:.60}{suggestion(str(given), fitting, most=1)}"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_FITS: Final[Mapping[SettingType, Callable[[Any], bool]]] = {
    "number": _is_number,
    "integer": _is_integer,
    "count": lambda value: _is_integer(value) and 1 <= value <= SAFE_INTEGER,
    "text": lambda value: isinstance(value, str),
    "numbers": lambda value: isinstance(value, list) and all(map(_is_number, value)),
    "category": lambda value: value in tuple(CATEGORIES),
    "id": lambda value: isinstance(value, str) and value.strip() != "",
}
_WORDS: Final[Mapping[SettingType, str]] = {
    "number": "a finite number",
    "integer": "an integer",
    "count": "an integer above 0",
    "text": "text",
    "numbers": "a list of finite numbers",
    "category": "'images' or 'assets'",
    "id": "an id",
}

_SEED: Final = Setting("integer", nullable=True)
_STORED: Final = {"values": Setting("numbers", nullable=True)}
_PROMPT: Final = Setting("text", "a super {cute|ferocious} {dog|cat}")
_COMMA: Final = Setting("text", ",")


def _kind(type_: str, class_name: str, **settings: Setting) -> GeneratorKind:
    return GeneratorKind(type_, class_name, settings)


KINDS: Final[Mapping[str, GeneratorKind]] = {
    kind.type: kind
    for kind in (
        _kind(
            "float_generator_arithmetic_sequence",
            "FloatSequence",
            start=Setting("number", 0),
            step=Setting("number", 0.1),
            count=Setting("integer", 10),
            **_STORED,
        ),
        _kind(
            "float_generator_linear_distribution",
            "FloatRange",
            start=Setting("number", 0),
            end=Setting("number", 1),
            count=Setting("integer", 10),
            **_STORED,
        ),
        _kind(
            "float_generator_random_distribution_uniform",
            "FloatRandom",
            min=Setting("number", 0),
            max=Setting("number", 1),
            count=Setting("integer", 10),
            seed=_SEED,
            **_STORED,
        ),
        _kind(
            "float_generator_parse_string",
            "FloatText",
            input=Setting("text", "0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1"),
            splitOn=_COMMA,
            **_STORED,
        ),
        _kind(
            "integer_generator_arithmetic_sequence",
            "IntegerSequence",
            start=Setting("integer", 0),
            step=Setting("integer", 1),
            count=Setting("integer", 10),
        ),
        _kind(
            "integer_generator_linear_distribution",
            "IntegerRange",
            start=Setting("integer", 0),
            end=Setting("integer", 10),
            count=Setting("integer", 10),
        ),
        _kind(
            "integer_generator_random_distribution_uniform",
            "IntegerRandom",
            min=Setting("integer", 0),
            max=Setting("integer", 10),
            count=Setting("integer", 10),
            seed=_SEED,
        ),
        _kind(
            "integer_generator_parse_string",
            "IntegerText",
            input=Setting("text", "1,2,3,4,5,6,7,8,9,10"),
            splitOn=_COMMA,
        ),
        _kind("string_generator_parse_string", "StringText", input=Setting("text", "foo,bar,baz,qux"), splitOn=_COMMA),
        _kind(
            "string_generator_dynamic_prompts_combinatorial",
            "AllPrompts",
            input=_PROMPT,
            maxPrompts=Setting("count", 10),
        ),
        _kind(
            "string_generator_dynamic_prompts_random",
            "RandomPrompts",
            input=_PROMPT,
            count=Setting("count", 10),
            seed=_SEED,
        ),
        _kind(
            "image_generator_images_from_board",
            "BoardImages",
            board_id=Setting("id"),
            category=Setting("category", "images"),
        ),
    )
}
"""Every type of generator by its `type`. An object without a type gets the first one whose settings it matches."""


def default_settings(family: str) -> dict[str, object]:
    """The editor's settings for a new generator of a family: the first type, with its default settings."""
    kind = next(kind for kind in KINDS.values() if kind.family == family)
    filled = {name: setting.default for name, setting in kind.settings.items() if setting.default is not None}
    return {"type": kind.type, **filled}
