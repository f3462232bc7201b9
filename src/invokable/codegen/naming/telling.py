"""Telling apart: what distinguishes inputs, or outputs, that would have the same name.

Each member brings steps: places where distinguishing words may be found, the best first, the same places for every
member. A step tells a group apart when each member finds words there that the others do not have; one member may find
none and keep the bare name, as in `model` and `refiner_model`. A step that only splits a group is the last resort
before a number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias
from unicodedata import normalize

from invokable.codegen.naming import spelling

Steps: TypeAlias = Sequence[Sequence[str]]
"""For each place the texts that are found there, the nearest first."""

_STRONG: Final = 3
"""So many of the first steps are what a person wrote about the member itself: they go before all others."""


@dataclass(frozen=True, slots=True)
class Member:
    """An input or output among others, whose name has to differ from theirs."""

    position: int
    text: str
    """What all members are called."""
    short: str
    """What it may be called once qualified; empty for the same."""
    fallback: str
    opened: str
    """Its text including what is in brackets; empty if nothing is."""
    steps: Steps


def tell_apart(members: Sequence[Member], taken: set[str], reserved: frozenset[str]) -> list[str]:
    """A name for each member, unlike each other and unlike those in `taken`."""
    found = dict(_told(members, frozenset(taken), reserved))
    names: dict[int, str] = {}
    unavailable = set(taken)
    numbers: dict[str, int] = {}
    for member in members:
        name = _numbered(found[member.position], unavailable, numbers)
        unavailable.add(_fold(name))
        names[member.position] = name
    return [names[member.position] for member in members]


def _told(members: Sequence[Member], taken: frozenset[str], reserved: frozenset[str]) -> Iterator[tuple[int, str]]:
    for texts in _candidates(members):
        names = [spelling.attribute(t, m.fallback, reserved) for t, m in zip(texts, members, strict=True)]
        folded = {_fold(name) for name in names}
        if len(folded) == len(members) and folded.isdisjoint(taken):
            yield from ((member.position, name) for member, name in zip(members, names, strict=True))
            return
    yield from _split(members, taken, reserved)


def _candidates(members: Sequence[Member]) -> Iterator[list[str]]:
    """The texts that could be the members' names, all members at a time, the best first."""
    if any(member.opened for member in members):
        yield [member.opened or member.text for member in members]
    count = len(members[0].steps)
    chosen = [_distinct(members, step) for step in range(count)]
    for some in (range(min(_STRONG, count)), range(_STRONG, count)):
        for silent in (0, 1):  # how many members may find nothing
            for step in some:
                if sum(not text for text in chosen[step]) == silent and silent < len(members):
                    texts = [_qualified(text, member) for text, member in zip(chosen[step], members, strict=True)]
                    yield texts
                    yield [spelling.opened(text) for text in texts]


def _qualified(text: str, member: Member) -> str:
    return spelling.joined(text, member.short or member.text) if text else member.text


def _distinct(members: Sequence[Member], step: int) -> list[str]:
    """For each member the first of its texts at a step that no other member has."""
    counts = Counter(key for member in members for key in {spelling.folded(text) for text in member.steps[step]})
    return [_first(member, step, counts, 1) for member in members]


def _first(member: Member, step: int, counts: Counter[tuple[str, ...]], most: int) -> str:
    for text in member.steps[step]:
        key = spelling.folded(text)
        if key and counts[key] <= most and spelling.joined(text, member.text) != member.text:
            return text
    return ""


def _split(members: Sequence[Member], taken: frozenset[str], reserved: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Names by the first step that splits the group at all; what is left together is told apart in turn."""
    for step in range(len(members[0].steps)) if len(members) > 2 else ():
        counts = Counter(key for member in members for key in {spelling.folded(text) for text in member.steps[step]})
        classes: dict[str, list[Member]] = {}
        for member in members:
            text = _qualified(_first(member, step, counts, len(members) - 1), member)
            name = spelling.attribute(text, member.fallback, reserved)
            classes.setdefault(_fold(name), []).append(replace(member, text=text, short="", opened=""))
        if len(classes) > 1 and taken.isdisjoint(classes):
            for several in classes.values():
                yield from _told(several, taken, reserved)
            return
    for member in members:
        yield member.position, spelling.attribute(member.text, member.fallback, reserved)


def _numbered(name: str, taken: set[str], numbers: dict[str, int]) -> str:
    """The name, with a number where it is taken. `numbers` remembers where the search for each name has come to."""
    if _fold(name) not in taken:
        return name
    base = name.rstrip("_")
    number = numbers.get(base, 2)
    while _fold(f"{base}_{number}") in taken:
        number += 1
    numbers[base] = number
    return f"{base}_{number}"


def _fold(name: str) -> str:
    return normalize("NFKC", name)
