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
    from invokable.runtime.client._async.client import AsyncClient
    from invokable.runtime.client._async.jobs import AsyncJob
    from invokable.runtime.client._sync.client import Client
    from invokable.runtime.client._sync.jobs import Job
    from invokable.runtime.client.connection import Connection
    from invokable.runtime.errors import (
        APIError,
        AuthenticationError,
        BoardError,
        CertificateError,
        ClientClosedError,
        ConnectionError,  # noqa: A004  (the error tree's own name)
        EnqueueUncertain,
        InvokableError,
        ModelInstallError,
        NotFoundError,
        NotInvokeAIError,
        Problem,
        QueueFullError,
        RunCanceled,
        RunFailed,
        RunInterrupted,
        RunTimeout,
        StaleWorkflowError,
        UnsupportedError,
        ValidationError,
        WorkflowError,
    )
    from invokable.runtime.steps.exchange.policy import Policy
    from invokable.runtime.values.custom import FieldValue
    from invokable.runtime.values.events import (
        Ended,
        JobEvent,
        JobStatus,
        NodeFinished,
        NodeStarted,
        Preview,
        Progress,
        Queued,
        Started,
    )
    from invokable.runtime.values.inputs import Board, Color, LoRA, Model, StylePreset
    from invokable.runtime.values.media import Image, Video
    from invokable.runtime.values.node_output import NodeOutput
    from invokable.runtime.values.records import (
        BoardRecord,
        EmbeddedWorkflow,
        ImageRecord,
        InvocationCache,
        LibraryWorkflow,
        ModelInstall,
        ModelRecord,
        QueueItem,
        QueueStatus,
        ServerInfo,
        StylePresetRecord,
        User,
        VideoRecord,
        WorkflowRecord,
    )
    from invokable.runtime.values.result import WorkflowResult
    from invokable.runtime.values.submission import Submission
    from invokable.runtime.values.workflow import Workflow
    from invokable.verify import index_map_drift, verify_index_map

__version__: str

__all__ = [
    "APIError",
    "AsyncClient",
    "AsyncJob",
    "AuthenticationError",
    "Board",
    "BoardError",
    "BoardRecord",
    "CertificateError",
    "Client",
    "ClientClosedError",
    "Color",
    "Connection",
    "ConnectionError",
    "Drift",
    "EmbeddedWorkflow",
    "Ended",
    "EnqueueUncertain",
    "FieldValue",
    "Image",
    "ImageRecord",
    "InvocationCache",
    "InvokableError",
    "Job",
    "JobEvent",
    "JobStatus",
    "LibraryWorkflow",
    "LoRA",
    "Model",
    "ModelInstall",
    "ModelInstallError",
    "ModelRecord",
    "NodeFinished",
    "NodeOutput",
    "NodeStarted",
    "NotFoundError",
    "NotInvokeAIError",
    "Policy",
    "Preview",
    "Problem",
    "Progress",
    "QueueFullError",
    "QueueItem",
    "QueueStatus",
    "Queued",
    "RunCanceled",
    "RunFailed",
    "RunInterrupted",
    "RunTimeout",
    "ServerInfo",
    "StaleWorkflowError",
    "Started",
    "StylePreset",
    "StylePresetRecord",
    "Submission",
    "UnsupportedError",
    "User",
    "ValidationError",
    "Video",
    "VideoRecord",
    "Workflow",
    "WorkflowError",
    "WorkflowRecord",
    "WorkflowResult",
    "__version__",
    "index_map_drift",
    "verify_index_map",
]

_HOMES: Final = {
    "AsyncClient": "client._async.client",
    "AsyncJob": "client._async.jobs",
    "Client": "client._sync.client",
    "Connection": "client.connection",
    "Job": "client._sync.jobs",
    "Policy": "steps.exchange.policy",
    "Submission": "values.submission",
    **dict.fromkeys(("Board", "Color", "LoRA", "Model", "StylePreset"), "values.inputs"),
    **dict.fromkeys(("Image", "Video"), "values.media"),
    **dict.fromkeys(
        ("Ended", "JobEvent", "JobStatus", "NodeFinished", "NodeStarted", "Preview", "Progress", "Queued", "Started"),
        "values.events",
    ),
    **dict.fromkeys(
        (
            *("BoardRecord", "EmbeddedWorkflow", "ImageRecord", "InvocationCache", "LibraryWorkflow", "ModelInstall"),
            *("ModelRecord", "QueueItem", "QueueStatus", "ServerInfo", "StylePresetRecord", "User", "VideoRecord"),
            "WorkflowRecord",
        ),
        "values.records",
    ),
    "FieldValue": "values.custom",
    "Workflow": "values.workflow",
    "NodeOutput": "values.node_output",
    "WorkflowResult": "values.result",
}
"""The module of the runtime that defines a public name, where that is not `errors`."""

_OUTSIDE: Final = {"Drift": "contract.interface", "index_map_drift": "verify", "verify_index_map": "verify"}
"""The module of a public name that is not the runtime's."""


if not TYPE_CHECKING:  # otherwise type checkers would accept a misspelled name

    def __getattr__(name: str) -> object:
        if name == "__version__":
            from invokable._version import VERSION

            return VERSION
        if name in __all__:
            from importlib import import_module

            home = _OUTSIDE.get(name) or f"runtime.{_HOMES.get(name, 'errors')}"
            return getattr(import_module(f"invokable.{home}"), name)
        raise AttributeError(f"module 'invokable' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
