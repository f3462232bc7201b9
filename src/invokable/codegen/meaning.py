"""Meaning: what a module says, apart from how it is laid out.

A project's formatter may break lines anew, and change quotes, brackets and the margin of docstrings. None of that is
an edit; everything else is, a comment too.
"""

from __future__ import annotations

import ast
import inspect
import io
import tokenize
from hashlib import sha256
from typing import Final

_LAYOUT: Final = frozenset({"ctx", "kind", "type_comment", "type_ignores", "type_params"})
"""Fields of syntax trees that say nothing, or are not in those of every Python."""


def meaning_checksum(text: str, *, without: str) -> str | None:
    """SHA-256 of what a module says, but for the value of the constant `without`; None where it is not Python.

    The same on every Python that can read the module.
    """
    try:
        tree = ast.parse(text)
        digest = sha256(repr(_said(_blanked(tree, without))).encode("utf-8", "surrogatepass"))
        for comment in _comments(text):
            digest.update(comment.encode("utf-8", "surrogatepass"))
    except (SyntaxError, ValueError, RecursionError, MemoryError, tokenize.TokenError):
        return None
    return digest.hexdigest()


def _blanked(tree: ast.Module, name: str) -> ast.Module:
    for statement in tree.body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id=found), value=ast.Constant()) if found == name:
                statement.value = None
    return tree


def _said(value: object) -> object:
    """A syntax tree as tuples, docstrings without their margins."""
    match value:
        case ast.Expr(value=ast.Constant(value=str(docstring))):
            return ("docstring", inspect.cleandoc(docstring).strip())
        case ast.AST():
            parts = ((name, _said(getattr(value, name, None))) for name in value._fields if name not in _LAYOUT)
            return (type(value).__name__, *(part for part in parts if part[1] not in (None, ())))
        case list():
            return tuple(map(_said, value))
    return value


def _comments(text: str) -> list[str]:
    lines = io.StringIO(text).readline
    return [f"\n{token.string.rstrip()}" for token in tokenize.generate_tokens(lines) if token.type == tokenize.COMMENT]
