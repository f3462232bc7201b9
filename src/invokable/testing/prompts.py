"""Dynamic prompts, such as `a {red|blue} fox`, and their expansion: for the endpoint and for the node alike.

{a|b}        one of them
{2$$a|b|c}   two of them, in any order, joined by a comma
{1-2$$a|b}   one or two
{2$$ and $$a|b|c}   joined by another separator
{3::a|b}     weights, for random prompts

Braces that do not match are an error, but a closing brace alone is text.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_COUNT: Final = re.compile(r"\s*(\d+)?(-)?(\d+)?\s*\$\$")
_WILDCARD: Final = re.compile(r"__([^_\s][^\s]*?)__")
_WEIGHT: Final = re.compile(r"\s*(\d+(?:\.\d+)?)::")


class PromptError(ValueError):
    """A prompt whose braces do not match."""


@dataclass(frozen=True, slots=True)
class _Choice:
    options: tuple[tuple[_Part, ...], ...]
    weights: tuple[float, ...]
    least: int = 1
    most: int = 1
    joint: str = ","


_Part = str | _Choice


def all_of(prompt: str, most: int) -> list[str]:
    """The first `most` prompts, in order. Raises PromptError."""
    return list(itertools.islice(_every(_parse(prompt)), most))


def some_of(prompt: str, count: int, draw: random.Random) -> list[str]:
    """`count` random prompts. Raises PromptError."""
    parts = _parse(prompt)
    return [_drawn(parts, draw) for _ in range(count)]


def wildcards(prompt: str) -> list[str]:
    """The names of the wildcards, such as `__colors__`, among the options. Raises PromptError."""
    return list(_wildcards(_parse(prompt)))


def _wildcards(parts: tuple[_Part, ...]) -> Iterator[str]:
    options = [option for part in parts if not isinstance(part, str) for option in part.options]
    for text in (part for option in options for part in option if isinstance(part, str)):
        yield from _WILDCARD.findall(text)
    for option in options:
        yield from _wildcards(option)


def _every(parts: tuple[_Part, ...]) -> Iterator[str]:
    if not parts:
        yield ""
        return
    first, rest = parts[0], parts[1:]
    for begin in [first] if isinstance(first, str) else _chosen(first):
        for end in _every(rest):
            yield begin + end


def _chosen(choice: _Choice) -> Iterator[str]:
    for count in range(choice.least, choice.most + 1):
        for options in itertools.permutations(choice.options, count):
            for texts in itertools.product(*(list(_every(option)) for option in options)):
                yield choice.joint.join(texts)


def _drawn(parts: tuple[_Part, ...], draw: random.Random) -> str:
    text = ""
    for part in parts:
        if isinstance(part, str):
            text += part
            continue
        left = list(zip(part.options, part.weights, strict=True))
        taken = []
        for _ in range(min(draw.randint(part.least, part.most), len(left))):
            position = draw.choices(range(len(left)), [weight for _, weight in left])[0]
            taken.append(_drawn(left.pop(position)[0], draw))
        text += part.joint.join(taken)
    return text


def _parse(prompt: str) -> tuple[_Part, ...]:
    return _sequence(prompt, 0, inside=False)[0]


def _sequence(text: str, begin: int, *, inside: bool) -> tuple[tuple[_Part, ...], int]:
    parts: list[_Part] = []
    at = start = begin
    while at < len(text):
        if inside and text[at] in "|}":
            break
        if text[at] == "{":
            if at > start:
                parts.append(text[start:at])
            choice, at = _choice(text, at)
            parts.append(choice)
            start = at
        else:
            at += 1
    if at > start:
        parts.append(text[start:at])
    return tuple(parts), at


def _choice(text: str, begin: int) -> tuple[_Choice, int]:
    at = begin + 1
    least = most = 1
    joint = ","
    open_end = False
    if head := _COUNT.match(text, at):
        first, dash, last = head.groups()
        least = int(first) if first else 1
        most = int(last) if last else least
        open_end = bool(dash and not last)
        at = head.end()
        end = text.find("$$", at)
        if end != -1 and not re.search(r"[{}|]", text[at:end]):
            joint, at = text[at:end], end + 2
    options, weights = [], []
    while True:
        weight = _WEIGHT.match(text, at)
        weights.append(float(weight[1]) if weight else 1.0)
        option, at = _sequence(text, weight.end() if weight else at, inside=True)
        options.append(option)
        if at >= len(text):
            raise PromptError(_complaint(text, begin))
        at += 1
        if text[at - 1] == "}":
            break
    most = len(options) if open_end else min(most, len(options))
    return _Choice(tuple(options), tuple(weights), min(least, most), most, joint), at


def _complaint(text: str, at: int) -> str:
    return f"Expected end of text, found {text[at]!r}  (at char {at}), (line:1, col:{at + 1})"
