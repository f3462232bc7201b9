"""Imports: what a file imports, anywhere in it, and which module of the package needs which."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.examples import ROOT

PACKAGE = ROOT / "src" / "invokable"

Place = tuple[str, ...]
"""A module or package, such as `("runtime", "values", "media")` and `("schema", "__init__")`."""


def place_of(path: Path) -> Place:
    """The place of a file in the package."""
    return path.relative_to(PACKAGE).with_suffix("").parts


@cache
def imported_names(path: Path, *, for_types: bool = True) -> frozenset[str]:
    """The full names of all that a file imports, such as `json` and `pathlib.Path`.

    Without `for_types`, only those that it needs at run time.
    """
    return frozenset(_imports(path, for_types=for_types))


@cache
def imports_of(path: Path, *, for_types: bool = True) -> frozenset[Place]:
    """The places in the package that a file imports from."""
    return frozenset(place for name in imported_names(path, for_types=for_types) for place in _found(name))


def _imports(path: Path, *, for_types: bool) -> Iterator[str]:
    for statement in _statements(ast.parse(path.read_bytes()), for_types=for_types):
        if isinstance(statement, ast.ImportFrom):
            assert not statement.level, f"{path}: a relative import"
            for alias in statement.names:
                yield f"{statement.module}.{alias.name}"
        elif isinstance(statement, ast.Import):
            for alias in statement.names:
                yield alias.name


def _statements(node: ast.AST, *, for_types: bool) -> Iterator[ast.stmt]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
        elif not isinstance(child, ast.excepthandler | ast.match_case):  # an expression holds no statement
            continue
        if for_types or not (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            yield from _statements(child, for_types=for_types)


def _found(name: str) -> Iterator[Place]:
    """The place that a dotted name of this package refers to, or that defines it."""
    first, *rest = name.split(".")
    if first != "invokable":
        return
    path = PACKAGE.joinpath(*rest)
    if path.is_dir():
        yield place_of(path / "__init__.py")
    elif path.with_suffix(".py").is_file():
        yield place_of(path)
    else:  # a name that a module defines
        yield from _found(name.rpartition(".")[0])


def needs(folder: Path, *, types_left_out: Path) -> dict[str, set[str]]:
    """The files and folders in `folder` that each of them needs.

    Imports only for annotations do not count in the file `types_left_out`.
    """
    within = folder.relative_to(PACKAGE).parts
    graph: dict[str, set[str]] = {}
    for path in folder.rglob("*.py"):
        part = place_of(path)[len(within)]
        for place in imports_of(path, for_types=path != types_left_out):
            if place[: len(within)] == within and place[len(within)] != part:
                graph.setdefault(part, set()).add(place[len(within)])
    return graph
