"""Fits: whether an input accepts everything that another one does, and in which aspects it does not.

A value is accepted if both a type checker, run on the caller's code, and the runtime's validation accept it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import astuple
from typing import Final, Literal, TypeAlias

from invokable.contract.interface.accepted import Accepted, Many, One
from invokable.contract.limits import Limits, is_multiple
from invokable.contract.models import ModelFilter

Aspect: TypeAlias = Literal["type", "limits", "choices", "models", "none"]

JSON_TYPES: Final = frozenset({"JsonValue", "bool", "float", "int", "str"})
"""Types whose values are already JSON."""
_NUMBERS: Final = frozenset({"float", "int"})


def misfits(given: Accepted, accepting: Accepted) -> frozenset[Aspect]:
    """The aspects in which `accepting` refuses something that `given` accepts; empty if it accepts everything."""
    return frozenset(_misfits(given, accepting))


def _misfits(given: Accepted, accepting: Accepted) -> Iterator[Aspect]:
    anything = accepting.one is not None and accepting.one.base == "JsonValue"
    if given.none and not accepting.none and not anything:
        yield "none"
    if given.one is not None:
        if accepting.one is None:
            yield "type"
        else:
            yield from _misfits_of_one(given.one, accepting.one)
    if given.many is not None:
        if accepting.many is not None:
            yield from _misfits_of_many(given.many, accepting.many)
        elif not (anything and given.many.item.base in JSON_TYPES):
            yield "type"


def _misfits_of_one(given: One, accepting: One) -> Iterator[Aspect]:
    if accepting.base == "JsonValue":
        if given.base not in JSON_TYPES:
            yield "type"
        return
    if given.base != accepting.base and not (
        given.base == "int" and accepting.base == "float" and not accepting.choices
    ):
        yield "type"
        return
    if accepting.choices:
        if not given.choices or not _typed(given.choices) <= _typed(accepting.choices):
            yield "choices"
    elif not _within(accepting.limits, given):
        yield "limits"
    if not _admits(accepting.models, given.models):
        yield "models"


def _misfits_of_many(given: Many, accepting: Many) -> Iterator[Aspect]:
    """To a type checker, a list of one type is not a list of another, even if every item would be accepted."""
    one, other = given.item, accepting.item
    if other.base != "JsonValue" and one.base != other.base:
        yield "type"
        return
    if _typed(one.choices) != _typed(other.choices):
        yield "choices"
    else:
        yield from _misfits_of_one(one, other)
    if not _contains_size(accepting.limits, given.limits):
        yield "limits"


def _within(limits: Limits, given: One) -> bool:
    if given.choices:
        return not any(map(limits.misfit_of_one, given.choices))
    if given.base in _NUMBERS:
        return contains(limits, given.limits, whole=given.base == "int")
    return _contains_size(limits, given.limits)


def _typed(choices: tuple[object, ...]) -> set[tuple[type, object]]:
    return {(type(choice), choice) for choice in choices}


def _admits(outer: ModelFilter, inner: ModelFilter) -> bool:
    pairs = zip(astuple(outer), astuple(inner), strict=True)
    return all(not wanted or (offered and set(offered) <= set(wanted)) for wanted, offered in pairs)


def _contains_size(outer: Limits, inner: Limits) -> bool:
    """Whether every length, and every number of items, that `inner` allows is allowed by `outer`."""
    least = (outer.min_length or 0) <= (inner.min_length or 0) and (outer.min_items or 0) <= (inner.min_items or 0)
    return least and _up_to(outer.max_length, inner.max_length) and _up_to(outer.max_items, inner.max_items)


def _up_to(outer: int | None, inner: int | None) -> bool:
    return outer is None or (inner is not None and inner <= outer)


def contains(outer: Limits, inner: Limits, *, whole: bool) -> bool:
    """Whether every number that `inner` allows is allowed by `outer`; `whole` for integers."""
    if whole:
        low, high = _whole_ends(inner)
        if low > high:
            return True
        ends = [end for end in (low, high) if math.isfinite(end)]
        within = not any(_outside(outer, end) for end in ends)
        below = math.isfinite(low) or outer.lower == -math.inf
        above = math.isfinite(high) or outer.upper == math.inf
        return within and below and above and (low == high or _step_fits(outer, inner, whole=True))
    if outer.lower > inner.lower or outer.upper < inner.upper:
        return False
    opened = (outer.exclusive_minimum == inner.lower and inner.exclusive_minimum != inner.lower) or (
        outer.exclusive_maximum == inner.upper and inner.exclusive_maximum != inner.upper
    )
    return not opened and _step_fits(outer, inner, whole=False)


def _outside(limits: Limits, number: float) -> bool:
    return bool(limits.misfit_of_number(int(number)))


def _whole_ends(limits: Limits) -> tuple[float, float]:
    """The smallest and the largest integer within limits."""
    step = max(1, int(limits.multiple_of or 1))
    low, high = limits.lower, limits.upper
    if math.isfinite(low):
        low = math.floor(low) + 1 if low == limits.exclusive_minimum else math.ceil(low)
        low = -(-low // step) * step
    if math.isfinite(high):
        high = math.ceil(high) - 1 if high == limits.exclusive_maximum else math.floor(high)
        high = high // step * step
    return low, high


def _step_fits(outer: Limits, inner: Limits, *, whole: bool) -> bool:
    step = inner.multiple_of or (1 if whole else None)
    return outer.multiple_of is None or (step is not None and is_multiple(step, outer.multiple_of))
