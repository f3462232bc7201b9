"""Turn a workflow exported from InvokeAI into a typed Python module, and run it.

    invokable.workflow   the exported file          invokable.codegen   the module made of it
    invokable.schema     what nodes look like       invokable.runtime   what that module calls

The names below load on first use, so that importing the package costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from invokable.runtime import (
        APIError,
        BoardError,
        Client,
        ConnectionError,  # noqa: A004  (the error tree's own name)
        InvokableError,
        ValidationError,
        WorkflowError,
    )

__version__: str

__all__ = [
    "APIError",
    "BoardError",
    "Client",
    "ConnectionError",
    "InvokableError",
    "ValidationError",
    "WorkflowError",
    "__version__",
]

_FROM_RUNTIME: Final = frozenset(__all__) - {"__version__"}


def __getattr__(name: str) -> object:
    if name == "__version__":
        from importlib.metadata import version

        return version("invokable")
    if name in _FROM_RUNTIME:
        from invokable import runtime

        return getattr(runtime, name)
    raise AttributeError(f"module 'invokable' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
