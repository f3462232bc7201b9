"""Limits: the schema's own, narrowed by the form's, without those that make no sense.

A limit makes no sense if pydantic cannot check it (a step of zero) or if it allows no value at all. Such limits are
dropped, because otherwise nobody could fill in the field; the module's warnings list them. Limits that do not concern
the type, such as the length of a number, are ignored.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from invokable.contract.fields import NUMBERS
from invokable.contract.limit_words import whole
from invokable.contract.limits import BOUNDS, NO_LIMITS, Limits
from invokable.schema.model import MISSING

if TYPE_CHECKING:
    from invokable.schema.model import InputTemplate
    from invokable.workflow import FormInput

_LEAST_STEP: Final = 1e-300  # below it doubles run out of digits, and pydantic accepts no number as a multiple
_MOST_NEEDED: Final = 10_000_000  # characters or items; a larger minimum is dropped
_MOST_ALLOWED: Final = 2**62  # larger sizes limit nothing, and pydantic does not accept them
_OF_TEXT: Final = ("min_length", "max_length")
_OF_LIST: Final = ("min_items", "max_items")
_OF_VALUE: Final[Mapping[str, Iterable[str]]] = {
    **dict.fromkeys(NUMBERS, BOUNDS.values()),
    **dict.fromkeys(("SavedWorkflowField", "StringField"), _OF_TEXT),
}
"""The limits that concern a single value, by its type."""


def cardinality_of(template: InputTemplate) -> str:
    """The field's cardinality. "One or a list" with a limit takes a single value: the server fails on a list there."""
    limits = template.limits
    limited = any(getattr(limits, name) is not None for name in BOUNDS.values())
    if template.type.cardinality == "SINGLE_OR_COLLECTION" and limited:
        return "SINGLE"
    return template.type.cardinality


def effective_limits(item: FormInput) -> tuple[Limits, tuple[str, ...]]:
    """The limits of an input, and descriptions of those dropped.

    The form's limits only restrict typing in the editor, which runs a value beyond them. They apply unless the
    workflow's own value, or the default that the editor runs without one, is beyond them, or no value would be left.
    """
    template = item.template
    limits, dropped = usable_limits(template)
    if template.type.name not in NUMBERS or cardinality_of(template) != "SINGLE":
        return limits, dropped
    narrowed = limits
    if item.minimum is not None and item.minimum > limits.lower:
        narrowed = replace(narrowed, minimum=item.minimum, exclusive_minimum=None)
    if item.maximum is not None and item.maximum < limits.upper:
        narrowed = replace(narrowed, maximum=item.maximum, exclusive_maximum=None)
    whole = template.type.name == "IntegerField"
    narrowed = _in_integers(narrowed) if whole else _shortened(narrowed)
    value = template.default if item.value is MISSING and not template.required else item.value
    if isinstance(value, int | float) and narrowed.misfit_of_number(value) and not limits.misfit_of_number(value):
        return limits, dropped
    if not admits_a_number(narrowed, whole=whole):
        return limits, (*dropped, "the form's limits, which allow no value")
    return narrowed, dropped


def usable_limits(template: InputTemplate) -> tuple[Limits, tuple[str, ...]]:
    """The usable limits of a field's schema, and descriptions of those dropped."""
    name = template.type.name
    of_value = _OF_VALUE.get(name, ())
    if cardinality_of(template) == "SINGLE":
        return _usable(_only(of_value, template.limits), name)
    limits, dropped = _usable(_only(_OF_LIST, template.limits), name)
    inner, inner_dropped = _usable(_only(of_value, template.limits.item or NO_LIMITS), name)
    return replace(limits, item=inner or None), (*dropped, *inner_dropped)


def admits_a_number(limits: Limits, *, whole: bool) -> bool:
    """Whether any number is within the limits."""
    return any(not limits.misfit_of_number(candidate) for candidate in _candidates(limits, whole=whole))


def _only(names: Iterable[str], limits: Limits) -> Limits:
    return Limits(**{name: getattr(limits, name) for name in names}) if limits else limits


def _usable(limits: Limits, type_name: str) -> tuple[Limits, tuple[str, ...]]:
    if not limits:
        return limits, ()
    dropped: list[str] = []
    whole = type_name == "IntegerField"
    step = limits.multiple_of
    if step is not None and not (step >= _LEAST_STEP and (not whole or step == int(step))):
        dropped.append(f"a step of {step!r}, which is {'not a whole number' if whole and step > 0 else 'too small'}")
        limits = replace(limits, multiple_of=None)
    limits = _in_integers(limits) if whole else _shortened(limits)
    if type_name in NUMBERS and not admits_a_number(limits, whole=whole):
        dropped.append("limits that allow no value")
        limits = replace(limits, **dict.fromkeys(BOUNDS.values()))
    for (least, most), unit in ((_OF_TEXT, "characters"), (_OF_LIST, "items")):
        low, high = getattr(limits, least) or 0, getattr(limits, most)
        if high is not None and high > _MOST_ALLOWED:
            limits, high = replace(limits, **{most: None}), None
        if low > _MOST_NEEDED or (high is not None and low > high):
            dropped.append(f"a minimum of {low} {unit}")
            limits = replace(limits, **{least: None})
    return limits, tuple(dropped)


def _in_integers(limits: Limits) -> Limits:
    """The limits as integers; pydantic accepts no others for an integer."""
    low, high = limits.minimum, limits.maximum
    above, below = limits.exclusive_minimum, limits.exclusive_maximum
    if above is not None and above != int(above):
        low, above = max(math.ceil(above), -math.inf if low is None else low), None
    if below is not None and below != int(below):
        high, below = min(math.floor(below), math.inf if high is None else high), None
    return replace(
        limits,
        minimum=None if low is None else math.ceil(low),
        maximum=None if high is None else math.floor(high),
        exclusive_minimum=None if above is None else int(above),
        exclusive_maximum=None if below is None else int(below),
        multiple_of=None if limits.multiple_of is None else int(limits.multiple_of),
    )


def _shortened(limits: Limits) -> Limits:
    """The limits with `2.0` written as `2`."""
    bounds = {name: bound for name in BOUNDS.values() if (bound := getattr(limits, name)) is not None}
    shortened: dict[str, Any] = {name: whole(bound) for name, bound in bounds.items()}
    return replace(limits, **shortened)


def _candidates(limits: Limits, *, whole: bool) -> Iterator[float]:
    """Numbers of which one is within the limits if any number is: the ends, and the multiples next to them."""
    yield 0
    ends = [end for end in (limits.lower, limits.upper) if math.isfinite(end)]
    for end in ends:
        if limits.multiple_of is None:
            yield from (end - 1, end, end + 1) if whole else _neighbours(end)
        else:
            count = end // limits.multiple_of
            if math.isfinite(count):
                yield from (_times(int(count) + more, limits.multiple_of) for more in (-1, 0, 1, 2))


def _neighbours(end: float) -> tuple[float, ...]:
    return math.nextafter(end, -math.inf), end, math.nextafter(end, math.inf)


def _times(count: int, step: float) -> float:
    try:
        return count * step
    except OverflowError:
        return math.inf
