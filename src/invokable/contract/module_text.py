"""Module text: the parts of a generated module, read from its source without running it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from invokable.contract.parsed import parse_expression, quick_list
from invokable.contract.statements import Span, batches, items
from invokable.contract.utf8 import cut

_TUPLE: Final = re.compile(rb"(\w+): [^=]* = \(", re.ASCII)
_RAW: Final = re.compile(rb'(\w+)(?:: Final)? = \(?\s*r"""((?:[^"\\]++|\\.|"(?!""))*+)"""\s*\)?', re.ASCII | re.DOTALL)


def workflow_class(statement: ast.stmt) -> ast.ClassDef | None:
    """The workflow class; None if the statement is something else."""
    match statement:
        case ast.ClassDef(bases=[ast.Name(id="Workflow")]):
            return statement
    return None


def constant(statement: ast.stmt) -> tuple[str, ast.expr] | None:
    """The name and value of a constant, `NAME: Final = …`; None if the statement is something else."""
    match statement:
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            return name, value
    return None


def quick_constant(statement: bytes, most: int) -> tuple[str, object] | None:
    """The name and value of a constant that is a raw string or a tuple, read without a syntax tree of the whole.

    A raw string is returned in UTF-8. None if the statement is something else, or an entry of the tuple has more tokens
    than `most`.
    """
    if found := _RAW.fullmatch(statement):
        return found[1].decode(), found[2]
    found = _TUPLE.match(statement)
    if found is None or not statement.endswith(b")"):
        return None
    inside = Span(found.end(), len(statement) - 1)
    try:
        if next(items(statement, inside)) != inside:  # a single item is an expression in parentheses
            return found[1].decode(), tuple(entries(statement, inside, most))
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        pass
    return None


def entries(text: bytes, inside: Span, most: int) -> Iterator[object]:
    """The values of the items in a bracket. Raises what reading literals raises."""
    for batch in batches(text, inside):
        source = b"[%b\n]" % cut(text, *batch)
        values = quick_list(source)
        yield from ast.literal_eval(parse_expression(source, most)) if values is None else values


def indices(annotation: ast.expr) -> tuple[int, ...]:
    """The form indices of an input, from the `Index(…)` in its annotation; empty if there is none."""
    for node in ast.walk(annotation):
        match node:
            case ast.Call(func=ast.Name(id="Index"), args=arguments):
                values = [argument.value for argument in arguments if isinstance(argument, ast.Constant)]
                return tuple(sorted(value for value in values if type(value) is int))
    return ()
