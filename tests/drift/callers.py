"""Callers: code that uses everything in a module and passes strict type checkers, and values to run it with.

It does not know how interfaces are compared. It passes every input through a parameter of the input's own type, reads
every output into a variable of its type, imports every name, and records which index belongs to which attribute.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from invokable.codegen import ModulePlan
from invokable.codegen.plan import PlannedInput
from invokable.codegen.typing.annotations import result_type
from invokable.codegen.typing.limits import cardinality_of
from invokable.contract.fields import NUMBERS
from invokable.contract.limits import NO_LIMITS, Limits
from invokable.schema.model import MISSING

MODELS = [
    {"key": "m1", "hash": "blake3:m1", "name": "Dreamshaper 8", "base": "sd-1", "type": "main"},
    {"key": "m2", "hash": "blake3:m2", "name": "Juggernaut", "base": "sdxl", "type": "main"},
    {"key": "m3", "hash": "blake3:m3", "name": "Edges", "base": "sd-1", "type": "controlnet"},
]
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63606060000000040001f61738550000000049454e44ae426082"
)
_INTEGERS = (-1000, -8, -1, 0, 1, 2, 3, 4, 5, 7, 8, 10, 11, 16, 24, 64, 100, 2048, 5000)
_FLOATS = (-1.5, 0.0, 0.25, 0.5, 1.0, 1.5, 3.0, 100.0)
_TEXTS = ("hello", "", "a much longer text than that")

_HEADER = """\
from __future__ import annotations

from typing import Annotated, Any, Literal

from invokable import Image
from invokable.runtime import (
    BoardInput, Color, FloatGenerator, Ge, Gt, ImageGenerator, ImageInput, IntegerGenerator, JsonValue, Le, Len, LoRA,
    Lt, ModelInput, MultipleOf, StringGenerator, StylePreset, Video, VideoInput,
)

from {module} import {names}
{more}
INDICES = {indices!r}
"""


def caller(plan: ModulePlan, module: str) -> str:
    """The code of a caller of the module of a plan."""
    settable = [planned for planned in plan.inputs if not planned.item.connected]
    required = [planned for planned in settable if planned.type.default is None]
    indices = {planned.indices[0]: planned.attribute for planned in plan.inputs}
    parts = [
        _HEADER.format(
            module=module, names=", ".join([plan.class_name, *plan.aliases]), indices=indices, more=_own(plan)
        ),
        _builder("build", plan, settable),
        _builder("least", plan, required),
        _assigning(plan, settable),
        _reading(plan),
        *(f"MODELS = ({_installed(plan)})\n" for _ in plan.models),
    ]
    return "\n\n".join(parts)


OWN_CLASS = """
class Paint:
    def __init__(self, code: str) -> None:
        self.code = code

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Paint) and self.code == other.code

    def to_invokeai(self) -> object:
        red, green, blue = bytes.fromhex(self.code)
        return {"r": red, "g": green, "b": blue, "a": 255}

    @classmethod
    def from_invokeai(cls, value: dict[str, int]) -> "Paint":
        return cls(bytes((value["r"], value["g"], value["b"])).hex())
"""
"""The project's own class for a colour field."""


def _own(plan: ModulePlan) -> str:
    """The imports of the project's own classes."""
    names = {name for planned in plan.inputs for name in planned.type.annotation.names if ":" in name}
    return "".join("from {} import {}\n".format(*name.split(":")) for name in sorted(names))


def samples(plan: ModulePlan) -> dict[str, list[Any]]:
    """Values for each input that a caller can set, its default first."""
    return {planned.attribute: list(_samples(planned)) for planned in plan.inputs if not planned.item.connected}


def _builder(name: str, plan: ModulePlan, inputs: list[PlannedInput]) -> str:
    taken = ", ".join(f"{planned.attribute}: {_annotation(planned)}" for planned in inputs)
    given = ", ".join(f"{planned.attribute}={planned.attribute}" for planned in inputs)
    star = "*, " if inputs else ""
    return f"def {name}({star}{taken}) -> {plan.class_name}:\n    return {plan.class_name}({given})\n"


def _assigning(plan: ModulePlan, inputs: list[PlannedInput]) -> str:
    taken = ", ".join(f"{planned.attribute}: {_annotation(planned)}" for planned in inputs)
    lines = [f"    flow.{planned.attribute} = {planned.attribute}" for planned in inputs]
    return "\n".join((f"def assign(flow: {plan.class_name}, *, {taken}) -> None:", *lines, ""))


def _reading(plan: ModulePlan) -> str:
    lines = [f"def read(result: {plan.class_name}.Result) -> None:"]
    for planned in plan.outputs:
        output = planned.output
        kind = str(result_type(output.type, output.many, nullable=output.nullable))
        lines.append(f"    {planned.attribute}: {kind} = result.{planned.attribute}")
        single = kind.removeprefix("list[").removesuffix("]")
        values = planned.attribute if kind.startswith("list[") else f"[{planned.attribute}]"
        accepted = {"float": "(int, float)", "JsonValue": "object"}.get(single, single)
        lines.append(f"    assert all(isinstance(value, {accepted}) for value in {values})")
    return "\n".join((*lines, ""))


def _installed(plan: ModulePlan) -> str:
    names = [(attribute, name) for attribute, choices in plan.models.items() for name in choices]
    return "".join(f"{plan.class_name}.Models.{attribute}.{name}, " for attribute, name in names)


def _annotation(planned: PlannedInput) -> str:
    """The type without limits, which type checkers ignore."""
    name = planned.alias or str(planned.type.annotation)
    return f"{name} | None" if planned.type.nullable else name


def _samples(planned: PlannedInput) -> Iterator[Any]:
    own = planned.item.value
    cardinality = cardinality_of(planned.item.template)
    limits = planned.type.limits
    singles = list(_singles(planned, limits if cardinality == "SINGLE" else limits.item or NO_LIMITS))
    if cardinality != "COLLECTION":
        yield from (value for value in singles if value == own)
        yield from (value for value in singles if value != own)
    if cardinality != "SINGLE":
        sizes = (size for size in range(4) if not limits.misfit_of_list([0] * size))
        plain = planned.item.template.type.name in (
            *NUMBERS,
            "StringField",
        )  # others are not written like in JSON
        yield from (own,) if plain and isinstance(own, list) else ()
        yield from (singles[:1] * size for size in sizes)
        yield from ([value] for value in singles if not limits.misfit_of_list([0]))
    if planned.type.nullable:
        yield None


def _singles(planned: PlannedInput, limits: Limits) -> Iterator[Any]:
    from invokable import Color, LoRA, Model, StylePreset

    kind, template = planned.item.template.type.name, planned.item.template
    own = planned.item.value
    homes = [home for home in planned.type.annotation.names if ":" in home]
    if homes:
        module, _, name = homes[0].partition(":")
        yield getattr(import_module(module), name)("0c8c4d")
    elif planned.type.choices:
        yield from planned.type.choices
    elif kind in NUMBERS:
        numbers = _INTEGERS if kind == "IntegerField" else _FLOATS
        ends = [end for end in (limits.minimum, limits.maximum) if end is not None]
        found = [*([] if own is MISSING or isinstance(own, list) else [own]), *ends, *numbers]
        yield from (value for value in dict.fromkeys(found) if not limits.misfit_of_number(value))
    elif kind == "StringField":
        yield from (text for text in _TEXTS if not limits.misfit_of_text(text))
    elif kind == "ModelIdentifierField":
        fitting = [model for model in MODELS if template.models.admits(model)] or MODELS[:1]
        yield from (Model(key=model["key"]) for model in fitting)
        yield from (model["name"] for model in fitting)
    else:
        others: dict[str, list[Any]] = {
            "BooleanField": [True, False],
            "ImageField": [PNG],
            "ColorField": [Color(r=1, g=2, b=3)],
            "BoardField": ["auto", "none"],
            "VideoField": [b"video"],
            "LoRAField": [LoRA(model="Edges")],
            "StylePresetField": [StylePreset("preset")],
        }
        generator = [own] if kind.endswith("GeneratorField") and own is not MISSING else []
        yield from others.get(kind, generator or ["some", {"json": 1}])
