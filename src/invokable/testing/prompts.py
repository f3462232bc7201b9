"""Dynamic prompts, such as `a {red|blue} fox`, and their expansion: for the endpoint and for the node alike.

{a|b}        one of them
{2$$a|b|c}   two of them, in any order, joined by a comma
{1-2$$a|b}   one or two
{2$$ and $$a|b|c}   joined by another separator
{3::a|b}     weights, for random prompts
__colors__   a wildcard; as there are no word lists, it stands for itself
# …, // …, /* … */   comments, where a part of a prompt begins

The server leaves this to the library dynamicprompts, whose grammar decides what is an error: text contains none of
`$ % { #`, and within braces no `|` or `}` either. Variables, wrappers and other ways to sample are refused here.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_COMMENTS: Final = re.compile(r"(?:[ \t\r\n]*(?:#.*|//.*|/\*[\s\S]*?\*/))+")
_SPACE: Final = re.compile(r"[ \t\r\n]+")
_TEXT: Final = re.compile(r"(?:(?!__)[^#{$%])+")
_TEXT_INSIDE: Final = re.compile(r"(?:(?!__)[^#{$%|}])+")
_WILDCARD: Final = re.compile(r"__((?:(?!__)[^#{$%()])+)__")
_NUMBER: Final = re.compile(r"[0-9]+")
_WEIGHT: Final = re.compile(r"[+-]?(?:[0-9]+\.[0-9]*|\.[0-9]+)|[0-9]+")
_DASH: Final = re.compile("-")
_SEPARATOR: Final = re.compile(r"[!-#%-z|~ ]+")
_UNSUPPORTED: Final = re.compile(r"\$\{|%\{|\{[ \t\r\n]*[~!@]|__(?:[~!@]|(?:(?!__)[^#{$%()])*[#{$%()])")


class PromptError(ValueError):
    """A prompt that cannot be expanded."""


class PromptSyntaxError(PromptError):
    """A prompt that cannot be read."""


@dataclass(frozen=True, slots=True)
class _Wildcard:
    name: str


@dataclass(frozen=True, slots=True)
class _Choice:
    options: tuple[_Part, ...]
    weights: tuple[float, ...]
    least: int
    most: int
    separator: str


_Part = str | _Wildcard | _Choice | tuple["_Part", ...]
"""Text, a wildcard, a choice, or a sequence of them, but not of one."""


def all_of(prompt: str, most: int) -> list[str]:
    """The first `most` prompts, in order. Raises PromptError."""
    if not prompt:
        return []
    part = _parse(prompt)
    if missing := dict.fromkeys(_options_without_words(part)):
        raise PromptError(f"No values found for wildcard(s): {', '.join(missing)}")
    return list(itertools.islice(_every(part), most))


def some_of(prompt: str, count: int, draw: random.Random) -> list[str]:
    """`count` random prompts. Raises PromptError."""
    if not prompt:
        return []
    part = _parse(prompt)
    try:
        return [_drawn(part, draw) for _ in range(count)]
    except ValueError as error:  # weights without a positive total
        raise PromptError(str(error)) from error


def _options_without_words(part: _Part, *, is_option: bool = False) -> Iterator[str]:
    """The names of wildcards among the options, which the library would expand forever."""
    match part:
        case _Wildcard(name) if is_option:
            yield name
        case _Choice(options):
            for option in options:
                yield from _options_without_words(option, is_option=True)
        case tuple(parts):
            for inner in parts:
                yield from _options_without_words(inner, is_option=is_option)


# ---------------------------------------------------------------- expansion


def _every(part: _Part) -> Iterator[str]:
    match part:
        case str(text):
            yield text
        case _Wildcard(name):
            yield from itertools.repeat(f"__{name}__")
        case _Choice():
            yield from _chosen(part)
        case parts:
            if any(next(_every(inner), None) is None for inner in parts):
                raise PromptError("A choice without any combination of different texts is only expanded alone")
            yield from map("".join, _products(parts))


def _products(parts: tuple[_Part, ...]) -> Iterator[tuple[str, ...]]:
    if not parts:
        yield ()
        return
    for first in _every(parts[0]):
        for rest in _products(parts[1:]):
            yield first, *rest


def _chosen(choice: _Choice) -> Iterator[str]:
    seen = set()
    for count in range(choice.least, choice.most + 1):
        for options in _arrangements(choice.options, count):
            for texts in _products(options):
                if len(set(texts)) == count and texts not in seen:
                    seen.add(texts)
                    yield _joined(texts, choice.separator)


def _arrangements(options: tuple[_Part, ...], count: int) -> Iterator[tuple[_Part, ...]]:
    """Options in every order; those that are written alike do not occur together."""
    if not count:
        yield ()
        return
    for option in options:
        for others in _arrangements(tuple(other for other in options if other != option), count - 1):
            yield option, *others


def _drawn(part: _Part, draw: random.Random) -> str:
    match part:
        case str(text):
            return text
        case _Wildcard(name):
            return f"__{name}__"
        case _Choice(options=(only,)):
            if isinstance(only, _Wildcard):
                raise PromptError(f"No values found for wildcard(s): {only.name}")
            return _drawn(only, draw)
        case _Choice():
            return _joined([_drawn(option, draw) for option in _some(part, draw)], part.separator)
        case parts:
            return "".join([_drawn(inner, draw) for inner in parts])


def _some(choice: _Choice, draw: random.Random) -> list[_Part]:
    options, weights = list(choice.options), list(choice.weights)
    taken = []
    for _ in range(draw.randint(choice.least, choice.most)):
        option = draw.choices(options, weights)[0]
        taken.append(option)
        position = options.index(option)
        weights.remove(weights[position])  # the first one like it, as in the library, so that seeds give the same
        del options[position]
    return taken


def _joined(texts: tuple[str, ...] | list[str], separator: str) -> str:
    if len(texts) == 1:
        return texts[0]
    return separator.join(texts).removeprefix(separator).removesuffix(separator)


# ------------------------------------------------------------------ reading


def _parse(prompt: str) -> _Part:
    text = prompt.expandtabs()
    reader = _Reader(text)
    part = reader.sequence(_TEXT)
    at = reader.after_comments()
    if at < len(text):
        line = text.count("\n", 0, at) + 1
        column = at - text.rfind("\n", 0, at)
        raise PromptSyntaxError(
            f"Expected end of text, found {text[at]!r}  (at char {at}), (line:{line}, col:{column})"
        )
    return part


class _Reader:
    """Reads a prompt from left to right. What does not fit is not read, and leaves the position as it was."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def sequence(self, text: re.Pattern[str]) -> _Part:
        """As many parts as there are; `text` is what can be text among them."""
        parts: list[_Part] = []
        while (part := self._part(text)) is not None:
            parts.append(part)
        return parts[0] if len(parts) == 1 else tuple(parts)

    def after_comments(self) -> int:
        """The position after the comments here."""
        comments = _COMMENTS.match(self._text, self._at)
        return comments.end() if comments else self._at

    def _part(self, text: re.Pattern[str]) -> _Part | None:
        if found := _UNSUPPORTED.match(self._text, self.after_comments()):
            raise PromptSyntaxError(f"The simulator does not expand {found[0]!r} (at char {found.start()}) in prompts")
        if (choice := self._choice()) is not None:
            return choice
        if wildcard := self._take(_WILDCARD):
            return _Wildcard(wildcard[1])
        texts = []
        while found := self._take(text):
            texts.append(found[0])
        return " ".join(texts) if texts else None

    def _choice(self) -> _Choice | None:
        begin = self._at
        if not self._take_word("{"):
            return None
        self._take(_SPACE)
        bounds = self._bounds()
        options, weights = [], []
        while True:
            self._take(_SPACE)
            weights.append(self._weight())
            options.append(self.sequence(_TEXT_INSIDE))
            if not self._take_word("|"):
                break
        if not self._take_word("}"):
            self._at = begin
            return None
        least, most, separator = bounds or (1, 1, ",")
        least, most = sorted((least, len(options) if most is None else most))
        return _Choice(tuple(options), tuple(weights), min(least, len(options)), min(most, len(options)), separator)

    def _bounds(self) -> tuple[int, int | None, str] | None:
        """How many options are chosen, at least and at most, and their separator."""
        begin = self._at
        first = self._take(_NUMBER)
        dash = self._take(_DASH)
        last = self._take(_NUMBER) if dash else None
        if not (first or last) or not self._take_word("$$"):
            self._at = begin
            return None
        least = int(first[0]) if first else 1
        most = (int(last[0]) if last else None) if dash else least
        begin = self._at
        separator = self._take(_SEPARATOR)
        if separator and self._take_word("$$"):
            return least, most, separator[0]
        self._at = begin
        return least, most, ","

    def _weight(self) -> float:
        begin = self._at
        if (weight := self._take(_WEIGHT)) and self._take_word("::"):
            return float(weight[0])
        self._at = begin
        return 1.0

    def _take_word(self, word: str) -> bool:
        at = self.after_comments()
        if not self._text.startswith(word, at):
            return False
        self._at = at + len(word)
        return True

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._text, self.after_comments())
        if found:
            self._at = found.end()
        return found
