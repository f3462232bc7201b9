"""Expressions: source text with the names that it needs, from which the imports follow.

name, value, text ──▶ call, subscript, union, listing, lazily ──▶ Expression ── names ──▶ import lines
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from invokable.codegen.python.code import Code, identifier, list_of, literal, text_literal

_BUILTINS = frozenset({"None", "bool", "dict", "float", "int", "list", "str"})


@dataclass(frozen=True, slots=True)
class Expression:
    """Source text and the names that it needs."""

    code: Code
    names: frozenset[str] = frozenset()
    """Names to import, such as `Ge` and `Annotated`, or `module:Name`."""

    def __str__(self) -> str:
        return self.code


@lru_cache(maxsize=1_000)
def name(text: str) -> Expression:
    """A builtin name or one to import."""
    return Expression(identifier(text) if text != "None" else Code(text), _needed(text))


def imported(home: str) -> Expression:
    """A name from a module other than the runtime: `module:Name`."""
    return Expression(identifier(home.partition(":")[2]), frozenset({home}))


def local(text: str) -> Expression:
    """A name that the module defines itself."""
    return Expression(identifier(text))


def value(json: object) -> Expression:
    """A JSON value, or a tuple of them. Raises TypeError for anything else."""
    return listing(map(value, json)) if isinstance(json, list) else Expression(literal(json))


def text(words: str) -> Expression:
    """A text, on several lines if it is long."""
    return Expression(text_literal(words))


def call(called: str, /, *arguments: object, **keywords: object) -> Expression:
    """A call of `called`. Arguments are expressions or JSON values."""
    given = [_expression(argument) for argument in arguments]
    named = {identifier(key): _expression(argument) for key, argument in keywords.items()}
    parts = [*(str(part) for part in given), *(f"{key}={part}" for key, part in named.items())]
    return _joined(f"{identifier(called)}({', '.join(parts)})", [*given, *named.values()], _needed(called))


def subscript(subscripted: str, arguments: Iterable[object]) -> Expression:
    """`subscripted[…]`, as in an annotation."""
    parts = [_expression(argument) for argument in arguments]
    return _joined(f"{identifier(subscripted)}[{', '.join(map(str, parts))}]", parts, _needed(subscripted))


def one_of(choices: Iterable[object]) -> Expression:
    """`Literal["A", "B"]`. The choices are plain values rather than expressions, since there may be very many."""
    return Expression(Code(f"Literal[{', '.join(map(literal, choices))}]"), _needed("Literal"))


def union(*members: Expression) -> Expression:
    """`A | B`."""
    return _joined(" | ".join(map(str, members)), members)


def listing(items: Iterable[Expression]) -> Expression:
    """`[A, B]`."""
    parts = list(items)
    return _joined(list_of([part.code for part in parts]), parts)


def made_by(factory: Expression, *arguments: Expression) -> Expression:
    """A call of an expression, such as `list[int]([1, 2])`."""
    return _joined(f"{factory}({', '.join(map(str, arguments))})", [factory, *arguments])


def method(owner: Expression, called: str, *arguments: object) -> Expression:
    """A call of a method, such as `Palette.from_invokeai(…)`."""
    return made_by(Expression(Code(f"{owner}.{identifier(called)}"), owner.names), *map(_expression, arguments))


def lazily(expression: Expression) -> Expression:
    """`lambda: A`."""
    return Expression(Code(f"lambda: {expression}"), expression.names)


def _joined(source: str, parts: Iterable[Expression], names: frozenset[str] = frozenset()) -> Expression:
    return Expression(Code(source), _together(frozenset({names, *(part.names for part in parts)})))


@lru_cache(maxsize=1_000)
def _together(several: frozenset[frozenset[str]]) -> frozenset[str]:
    """All names of several expressions: one object where they are the same, as they are for most fields of a form."""
    return frozenset().union(*several)


def _expression(argument: object) -> Expression:
    return argument if isinstance(argument, Expression) else value(argument)


@lru_cache(maxsize=1_000)
def _needed(text: str) -> frozenset[str]:
    return frozenset() if text in _BUILTINS else frozenset({text})
