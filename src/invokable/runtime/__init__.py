"""The runtime: what a generated module imports, and what runs it.

    values ── validation ── resources ── substitution ── enqueue ── waiting ── collecting
    protocol: flows decide without I/O; client drives them; _http is the one module that knows httpx; errors is the tree

What a generated module needs is imported at once and costs little; the rest loads on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from invokable.contract.models import ModelFilter
from invokable.runtime.values.constraints import Ge, Gt, Le, Len, Lt, MultipleOf
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
from invokable.runtime.values.workflow import Workflow, WorkflowResult

if TYPE_CHECKING:
    from invokable.runtime.client.blocking import Client
    from invokable.runtime.errors import (
        APIError,
        BoardError,
        ConnectionError,  # noqa: A004  (the error tree's own name)
        EnqueueUncertain,
        InvokableError,
        NotInvokeAIError,
        Problem,
        QueueFullError,
        RunCanceled,
        RunFailed,
        RunTimeout,
        StaleWorkflowError,
        ValidationError,
        WorkflowError,
    )
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
    "APIError",
    "AllPrompts",
    "Board",
    "BoardError",
    "BoardImages",
    "BoardInput",
    "Client",
    "Color",
    "ConnectionError",
    "EnqueueUncertain",
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
    "InvokableError",
    "JsonValue",
    "Le",
    "Len",
    "LoRA",
    "Lt",
    "Model",
    "ModelFilter",
    "ModelInput",
    "MultipleOf",
    "NotInvokeAIError",
    "Problem",
    "QueueFullError",
    "RandomPrompts",
    "RunCanceled",
    "RunFailed",
    "RunTimeout",
    "StaleWorkflowError",
    "StringGenerator",
    "StringText",
    "StylePreset",
    "ValidationError",
    "Video",
    "VideoInput",
    "Workflow",
    "WorkflowError",
    "WorkflowResult",
]


def __getattr__(name: str) -> Any:
    if name == "Client":
        from invokable.runtime.client.blocking import Client

        return Client
    if name in __all__:
        from invokable.runtime import errors
        from invokable.runtime.values import settings

        return getattr(errors if hasattr(errors, name) else settings, name)
    raise AttributeError(f"module 'invokable.runtime' has no attribute {name!r}")
