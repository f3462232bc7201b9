"""Imports: the names that a module uses, and their order."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from invokable.codegen.python.code import Code
from invokable.codegen.python.expression import Expression

_ALWAYS: Final = frozenset({"Final", "Workflow", "WorkflowResult", "dataclass"})
_REPLACE: Final = frozenset({"Self", "TYPE_CHECKING"})
"""The names in the signature of `replace`."""
_ALIAS: Final = frozenset({"Literal"})
_ORIGINS: Final = {
    "dataclasses": ("dataclass", "field"),
    "typing": ("TYPE_CHECKING", "Annotated", "Final", "Literal", "Self"),
}
"""The origins of names that the runtime does not define."""


def import_lines(written: Iterable[Expression], *, replaces: bool, aliased: bool) -> list[Code]:
    """The imports of what is written, of `replace` and of aliases of types, as isort arranges them."""
    needed = (_REPLACE if replaces else (), _ALIAS if aliased else ())
    names = _ALWAYS.union(*needed, *(expression.names for expression in written))
    origins = {name: module for module, known in _ORIGINS.items() for name in known}
    by_module: dict[str, list[str]] = {module: [] for module in (*_ORIGINS, "invokable.runtime")}
    for name in sorted(names, key=_as_imports_are_sorted):
        module, _, own = name.rpartition(":")
        by_module.setdefault(module or origins.get(name, "invokable.runtime"), []).append(own)
    dataclasses, typing, *others = (f"from {module} import {', '.join(found)}" for module, found in by_module.items())
    return [Code(line) for line in (dataclasses, typing, "", *sorted(others))]


def _as_imports_are_sorted(name: str) -> tuple[bool, str, str]:
    return not name.isupper(), name.casefold(), name


def as_sorted_by_linters(name: str) -> tuple[int, list[tuple[bool, int, str]]]:
    """A sort key for names: constants, then classes, then the rest; digits are compared as numbers."""
    kind = 0 if name.isupper() and len(name.encode()) > 1 else 1 if name[0].isupper() else 2
    parts = re.findall(r"[0-9]+|[^0-9]", name)
    return kind, [
        (not part.isdecimal(), int(part) if part.isascii() and part.isdecimal() else 0, part) for part in parts
    ]
