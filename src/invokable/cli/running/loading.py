"""Loading: the workflow class of a source: from a generated module, or made of a workflow file in memory."""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Final, TypeVar

from invokable import Workflow
from invokable.codegen import BuildError, BuildOptions, GeneratedModule, Source, plan_source
from invokable.codegen.render import render_module
from invokable.workflow.errors import nearest

T = TypeVar("T")

_DOTTED: Final = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_FILES: Final = (".json", ".png")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A workflow that can be run."""

    shown: str
    """How messages name the source."""
    stem: str
    """What the source is called, without folder and suffix."""
    workflow: type[Workflow]
    warnings: tuple[str, ...] = ()


def load(name: str, options: Callable[[], BuildOptions]) -> Loaded:
    """The workflow of a source: a file of JSON or PNG, `-`, `file.py`, `package.module`; the latter two with `:Class`.

    `options` are asked for only where a workflow file has to be read. Raises BuildError.
    """
    place, _, chosen = name.rpartition(":") if _has_class(name) else (name, "", "")
    if place.endswith(".py"):
        return Loaded(name, Path(place).stem, _class_of(_of_file(place), name, chosen))
    if _DOTTED.fullmatch(place) and not place.lower().endswith(_FILES) and not os.path.isfile(place):
        return Loaded(name, place.rpartition(".")[2], _class_of(_of_import(place), name, chosen))
    return _of_workflow(Source(None if name == "-" else Path(name)), options())


def _has_class(name: str) -> bool:
    place, colon, chosen = name.rpartition(":")
    is_module = place.endswith(".py") or _DOTTED.fullmatch(place) is not None
    return bool(colon) and chosen.isidentifier() and is_module and not os.path.isfile(name)


def _of_workflow(source: Source, options: BuildOptions) -> Loaded:
    plan = plan_source(source, options)
    module = ModuleType("invokable_run")
    written = GeneratedModule(render_module(plan), plan)
    code = compile(written.text, f"<the module of {source.shown}>", "exec")
    sys.modules[module.__name__] = module  # where its class looks for its constants
    _find_here()  # the classes that a project's configuration gives to fields
    _import(source.shown, lambda: exec(code, module.__dict__))
    return Loaded(source.shown, source.stem, getattr(module, plan.class_name), written.warnings)


def _of_file(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location("invokable_run", path)
    if spec is None or spec.loader is None:
        raise BuildError(path, "cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module.__name__] = module
    loader = spec.loader
    _import(path, lambda: loader.exec_module(module))
    return module


def _of_import(name: str) -> ModuleType:
    _find_here()
    return _import(name, lambda: importlib.import_module(name))


def _find_here() -> None:
    """Import from the current folder too, as `python -m` does."""
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())


def _import(name: str, action: Callable[[], T]) -> T:
    try:
        return action()
    except OSError as error:
        raise BuildError.of_system(name, error, "read") from None
    except (Exception, SystemExit) as error:  # a module is a program, and can fail in any way
        words = " ".join(str(error).split()) or "no message"
        hint = "; a workflow file ends in .json or .png" if isinstance(error, ModuleNotFoundError) else ""
        raise BuildError(name, f"cannot be imported: {type(error).__name__}: {words}{hint}") from None


def _class_of(module: ModuleType, shown: str, chosen: str) -> type[Workflow]:
    classes = {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, Workflow) and hasattr(value, "__dataclass_fields__")
    }
    if not classes:
        raise BuildError(shown, "defines no workflow: expected a module that invokable generated")
    if chosen and chosen not in classes:
        known = ", ".join(sorted(classes))
        raise BuildError(shown, f"has no workflow {chosen!r}", suggestion=nearest(chosen, classes) or f"it has {known}")
    if not chosen and len(set(classes.values())) > 1:
        raise BuildError(shown, f"has several workflows: name one, as in {shown}:{min(classes)}")
    return classes[chosen] if chosen else next(iter(classes.values()))
