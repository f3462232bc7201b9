"""Scalars: numbers, texts, booleans and choices, accepted as leniently as by the server."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from invokable.contract.limits import is_multiple
from invokable.schema import Limits
from invokable.testing.server.problems import Detail
from invokable.testing.words import truth

Loc = tuple[str | int, ...]
Taken = tuple[Any, list[Detail]]
"""The converted value and its errors."""

_WHOLE: Final = re.compile(r"\s*[+-]?\d+(_\d+)*(\.0*)?\s*")
_NOT_A_WHOLE_NUMBER: Final = "Input should be a valid integer, unable to parse string as an integer"


_BOUNDS: Final[tuple[tuple[str, str, str, Callable[[float, float], bool]], ...]] = (
    ("maximum", "less than or equal to", "le", operator.le),
    ("exclusive_maximum", "less than", "lt", operator.lt),
    ("minimum", "greater than or equal to", "ge", operator.ge),
    ("exclusive_minimum", "greater than", "gt", operator.gt),
)


def integer(value: Any, limits: Limits, loc: Loc) -> Taken:
    """Accept an integer, also as text or float."""
    if isinstance(value, str):
        if not _WHOLE.fullmatch(value):
            return None, [Detail("int_parsing", loc, _NOT_A_WHOLE_NUMBER, value)]
        taken = int(value.strip().partition(".")[0])
    elif isinstance(value, bool | int):
        taken = int(value)
    elif isinstance(value, float):
        if not value.is_integer():
            words = "Input should be a valid integer, got a number with a fractional part"
            return None, [Detail("int_from_float", loc, words, value)]
        taken = int(value)
    else:
        return None, [Detail("int_type", loc, "Input should be a valid integer", value)]
    return taken, _beyond(taken, value, limits, loc, int)


def number(value: Any, limits: Limits, loc: Loc) -> Taken:
    """Accept a number, also as text."""
    if isinstance(value, str):
        try:
            taken = float(value)
        except ValueError:
            words = "Input should be a valid number, unable to parse string as a number"
            return None, [Detail("float_parsing", loc, words, value)]
    elif isinstance(value, bool | int | float):
        taken = float(value)
    else:
        return None, [Detail("float_type", loc, "Input should be a valid number", value)]
    return taken, _beyond(taken, value, limits, loc, float)


def text(value: Any, limits: Limits, loc: Loc) -> Taken:
    """Accept text; numbers become text, booleans do not."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return None, [Detail("string_type", loc, "Input should be a valid string", value)]
    if limits.min_length is not None and len(value) < limits.min_length:
        words = f"String should have at least {limits.min_length} {_plural('character', limits.min_length)}"
        return None, [Detail("string_too_short", loc, words, value, {"min_length": limits.min_length})]
    if limits.max_length is not None and len(value) > limits.max_length:
        words = f"String should have at most {limits.max_length} {_plural('character', limits.max_length)}"
        return None, [Detail("string_too_long", loc, words, value, {"max_length": limits.max_length})]
    return value, []


def boolean(value: Any, loc: Loc) -> Taken:
    """Accept a boolean, or a word or number that means one."""
    if isinstance(value, bool):
        return value, []
    if isinstance(value, str | int | float):
        if (meant := truth(value)) is not None:
            return meant, []
        words = "Input should be a valid boolean, unable to interpret input"
        return None, [Detail("bool_parsing", loc, words, value)]
    return None, [Detail("bool_type", loc, "Input should be a valid boolean", value)]


def choice(value: Any, options: Sequence[Any], loc: Loc, *, kind: str = "literal_error") -> Taken:
    """Accept one of several values. `kind` is the server's error type: `literal_error`, or `enum` for enumerations."""
    if any(value == option and type(value) is type(option) for option in options):
        return value, []
    expected = one_of(options)
    return None, [Detail(kind, loc, f"Input should be {expected}", value, {"expected": expected})]


def one_of(options: Sequence[Any]) -> str:
    """The options as text: `'a', 'b' or 'c'`."""
    *first, last = [repr(option) for option in options] or ["nothing"]
    return f"{', '.join(first)} or {last}" if first else last


def _beyond(taken: float, value: Any, limits: Limits, loc: Loc, kind: type) -> list[Detail]:
    if limits.multiple_of is not None and not is_multiple(taken, limits.multiple_of):
        step = kind(limits.multiple_of)
        return [Detail("multiple_of", loc, f"Input should be a multiple of {step:g}", value, {"multiple_of": step})]
    for name, words, short, within in _BOUNDS:
        limit = getattr(limits, name)
        if limit is not None and not within(taken, limit):
            held = kind(limit)
            return [
                Detail(
                    words.replace(" or equal to", "_equal").replace(" ", "_"),
                    loc,
                    f"Input should be {words} {held:.16g}",
                    value,
                    {short: held},
                )
            ]
    return []


def _plural(word: str, count: int) -> str:
    return word if count == 1 else f"{word}s"
