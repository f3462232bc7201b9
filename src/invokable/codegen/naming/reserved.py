"""Reserved names, which no input, output, class or type alias may have.

Nothing here is listed by hand. The exports of the runtime and the members of its two base classes are read from
its source, the names that a module defines from its template. Neither is run.
"""

from __future__ import annotations

import ast
import builtins
import keyword
import re
from collections.abc import Iterable, Iterator
from typing import Final

from invokable.codegen.templates import PACKAGE, templates_folder

TYPING: Final = frozenset({"Annotated", "Any", "ClassVar", "Final", "Literal", "Self", "TYPE_CHECKING", "TypeAlias"})
"""The names that a module may import from `typing`."""
_STANDARD: Final = frozenset({"annotations", "dataclass", "field"})  # from __future__ and dataclasses
_RUNTIME: Final = "invokable.runtime"
_DEFINED: Final = re.compile(r"^(?:class +)?([A-Za-z_]\w*)(?::| =)|^ +class ([A-Za-z_]\w*)\b", re.MULTILINE)


def _parsed(module: str) -> ast.Module:
    """A module of this package. Python's own lookup is avoided, because it would import the packages above it."""
    path = PACKAGE.joinpath(*module.split(".")[1:])
    return ast.parse((path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_bytes())


def _exported(tree: ast.Module) -> Iterator[str]:
    """The names in a module's `__all__`."""
    for statement in tree.body:
        match statement:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=ast.List() | ast.Tuple() as names):
                yield from ast.literal_eval(names)


def _homes(tree: ast.Module, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each of the names that a module imports, and the module that it comes from."""
    for statement in ast.walk(tree):
        if isinstance(statement, ast.ImportFrom) and statement.module:
            yield from ((alias.name, statement.module) for alias in statement.names if alias.name in names)


def _members(tree: ast.Module, class_name: str) -> Iterator[str]:
    """The methods and annotated attributes of a class and of its base classes in the same module."""
    for statement in tree.body:
        if isinstance(statement, ast.ClassDef) and statement.name == class_name:
            for base in statement.bases:
                if isinstance(base, ast.Name):
                    yield from _members(tree, base.id)
            for part in _statements(statement.body):
                match part:
                    case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                        yield name
                    case ast.AnnAssign(target=ast.Name(id=name)):
                        yield name


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a body, including those under an `if`."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.If):
            yield from _statements([*statement.body, *statement.orelse])


def _template_names() -> Iterator[str]:
    """The names that the module template defines at the top level and as nested classes."""
    for match in _DEFINED.finditer((templates_folder() / "module.py.jinja").read_text(encoding="utf-8")):
        yield match[1] or match[2]


_RUNTIME_TREE: Final = _parsed(_RUNTIME)
_EXPORTS: Final = frozenset(_exported(_RUNTIME_TREE))
_HOMES: Final = dict(_homes(_RUNTIME_TREE, ("Workflow", "WorkflowResult")))


def _public_members(class_name: str) -> frozenset[str]:
    return frozenset(n for n in _members(_parsed(_HOMES[class_name]), class_name) if not n.startswith("_"))


RESULT_MEMBERS: Final = _public_members("WorkflowResult")
"""Public names of `invokable.runtime.WorkflowResult`, which no output may take."""
WORKFLOW_MEMBERS: Final = _public_members("Workflow")
"""Public names of `invokable.runtime.Workflow`, which no input may take."""
MODULE_NAMES: Final = frozenset({*_STANDARD, *TYPING, *_EXPORTS, *_exported(_parsed("invokable")), *_template_names()})
"""Names that a generated module may import or define, and names that its callers import with it."""


_AMBIGUOUS: Final = frozenset({"l", "I", "O"})
"""Names that look like digits, which linters refuse."""


def is_reserved(name: str) -> bool:
    """Whether a name has a meaning in every generated module, or looks like a digit."""
    return keyword.iskeyword(name) or hasattr(builtins, name) or name in MODULE_NAMES or name in _AMBIGUOUS
