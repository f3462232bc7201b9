"""Module text: the parts of a generated module, read from its source without running it."""

from __future__ import annotations

import ast


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


def indices(annotation: ast.expr) -> tuple[int, ...]:
    """The form indices of an input, from the `Index(…)` in its annotation; empty if there is none."""
    for node in ast.walk(annotation):
        match node:
            case ast.Call(func=ast.Name(id="Index"), args=arguments):
                values = [argument.value for argument in arguments if isinstance(argument, ast.Constant)]
                return tuple(sorted(value for value in values if type(value) is int))
    return ()
