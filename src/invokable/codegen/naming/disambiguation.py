"""Disambiguation: distinguish inputs or outputs that would have the same name.

Each member has steps: places with words that may distinguish it, best first, the same places for every member. A step
tells a group apart if each member has words there that the others do not have; one member may have none and keep the
bare name, as in `model` and `refiner_model`. A step that only splits the group is the last resort before a number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from invokable.codegen.naming import spelling

Steps: TypeAlias = Sequence[Sequence[str]]
"""The texts found at each place, nearest first."""

_STRONG: Final = 3
"""The number of first steps with texts that a person wrote about the member itself; they precede all others."""


@dataclass(frozen=True, slots=True)
class Member:
    """An input or output whose name has to differ from the others in its group."""

    position: int
    text: str
    """The common name of the group."""
    short: str
    """The shorter name to use with a qualifier; empty if it is the same."""
    fallback: str
    opened: str
    """Its text including the parts in brackets; empty if there are none."""
    steps: Steps


def disambiguate(members: Sequence[Member], taken: set[str], reserved: frozenset[str]) -> list[str]:
    """A name for each member, different from each other and from those in `taken`."""
    found = dict(_distinguished(members, frozenset(taken), reserved))
    names: dict[int, str] = {}
    unavailable = set(taken)
    numbers: dict[str, int] = {}
    for member in members:
        name = _numbered(found[member.position], unavailable, numbers)
        unavailable.add(spelling.fold(name))
        names[member.position] = name
    return [names[member.position] for member in members]


def _distinguished(
    members: Sequence[Member], taken: frozenset[str], reserved: frozenset[str]
) -> Iterator[tuple[int, str]]:
    for texts in _candidates(members):
        names = [spelling.attribute(t, m.fallback, reserved) for t, m in zip(texts, members, strict=True)]
        folded = {spelling.fold(name) for name in names}
        if len(folded) == len(members) and folded.isdisjoint(taken):
            yield from ((member.position, name) for member, name in zip(members, names, strict=True))
            return
    yield from _split(members, taken, reserved)


def _candidates(members: Sequence[Member]) -> Iterator[list[str]]:
    """Possible texts for the names of all members, best first."""
    if any(member.opened for member in members):
        yield [member.opened or member.text for member in members]
    count = len(members[0].steps)
    chosen = [_distinct(members, step) for step in range(count)]
    for some in (range(min(_STRONG, count)), range(_STRONG, count)):
        for silent in (0, 1):  # how many members may have no words
            for step in some:
                if sum(not text for text in chosen[step]) == silent and silent < len(members):
                    texts = [_qualified(text, member) for text, member in zip(chosen[step], members, strict=True)]
                    yield texts
                    yield [spelling.opened(text) for text in texts]


def _qualified(text: str, member: Member) -> str:
    return spelling.joined(text, member.short or member.text) if text else member.text


def _distinct(members: Sequence[Member], step: int) -> list[str]:
    """For each member, its first text at a step that no other member has."""
    counts = Counter(key for member in members for key in {spelling.folded(text) for text in member.steps[step]})
    return [_first(member, step, counts, 1) for member in members]


def _first(member: Member, step: int, counts: Counter[tuple[str, ...]], most: int) -> str:
    for text in member.steps[step]:
        key = spelling.folded(text)
        if key and counts[key] <= most and spelling.joined(text, member.text) != member.text:
            return text
    return ""


def _split(members: Sequence[Member], taken: frozenset[str], reserved: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Names by the first step that splits the group; the parts are told apart in turn."""
    for step in range(len(members[0].steps)) if len(members) > 2 else ():
        counts = Counter(key for member in members for key in {spelling.folded(text) for text in member.steps[step]})
        classes: dict[str, list[Member]] = {}
        for member in members:
            text = _qualified(_first(member, step, counts, len(members) - 1), member)
            name = spelling.attribute(text, member.fallback, reserved)
            classes.setdefault(spelling.fold(name), []).append(replace(member, text=text, short="", opened=""))
        if len(classes) > 1 and taken.isdisjoint(classes):
            for name, several in classes.items():
                if len(several) == 1:
                    yield several[0].position, name
                else:
                    yield from _distinguished(several, taken, reserved)
            return
    for member in members:
        yield member.position, spelling.attribute(member.text, member.fallback, reserved)


def _numbered(name: str, taken: set[str], numbers: dict[str, int]) -> str:
    """The name, with a number if it is taken. `numbers` has the next number to try for each name."""
    if spelling.fold(name) not in taken:
        return name
    base = name.rstrip("_")
    number = numbers.get(base, 2)
    while spelling.fold(f"{base}_{number}") in taken:
        number += 1
    numbers[base] = number
    return f"{base}_{number}"
