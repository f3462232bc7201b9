"""Turn a workflow exported from InvokeAI into a typed Python module, and run it.

    invokable.workflow   the exported file          invokable.codegen   the module made of it
    invokable.schema     what nodes look like       invokable.runtime   what that module calls
    invokable.contract   what those two agree on

The names below load on first use, so that importing the package costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from invokable.contract.interface import Drift
    from invokable.runtime.client.blocking import Client
    from invokable.runtime.client.jobs import Job
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
    from invokable.runtime.steps.submission import Submission
    from invokable.runtime.values.inputs import Board, Color, LoRA, Model, StylePreset
    from invokable.runtime.values.media import Image, Video
    from invokable.runtime.values.result import WorkflowResult
    from invokable.verify import index_map_drift, verify_index_map
from invokable.runtime.values.workflow import Workflow

__version__: str

__all__ = [
    "APIError",
    "Board",
    "BoardError",
    "Client",
    "Color",
    "ConnectionError",
    "Drift",
    "EnqueueUncertain",
    "Image",
    "InvokableError",
    "Job",
    "LoRA",
    "Model",
    "NotInvokeAIError",
    "Problem",
    "QueueFullError",
    "RunCanceled",
    "RunFailed",
    "RunTimeout",
    "StaleWorkflowError",
    "StylePreset",
    "Submission",
    "ValidationError",
    "Video",
    "Workflow",
    "WorkflowError",
    "WorkflowResult",
    "__version__",
    "index_map_drift",
    "verify_index_map",
]

_HOMES: Final = {
    "Client": "runtime.client.blocking",
    "Drift": "contract.interface",
    "Job": "runtime.client.jobs",
    "Submission": "runtime.steps.submission",
    **dict.fromkeys(("Board", "Color", "LoRA", "Model", "StylePreset"), "runtime.values.inputs"),
    **dict.fromkeys(("Image", "Video"), "runtime.values.media"),
    "Workflow": "runtime.values.workflow",
    "WorkflowResult": "runtime.values.result",
    **dict.fromkeys(("index_map_drift", "verify_index_map"), "verify"),
}
"""The module that defines a public name, where that is not `runtime.errors`."""


if not TYPE_CHECKING:  # else a misspelt name would pass

    def __getattr__(name: str) -> object:
        if name == "__version__":
            from importlib.metadata import version

            return version("invokable")
        if name in __all__:
            from importlib import import_module

            return getattr(import_module(f"invokable.{_HOMES.get(name, 'runtime.errors')}"), name)
        raise AttributeError(f"module 'invokable' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
