"""The runtime: what a generated module imports, and what runs it.

    values/   what a generated module imports: inputs, media, limits, validation           imports neither of the others
    steps/    the decisions, without I/O                                                   imports values
              exchange ◀─ resources ◀─ runs: prepare ─ submit ─ wait ─ collect
    client/   access to the server and the disk; drives the steps                          imports values and steps
    errors    the tree of errors

Generated modules import the names below; users import theirs from `invokable`. The import is cheap; the settings of
generators are loaded on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from invokable.contract.models import ModelFilter
from invokable.runtime.values.constraints import Ge, Gt, Le, Len, Lt, MultipleOf, OneOf
from invokable.runtime.values.inputs import (
    Board,
    BoardInput,
    Color,
    FloatGenerator,
    ImageGenerator,
    ImageInput,
    Index,
    IntegerGenerator,
    JsonValue,
    LoRA,
    Model,
    ModelInput,
    StringGenerator,
    StylePreset,
    VideoInput,
)
from invokable.runtime.values.media import Image, Video
from invokable.runtime.values.result import WorkflowResult
from invokable.runtime.values.workflow import Workflow

if TYPE_CHECKING:
    from invokable.runtime.values.settings import (
        AllPrompts,
        BoardImages,
        FloatRandom,
        FloatRange,
        FloatSequence,
        FloatText,
        IntegerRandom,
        IntegerRange,
        IntegerSequence,
        IntegerText,
        RandomPrompts,
        StringText,
    )

__all__ = [
    "AllPrompts",
    "Board",
    "BoardImages",
    "BoardInput",
    "Color",
    "FloatGenerator",
    "FloatRandom",
    "FloatRange",
    "FloatSequence",
    "FloatText",
    "Ge",
    "Gt",
    "Image",
    "ImageGenerator",
    "ImageInput",
    "Index",
    "IntegerGenerator",
    "IntegerRandom",
    "IntegerRange",
    "IntegerSequence",
    "IntegerText",
    "JsonValue",
    "Le",
    "Len",
    "LoRA",
    "Lt",
    "Model",
    "ModelFilter",
    "ModelInput",
    "MultipleOf",
    "OneOf",
    "RandomPrompts",
    "StringGenerator",
    "StringText",
    "StylePreset",
    "Video",
    "VideoInput",
    "Workflow",
    "WorkflowResult",
]


if not TYPE_CHECKING:  # otherwise type checkers would accept a misspelled name

    def __getattr__(name: str) -> Any:
        if name in __all__:
            from invokable.runtime.values import settings

            return getattr(settings, name)
        raise AttributeError(f"module 'invokable.runtime' has no attribute {name!r}")
