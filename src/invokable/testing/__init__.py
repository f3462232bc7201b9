"""A server for tests: an InvokeAI simulator that runs in this process and can fail on purpose.

    Simulator ─ world of server/ ─ worker ─ execution/       what the server knows and does
              ├ graphs/                                       what the server refuses
              ├ web/ ─ in process, or on a port               its HTTP API and its events
              └ faults/                                       simulated faults, as data

It needs the `simulator` extra. Nothing here is loaded by `import invokable` or by a generated module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from invokable.testing.faults import Fault, FaultPlan
    from invokable.testing.seen import Job, LoggedRequest
    from invokable.testing.simulator import Simulator

__all__ = ["Fault", "FaultPlan", "Job", "LoggedRequest", "Simulator"]

_HOMES: Final = {
    "Fault": "invokable.testing.faults",
    "FaultPlan": "invokable.testing.faults",
    "Job": "invokable.testing.seen",
    "LoggedRequest": "invokable.testing.seen",
    "Simulator": "invokable.testing.simulator",
}
_EXTRA: Final = (
    "PIL",
    "dynamicprompts",
    "pydantic_core",
    "python_multipart",
    "socketio",
    "starlette",
    "uvicorn",
    "wsproto",
)
"""The packages of the `simulator` extra. Some are imported late, and others may have installed the rest."""


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'invokable.testing' has no attribute {name!r}")
    from importlib import import_module
    from importlib.util import find_spec

    if missing := [package for package in _EXTRA if find_spec(package) is None]:
        raise ImportError(f"the simulator needs {missing[0]}: pip install 'invokable[simulator]'")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
