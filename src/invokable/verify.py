"""Verify: compare a generated module at run time with the file that it has to fit.

It is above all subpackages: it needs only the contract for a module or map file, and reads workflow files with the
`codegen` extra if that is installed.
"""

from __future__ import annotations

import inspect
import os
from pathlib import Path
from typing import Final, TypeAlias

from invokable._extras import lacks_codegen
from invokable.contract.interface import Drift, Interface, InterfaceError, compare, read_map, read_module
from invokable.contract.interface.mapfile import KEY
from invokable.contract.utf8 import as_written
from invokable.runtime.errors import StaleWorkflowError
from invokable.runtime.values.pins import module_of, pins_of
from invokable.runtime.values.workflow import Workflow

Described: TypeAlias = type[Workflow] | str | os.PathLike[str]
"""A generated class, or the path of a generated module, map file or workflow file."""

_MOST: Final = 5  # changes listed in an error


def verify_index_map(workflow: Described, against: Described) -> Drift:
    """Compare a generated workflow with the file that it has to fit, and raise an error if that breaks callers.

    Example:

        verify_index_map(Portrait, "portrait.map.json")
        verify_index_map(Portrait, "portrait.json")  # needs the codegen extra

    Args:
        workflow: The generated class whose callers must keep working, or the path of its module or map file.
        against: A map file from `invokable map export`, a generated module, or a workflow file from the editor. Modules
            are read, not imported.

    Returns:
        The changes, none of which breaks callers.

    Raises:
        StaleWorkflowError: A change breaks callers: an index, name, type or limit. Its `drift` has every change.
        ValueError: A file cannot be compared; the message says why.
        OSError: A file cannot be read.
        ModuleNotFoundError: `against` is a workflow file, and the `codegen` extra is not installed.
    """
    drift = index_map_drift(workflow, against)
    if drift.breaking:
        lines = [line.removeprefix("breaking: ") for line in drift.lines if line.startswith("breaking: ")]
        more = [f"and {len(lines) - _MOST} more"] if len(lines) > _MOST else []
        said = "; ".join([*lines[:_MOST], *more])
        raise StaleWorkflowError(f"{_shown(workflow)} does not fit {_shown(against)}: {said}", drift=drift)
    return drift


def index_map_drift(workflow: Described, against: Described) -> Drift:
    """Compare like `verify_index_map`, and return every change, including those that break callers.

    Example:

        for change in index_map_drift(Portrait, "portrait.json").changes:
            print(change.name, change.kind, change.reason)

    Raises the errors of `verify_index_map`, but StaleWorkflowError only for a class that was modified.
    """
    old = _interface(workflow, None)
    return compare(old, _interface(against, old))


def _interface(described: Described, like: Interface | None) -> Interface:
    """The interface of a class or file. A workflow keeps the names of `like`."""
    if isinstance(described, type):
        return _of_class(described)
    path = Path(described)
    data = path.read_bytes()
    try:
        if path.suffix == ".py":
            return read_module(as_written(data.decode("utf-8-sig").encode()))
        if f'"{KEY}"'.encode() in data[:200]:
            return read_map(data.decode("utf-8-sig"))
    except (InterfaceError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: {error}") from None
    if like is None:
        raise ValueError(f"{path}: not a generated module or a map file")
    return _of_workflow(path, like)


def _of_class(cls: type[Workflow]) -> Interface:
    pins_of(cls)  # raises an error if the module's constants were changed
    module = module_of(cls)
    try:
        return read_module(inspect.getsource(module).encode())
    except (OSError, TypeError) as error:
        raise ValueError(f"{module.__name__}: source cannot be read: {error}; pass a map file instead") from None
    except InterfaceError as error:
        raise StaleWorkflowError(f"{module.__name__}: {error}") from None


def _of_workflow(path: Path, like: Interface) -> Interface:
    from invokable.codegen.drift import BuildError, workflow_interface

    try:
        return workflow_interface(path, like)
    except BuildError as error:
        raise ValueError(str(error)) from None
    except ModuleNotFoundError as error:
        if not lacks_codegen(error):
            raise
        message = f"{path} is a workflow file; to read it, install the extra: pip install 'invokable[codegen]'"
        raise ModuleNotFoundError(message, name=error.name) from None


def _shown(described: Described) -> str:
    return described.__qualname__ if isinstance(described, type) else os.fspath(described)


for _name in (index_map_drift, verify_index_map):  # the name that users import them from
    _name.__module__ = "invokable"
