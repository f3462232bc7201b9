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
_EXTRA: Final = frozenset({"starlette", "uvicorn", "socketio", "PIL", "python_multipart", "wsproto"})


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'invokable.testing' has no attribute {name!r}")
    from importlib import import_module

    try:
        return getattr(import_module(_HOMES[name]), name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in _EXTRA:
            raise
        package = error.name.partition(".")[0]
        raise ImportError(f"the simulator needs {package}: pip install 'invokable[simulator]'") from None


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
