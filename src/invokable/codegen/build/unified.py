"""Unified: the unified diff of two texts in UTF-8, in parts, so that no long line is copied.

two texts ─▶ the lines of each ─▶ blocks of equal lines ─▶ steps ─▶ hunks ─▶ parts of the diff

The blocks of ordinary texts are those of difflib, which may need minutes for a long text. There, a block is a line that
occurs once in each text, with the equal lines around it: time and memory grow with the text.
"""

from __future__ import annotations

from array import array
from bisect import bisect
from codecs import getincrementaldecoder
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from typing import Final, NamedTuple, TypeAlias

from invokable.contract.utf8 import Utf8

_Block: TypeAlias = tuple[int, int, int]
"""The first equal line in each text, and the number of lines."""
_Pair: TypeAlias = tuple[int, int]
"""A line in each text."""

_ORDINARY: Final = 1_000
"""The most lines of an ordinary text: twice as many as in the modules of InvokeAI's own workflows."""
_TELLING: Final = 24
"""The least bytes of a line to find again in a long text; to remember shorter ones takes much memory for their size."""
_CONTEXT: Final = 3
_SLICE: Final = 1 << 16


def unified_diff(old: Utf8, new: Utf8, old_name: str, new_name: str) -> Iterator[str]:
    """The diff in parts, of which only the last character can be a line break. Nothing if the texts are equal."""
    before, after = _Lines(old), _Lines(new)
    heading: tuple[str, ...] = (f"--- {old_name}\n", f"+++ {new_name}\n")
    for hunk in _hunks(_steps(_blocks(before, after), len(before), len(after))):
        yield from heading
        heading = ()
        first, last = hunk[0], hunk[-1]
        yield f"@@ -{_range(first.old, last.old_end)} +{_range(first.new, last.new_end)} @@\n"
        for step in hunk:
            yield from _marked(" " if step.same else "-", before, range(step.old, step.old_end))
            if not step.same:
                yield from _marked("+", after, range(step.new, step.new_end))


class _Lines:
    """The lines of a text, with their ends, cut out when they are needed. CRLF counts as LF."""

    def __init__(self, text: Utf8) -> None:
        self._text = memoryview(text)
        self._starts = array("Q", _starts(text))

    def __len__(self) -> int:
        return len(self._starts) - 1

    def __iter__(self) -> Iterator[bytes]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: int) -> bytes:
        return b"".join(self.parts(index))

    def parts(self, index: int) -> Iterator[bytes]:
        """A line in parts."""
        start, end = self._starts[index], self._starts[index + 1]
        is_crlf = bytes(self._text[max(start, end - 2) : end]) == b"\r\n"
        stop = end - 2 if is_crlf else end
        for position in range(start, stop, _SLICE):
            yield bytes(self._text[position : min(position + _SLICE, stop)])
        if is_crlf:
            yield b"\n"


def _starts(text: Utf8) -> Iterator[int]:
    """Where each line starts, and where the last one ends."""
    position = 0
    while position < len(text):
        yield position
        position = text.find(b"\n", position) + 1 or len(text)
    yield position


# --- Blocks -----------------------------------------------------------------------------------------------------------


def _blocks(old: _Lines, new: _Lines) -> Iterable[_Block]:
    """The blocks of equal lines in ascending order, with lines that differ between them."""
    if not (len(old) and len(new)):
        return ()
    if max(len(old), len(new)) <= _ORDINARY:
        return SequenceMatcher(None, list(old), list(new)).get_matching_blocks()
    return _around(_increasing(_anchors(old, new)), old, new)


def _around(anchors: Iterable[_Pair], old: _Lines, new: _Lines) -> Iterator[_Block]:
    """The equal lines around anchors, and those at the beginning and end of the texts."""
    i = j = 0
    for k, m in ((0, 0), *anchors, (len(old), len(new))):
        if k < i or m < j:  # within the previous block
            continue
        while k > i and m > j and old[k - 1] == new[m - 1]:
            k, m = k - 1, m - 1
        size = 0
        while k + size < len(old) and m + size < len(new) and old[k + size] == new[m + size]:
            size += 1
        if size:
            yield k, m, size
            i, j = k + size, m + size


def _anchors(old: _Lines, new: _Lines) -> Iterator[_Pair]:
    """The lines that occur once in each text, in the order of the old one."""
    there = _singular(new)
    return ((index, there[key]) for key, index in _singular(old).items() if key in there)


def _singular(lines: _Lines) -> dict[int, int]:
    """The lines that occur once and are long enough, by their hashes, which take less memory."""
    found: dict[int, int] = {}
    for index, line in enumerate(lines):
        if len(line) >= _TELLING:
            key = hash(line)
            found[key] = -1 if key in found else index
    return {key: index for key, index in found.items() if index >= 0}


class _Link(NamedTuple):
    pair: _Pair
    before: _Link | None


def _increasing(pairs: Iterable[_Pair]) -> list[_Pair]:
    """As many of the pairs as possible so that both lines ascend. The first lines do already."""
    ends: list[int] = []
    last: list[_Link] = []  # of the selection of each length whose second line is lowest
    for pair in pairs:
        length = bisect(ends, pair[1])
        ends[length : length + 1] = [pair[1]]
        last[length : length + 1] = [_Link(pair, last[length - 1] if length else None)]
    selected = []
    link = last[-1] if last else None
    while link is not None:
        selected.append(link.pair)
        link = link.before
    return selected[::-1]


# --- Hunks ------------------------------------------------------------------------------------------------------------


class _Step(NamedTuple):
    """Equal lines of both texts, or lines of the old one that those of the new one replace."""

    same: bool
    old: int
    old_end: int
    new: int
    new_end: int

    def first(self) -> _Step:
        """The context after a change."""
        size = min(_CONTEXT, self.old_end - self.old)
        return self._replace(old_end=self.old + size, new_end=self.new + size)

    def last(self) -> _Step:
        """The context before a change."""
        size = min(_CONTEXT, self.old_end - self.old)
        return self._replace(old=self.old_end - size, new=self.new_end - size)


def _steps(blocks: Iterable[_Block], old_size: int, new_size: int) -> Iterator[_Step]:
    """The blocks, and what is between them."""
    i = j = 0
    for k, m, size in (*blocks, (old_size, new_size, 0)):
        if (k, m) != (i, j):
            yield _Step(False, i, k, j, m)
        i, j = k + size, m + size
        if size:
            yield _Step(True, k, i, m, j)


def _hunks(steps: Iterable[_Step]) -> Iterator[list[_Step]]:
    """Changes with their context; those that share it are in one hunk."""
    hunk: list[_Step] = []
    for step in steps:
        if not step.same or (hunk and step.old_end - step.old <= 2 * _CONTEXT):
            hunk.append(step)
            continue
        if hunk:
            yield [*hunk, step.first()]
        hunk = [step.last()]
    if any(not step.same for step in hunk):
        yield [*hunk[:-1], hunk[-1].first() if hunk[-1].same else hunk[-1]]


def _range(start: int, end: int) -> str:
    """Lines in the header of a hunk, counted from 1; no lines are after the one with their number."""
    size = end - start
    return f"{start + 1}" if size == 1 else f"{start + 1 if size else start},{size}"


def _marked(mark: str, lines: _Lines, indices: Iterable[int]) -> Iterator[str]:
    for index in indices:
        yield mark
        decoder = getincrementaldecoder("utf-8")("replace")
        part = b""
        for part in lines.parts(index):
            yield decoder.decode(part)
        yield decoder.decode(b"", final=True)
        if not part.endswith(b"\n"):
            yield "\n\\ No newline at end of file\n"
