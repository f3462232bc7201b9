"""The runtime: what a generated module imports, and what runs it.

    values ── validation ── resources ── substitution ── enqueue ── waiting ── collecting
    protocol: flows decide without I/O; client drives them; _http is the one module that knows httpx; errors is the tree

What a generated module needs is imported at once and costs little; the rest loads on first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from invokable.runtime.limits import Ge, Gt, Le, Len, Lt, MultipleOf
from invokable.runtime.media import Image, Video
from invokable.runtime.values import (
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
    ModelFilter,
    ModelInput,
    StringGenerator,
    StylePreset,
    VideoInput,
)
from invokable.runtime.workflow import Workflow, WorkflowResult

if TYPE_CHECKING:
    from invokable.runtime.client import Client
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

__all__ = [
    "APIError",
    "Board",
    "BoardError",
    "BoardInput",
    "Client",
    "Color",
    "ConnectionError",
    "EnqueueUncertain",
    "FloatGenerator",
    "Ge",
    "Gt",
    "Image",
    "ImageGenerator",
    "ImageInput",
    "Index",
    "IntegerGenerator",
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
    "RunCanceled",
    "RunFailed",
    "RunTimeout",
    "StaleWorkflowError",
    "StringGenerator",
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
        from invokable.runtime.client import Client

        return Client
    if name in __all__:
        from invokable.runtime import errors

        return getattr(errors, name)
    raise AttributeError(f"module 'invokable.runtime' has no attribute {name!r}")
