"""The engine that runs sessions."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

_MODULE: Any = import_module(
    "invokable.testing.execution" if find_spec("invokable.testing.execution") else "invokable.testing._stand_in"
)

Session = _MODULE.Session
InvocationCache = _MODULE.InvocationCache
Started = _MODULE.Started
Progress = _MODULE.Progress
Completed = _MODULE.Completed
Failed = _MODULE.Failed
