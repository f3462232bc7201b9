"""Accepted: the values that an input accepts, read from its annotation.

    Annotated[int | list[int], ModelFilter(…)] | None  ─▶  one: int   many: list of int   none: yes

Annotations are read in the form in which the generator writes them. Anything else, such as a type from a project's own
template, is identified by its source text. Many choices are read in parts, since a syntax tree takes a hundred times
the size of its text.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

from invokable.contract.fields import Choices
from invokable.contract.limits import BOUNDS, NO_LIMITS, Limits
from invokable.contract.models import ANY_MODEL, ModelFilter
from invokable.contract.module_text import entries
from invokable.contract.parsed import most_tokens
from invokable.contract.statements import LONG, Span, long_parts

_LITERAL: Final = "Literal["


@dataclass(frozen=True, slots=True)
class One:
    """A single value."""

    base: str
    """The name of the type, such as `int` or `ImageInput`; for choices, the type of the choices."""
    choices: Choices = ()
    limits: Limits = NO_LIMITS
    models: ModelFilter = ANY_MODEL


@dataclass(frozen=True, slots=True)
class Many:
    """A list."""

    item: One
    limits: Limits = NO_LIMITS
    """The minimum and maximum number of items."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """What an input accepts: a single value, a list, None, or several of these."""

    one: One | None = None
    many: Many | None = None
    none: bool = False

    @property
    def value(self) -> One | None:
        """The single value, or the item of the list."""
        return self.one or (self.many.item if self.many else None)


@lru_cache(maxsize=128)
def read_annotation(annotation: str) -> Accepted:
    """Read an annotation. Raises SyntaxError or ValueError for anything else."""
    if (choices := _long_literal(annotation)) is not None:
        return Accepted(one=_choices(choices))
    accepted = Accepted()
    for alternative in _alternatives(ast.parse(annotation.strip(), mode="eval").body, ()):
        match alternative:
            case One():
                accepted = replace(accepted, one=alternative)
            case Many():
                accepted = replace(accepted, many=alternative)
            case None:
                accepted = replace(accepted, none=True)
    return accepted


def _long_literal(annotation: str) -> list[object] | None:
    """The choices of a long Literal; None for anything else."""
    if len(annotation) <= LONG or not annotation.startswith(_LITERAL):
        return None
    text = annotation.encode()
    inside = Span(len(_LITERAL), len(text) - 1)
    return list(entries(text, inside, most_tokens(text))) if list(long_parts(text, 0, len(text))) == [inside] else None


def _alternatives(node: ast.expr, extras: Sequence[ast.expr]) -> Iterator[One | Many | None]:
    match node:
        case ast.Subscript(
            value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[_, ast.Call(func=ast.Name(id="OneOf"), args=values)])
        ):
            yield _one_of([ast.literal_eval(value) for value in values])
        case ast.Subscript(value=ast.Name(id="Annotated"), slice=ast.Tuple(elts=[inner, *more])):
            yield from _alternatives(inner, (*more, *extras))
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            yield from _alternatives(left, extras)
            yield from _alternatives(right, extras)
        case ast.Constant(value=None):
            yield None
        case ast.Subscript(value=ast.Name(id="list"), slice=item):
            models = [extra for extra in extras if _called(extra) == "ModelFilter"]
            inner_types = [kind for kind in _alternatives(item, models) if isinstance(kind, One)]
            yield Many(inner_types[0] if len(inner_types) == 1 else One(ast.unparse(item)), _limits(extras, "items"))
        case ast.Subscript(value=ast.Name(id="Literal"), slice=ast.Tuple(elts=values)):
            yield _choices([ast.literal_eval(value) for value in values])
        case ast.Subscript(value=ast.Name(id="Literal"), slice=value):
            yield _choices([ast.literal_eval(value)])
        case _:
            yield One(ast.unparse(node), (), _limits(extras, "length"), _models(extras))


def _choices(values: list[Any]) -> One:
    """The choices of a Literal."""
    if any(isinstance(value, float) for value in values):
        raise ValueError("a choice is neither a string nor an integer, or too large")
    return _one_of(values)


def _one_of(values: list[Any]) -> One:
    """The choices of a Literal or a OneOf."""
    if not all(isinstance(value, str | bool) or _is_number(value) for value in values):
        raise ValueError("a choice is neither a string nor a number, or too large")
    bases = {type(value).__name__ for value in values}
    number = "float" if "float" in bases else "int"
    bases = {number if base == "int" else base for base in bases}
    return One(bases.pop() if len(bases) == 1 else f"str | {number} | bool", tuple(values))


def _limits(extras: Sequence[ast.expr], sized: str) -> Limits:
    found: dict[str, Any] = {}
    for extra in extras:
        name = _called(extra)
        if name in BOUNDS and isinstance(extra, ast.Call):
            found[BOUNDS[name]] = ast.literal_eval(extra.args[0])
        elif name == "Len" and isinstance(extra, ast.Call):
            sizes = [ast.literal_eval(size) for size in extra.args]
            found |= dict(zip((f"min_{sized}", f"max_{sized}"), sizes, strict=False))
    if not all(bound is None or _is_number(bound) for bound in found.values()):
        raise ValueError("a limit is not a number, or too large")
    if found.get("multiple_of", 1) <= 0:
        raise ValueError("a step is not more than 0")
    return Limits.from_json(found)


def _is_number(bound: object) -> bool:
    if isinstance(bound, bool) or not isinstance(bound, int | float):
        return False
    try:
        return math.isfinite(bound)
    except OverflowError:
        return False


def _models(extras: Sequence[ast.expr]) -> ModelFilter:
    for extra in extras:
        if isinstance(extra, ast.Call) and _called(extra) == "ModelFilter":
            wanted = {str(word.arg): ast.literal_eval(word.value) for word in extra.keywords}
            if not all(isinstance(part, tuple) and all(isinstance(n, str) for n in part) for part in wanted.values()):
                raise ValueError("a model filter does not consist of strings")
            return ModelFilter(**wanted)
    return ANY_MODEL


def _called(node: ast.expr) -> str:
    match node:
        case ast.Call(func=ast.Name(id=name), args=args) if args or name == "ModelFilter":
            return name
    return ""
