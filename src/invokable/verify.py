"""Verify: the drift of a generated module at run time, against the file that it has to fit.

It stands above the rooms: it needs no more than the contract for a module or a map file, and reads a workflow with the
extra `codegen` where that is installed.
"""

from __future__ import annotations

import inspect
import os
from pathlib import Path
from typing import Final, TypeAlias

from invokable.contract.interface import Drift, Interface, InterfaceError, compare, read_map, read_module
from invokable.contract.interface.mapfile import KEY
from invokable.runtime.errors import StaleWorkflowError
from invokable.runtime.values.pins import module_of, pins_of
from invokable.runtime.values.workflow import Workflow

Described: TypeAlias = type[Workflow] | str | os.PathLike[str]
"""A generated class; or the path of a generated module, a map file, or a workflow file."""

_MOST: Final = 5  # changes that an error names
_EXTRA: Final = frozenset({"anyascii", "black", "click", "jinja2"})


def verify_index_map(workflow: Described, against: Described) -> Drift:
    """Compare a generated workflow with the file that it has to fit, and refuse what would break its callers.

    Example:

        verify_index_map(Portrait, "portrait.map.json")
        verify_index_map(Portrait, "portrait.json")  # needs the extra `codegen`

    Args:
        workflow: The generated class whose callers are to go on working; or the path of its module or its map file.
        against: A map file of `invokable map export`, a generated module, or a workflow file as the editor exports it.
            Modules are read, not imported.

    Returns:
        The changes, none of which breaks callers.

    Raises:
        StaleWorkflowError: Something breaks callers: an index, a name, a type, a limit. Its `drift` has every change.
        ValueError: What a path names cannot be compared, with the reason.
        OSError: It cannot be read.
        ModuleNotFoundError: `against` is a workflow file, and the extra `codegen` is not installed.
    """
    drift = index_map_drift(workflow, against)
    if drift.breaking:
        lines = [line.removeprefix("breaking: ") for line in drift.lines if line.startswith("breaking: ")]
        more = [f"and {len(lines) - _MOST} more"] if len(lines) > _MOST else []
        said = "; ".join([*lines[:_MOST], *more])
        raise StaleWorkflowError(f"{_shown(workflow)} does not fit {_shown(against)}: {said}", drift=drift)
    return drift


def index_map_drift(workflow: Described, against: Described) -> Drift:
    """Compare as `verify_index_map` does, and return every change, those that break callers too.

    Example:

        for change in index_map_drift(Portrait, "portrait.json").changes:
            print(change.name, change.kind, change.reason)

    Raises the errors of `verify_index_map`; StaleWorkflowError only for a class that is not as it was generated.
    """
    old = _interface(workflow, None)
    return compare(old, _interface(against, old))


def _interface(described: Described, like: Interface | None) -> Interface:
    """The interface of a class or a file. A workflow keeps the names of `like`."""
    if isinstance(described, type):
        return _of_class(described)
    path = Path(described)
    data = path.read_bytes()
    try:
        if path.suffix == ".py":
            return read_module(data.decode("utf-8-sig"))
        if f'"{KEY}"'.encode() in data[:200]:
            return read_map(data.decode("utf-8-sig"))
    except (InterfaceError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: {error}") from None
    if like is None:
        raise ValueError(f"{path}: not a generated module or a map file")
    return _of_workflow(path, like)


def _of_class(cls: type[Workflow]) -> Interface:
    pins_of(cls)  # refuses a module whose constants were changed
    module = module_of(cls)
    try:
        return read_module(inspect.getsource(module))
    except (OSError, TypeError) as error:
        raise ValueError(f"{module.__name__}: its source cannot be read: {error}; pass a map file instead") from None
    except InterfaceError as error:
        raise StaleWorkflowError(f"{module.__name__}: {error}") from None


def _of_workflow(path: Path, like: Interface) -> Interface:
    from invokable.codegen.drift import BuildError, workflow_interface

    try:
        return workflow_interface(path, like)
    except BuildError as error:
        raise ValueError(str(error)) from None
    except ModuleNotFoundError as error:
        if error.name not in _EXTRA:
            raise
        message = f"{path} is a workflow file; to read it, install the extra: pip install 'invokable[codegen]'"
        raise ModuleNotFoundError(message, name=error.name) from None


def _shown(described: Described) -> str:
    return described.__qualname__ if isinstance(described, type) else os.fspath(described)


for _name in (index_map_drift, verify_index_map):  # as users import them
    _name.__module__ = "invokable"
