"""Statements: a module's text split without parsing it whole: a syntax tree takes a hundred times its size.

    text ─▶ logical lines ─▶ statements, those in classes too ─▶ brackets of long ones ─▶ batches of their items

Nothing here interprets the text. Text that is not Python raises SyntaxError: here, with the number of the line, or when
a part is parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from invokable.contract.utf8 import Utf8, cut

LONG: Final = 2_000
"""The size in bytes from which a text is worth taking apart."""

_FEWEST: Final = 16
"""Bytes of a module for each of its statements; its tables, JSON and docstrings are at least as long."""
_FIRST_BRACKETS: Final = 12_000
_BYTES_A_BRACKET: Final = 10
"""The minimum bytes of a module for each of its pairs of brackets, after the first. The JSON of a default may have many
(see `density`); an annotation with limits has a pair for fourteen bytes."""
_PAIR: Final = rb"""\((?:[^()\[\]{}"'#\\\n]|"(?!"")[^"\\\n]{0,100}+"(?!")){0,100}+\)|"""
"""A short pair of parentheses on one line with no other brackets in it, or nothing."""
_STOP: Final = re.compile(_PAIR + rb'"""|\'\'\'|["\'#\n()\[\]{}]|\\\n')
_ITEM_STOP: Final = re.compile(_PAIR + rb'"""|\'\'\'|["\'#()\[\]{},]')
_OPENING: Final = frozenset({b"(", b"[", b"{"})
_CLOSING: Final = frozenset({b")", b"]", b"}"})
_TO_THE_END: Final = {
    quote.encode(): re.compile(rf"(?:[^{quote[0]}\\]++|\\.{more})*+{quote}".encode(), re.DOTALL)
    for quote, more in {
        '"""': '|"(?!"")',
        "'''": "|'(?!'')",
        '"': "",
        "'": "",
    }.items()
}
_LINE_END: Final = re.compile(rb"[^\n]*")
_INDENT: Final = re.compile(rb"[ \t\f]*")
_CLASS: Final = re.compile(rb"class\b")


class NotGeneratedError(SyntaxError):
    """A text that may be Python, but has more than a generated module of its size."""


class Line(NamedTuple):
    """A logical line: a simple statement or the header of a compound one."""

    begin: int
    """Where its first line begins in the text, including indentation."""
    start: int
    """Where its code starts."""
    end: int
    """Where its code ends, without the comment after it."""
    opens: bool
    """Whether it ends in a colon, so that a block follows."""

    @property
    def indent(self) -> int:
        """The width of its indentation."""
        return self.start - self.begin


@dataclass(frozen=True, slots=True)
class Statement:
    """A whole statement, or the beginning or the end of a class."""

    kind: Literal["whole", "class", "end"]
    source: bytes = b""
    """Source that can be parsed; for a class its header and a `pass`."""


def statements(text: Utf8, comments: list[str] | None = None) -> Iterator[Statement]:
    """The statements of a module in order; those of a class are between its beginning and its end.

    Comments are added to `comments`. Raises SyntaxError, also for more statements or brackets than a module has.
    """
    lines = _few(text, logical_lines(text, comments if comments is not None else []))
    margins = [0]
    decorators: list[bytes] = []
    line = next(lines, None)
    while line is not None:
        while line.indent < margins[-1]:
            margins.pop()
            yield Statement("end")
        if line.indent != margins[-1]:
            raise _error(text, line.begin, "unexpected indent")
        following = next(lines, None)
        if text.startswith(b"@", line.start):
            decorators.append(cut(text, line.start, line.end))
        elif not line.opens:
            yield Statement("whole", cut(text, line.start, line.end))
        elif _CLASS.match(text, line.start, line.end):
            yield Statement("class", b"\n".join([*decorators, cut(text, line.start, line.end) + b" pass"]))
            decorators.clear()
            if following is None or following.indent <= line.indent:
                raise _error(text, line.begin, "a class without a body")
            margins.append(following.indent)
        else:
            end = line.end
            while following is not None and (following.indent > line.indent or _continues(text, following)):
                end, following = following.end, next(lines, None)
            block = (b"if 1:\n" if line.indent else b"\n") + cut(text, line.begin, end)
            yield Statement("whole", b"\n".join([*decorators, block]) if not line.indent else block)
        line = following
    for _ in margins[1:]:
        yield Statement("end")


def _few(text: Utf8, lines: Iterator[Line]) -> Iterator[Line]:
    most = 1_000 + len(text) // _FEWEST
    for number, line in enumerate(lines):
        if number >= most:
            raise _excess(text, line.begin, "statements")
        yield line


def _excess(text: Utf8, position: int, of: str) -> NotGeneratedError:
    return NotGeneratedError(*_error(text, position, f"more {of} than a module of its size has").args)


def _error(text: Utf8, position: int, message: str) -> SyntaxError:
    """An error with the number of the line at a position."""
    return SyntaxError(message, (None, text.count(b"\n", 0, position) + 1, None, None))


_CONTINUING: Final = re.compile(rb"(?:else|elif|except|finally)\b")


def _continues(text: Utf8, line: Line) -> bool:
    """Whether a line continues the compound statement before it."""
    return line.opens and _CONTINUING.match(text, line.start) is not None


def logical_lines(text: Utf8, comments: list[str]) -> Iterator[Line]:
    """The logical lines of a text that contain code. Comments are added to `comments`. Raises SyntaxError."""
    begin = position = depth = brackets = 0
    most = _FIRST_BRACKETS + len(text) // _BYTES_A_BRACKET
    code_end: int | None = None
    while (match := _STOP.search(text, position)) is not None:
        position, found = match.end(), match[0]
        if found[0] in b"([{":
            brackets += 1
            if brackets > most:
                raise _excess(text, begin, "brackets")
        if found in _TO_THE_END:
            position = _after_text(text, found, position)
        elif found == b"#":
            position = _LINE_END.match(text, position).end()  # type: ignore[union-attr]  # matches always
            comments.append(text[match.start() : position].decode().rstrip())
            if not depth:
                code_end = match.start()
        elif found in _OPENING:
            depth += 1
        elif found in _CLOSING:
            depth -= 1
        elif found == b"\n" and depth <= 0:
            line = _line(text, begin, match.start() if code_end is None else code_end)
            if line is not None:
                yield line
            begin, code_end = position, None
    if depth > 0:
        raise _error(text, begin, "a bracket is never closed")
    line = _line(text, begin, len(text) if code_end is None else code_end)
    if line is not None:
        yield line


def _line(text: Utf8, begin: int, end: int) -> Line | None:
    start = _INDENT.match(text, begin, end).end()  # type: ignore[union-attr]  # matches always
    while end > start and text[end - 1] in b" \t\f":
        end -= 1
    return Line(begin, start, end, text[end - 1] == ord(":")) if end > start else None


def _after_text(text: Utf8, quote: bytes, position: int) -> int:
    """The position after a string literal whose content begins at `position`."""
    match = _TO_THE_END[quote].match(text, position)
    if match is None:
        raise _error(text, position, "unterminated string")
    return match.end()


class Span(NamedTuple):
    """A part of a text."""

    start: int
    end: int


def long_parts(text: Utf8, start: int, end: int) -> Iterator[Span]:
    """The long parts of an expression or simple statement: the insides of its outermost brackets, and raw strings."""
    depth, opened, position = 0, 0, start
    while (match := _ITEM_STOP.search(text, position, end)) is not None:
        position, found = match.end(), match[0]
        if found in _TO_THE_END:
            position = _after_text(text, found, position)
            if not depth and position - match.start() > LONG and text[match.start() - 1 : match.start()] == b"r":
                yield Span(match.start() - 1, position)
        elif found == b"#":
            position = _LINE_END.match(text, position).end()  # type: ignore[union-attr]  # matches always
        elif found in _OPENING:
            depth += 1
            opened = position if depth == 1 else opened
        elif found in _CLOSING:
            depth -= 1
            if not depth and match.start() - opened > LONG:
                yield Span(opened, match.start())


def items(text: Utf8, inside: Span) -> Iterator[Span]:
    """The items between the commas inside a bracket. After a trailing comma the last one is empty."""
    depth, begin, position = 0, inside.start, inside.start
    while (match := _ITEM_STOP.search(text, position, inside.end)) is not None:
        position, found = match.end(), match[0]
        if found in _TO_THE_END:
            position = _after_text(text, found, position)
        elif found == b"#":
            position = _LINE_END.match(text, position).end()  # type: ignore[union-attr]  # matches always
        elif found in _OPENING:
            depth += 1
        elif found in _CLOSING:
            depth -= 1
        elif found == b"," and not depth:
            yield Span(begin, match.start())
            begin = position
    yield Span(begin, inside.end)


def batches(text: Utf8, inside: Span) -> Iterator[Span]:
    """The items in a bracket, grouped up to the length of a long text; a long item is alone."""
    batch: Span | None = None
    for item in items(text, inside):
        if batch is not None and item.end - batch.start > LONG:
            yield batch
            batch = None
        batch = item if batch is None else Span(batch.start, item.end)
    if batch is not None:
        yield batch
