"""Unified diffs: those of difflib for ordinary texts; for long ones correct and short, in time that grows with them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invokable.codegen.build import unified
from invokable.codegen.build.unified import unified_diff
from tests.codegen.test_growth import calls

HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
LINES = st.lists(st.sampled_from(["a", "b", "c", "d e", "é", "\U0001f98a", "", "x\ry", "-", "\\"]), max_size=20)
TEXTS = st.builds(lambda lines, end: "\n".join(lines) + end, LINES, st.sampled_from(["", "\n"]))


def diff(old: str, new: str) -> str:
    return "".join(unified_diff(old.encode(), new.encode(), "old", "new"))


def ended(text: str) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+$", text)


def patched(old: str, diff: str) -> str:
    """The text after a diff. Fails if the diff does not fit, or if its hunks have other sizes than they say."""
    before, after, position = ended(old), list[str](), 0
    lines = iter(ended(diff.replace("\n\\ No newline at end of file\n", "\0\n")))
    if diff:
        assert [next(lines), next(lines)] == ["--- old\n", "+++ new\n"]
    for line in lines:
        start, size, _, new_size = (int(number or 1) for number in HUNK.fullmatch(line.rstrip("\n")).groups())  # type: ignore[union-attr]
        start -= size > 0
        after += before[position:start]
        position = start
        made = len(after)
        while position < start + size or len(after) < made + new_size:
            mark, text = (found := next(lines))[0], found[1:].removesuffix("\0\n")
            if mark != "+":
                assert before[position] == text
                position += 1
            if mark != "-":
                after.append(text)
    return "".join(after + before[position:])


@given(TEXTS, TEXTS)
def test_the_diff_of_an_ordinary_text_is_that_of_difflib(old: str, new: str) -> None:
    expected = ""
    for line in difflib.unified_diff(ended(old), ended(new), "old", "new"):
        expected += line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
    assert diff(old, new) == expected


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every text counts as long."""
    monkeypatch.setattr(unified, "_ORDINARY", 0)
    monkeypatch.setattr(unified, "_TELLING", 0)


@pytest.mark.usefixtures("long")
@given(TEXTS, TEXTS)
def test_the_diff_of_a_long_text_makes_one_out_of_the_other(old: str, new: str) -> None:
    assert patched(old, diff(old, new)) == new
    assert (diff(old, new) == "") == (old == new)


def numbered(count: int, word: str = "node") -> list[str]:
    return [f"a line of a long module: {word} {number}\n" for number in range(count)]


def changed(diff: str) -> list[str]:
    return [line for line in diff.split("\n")[2:] if line.startswith(("+", "-"))]


def test_the_diff_of_a_long_text_shows_only_what_changed() -> None:
    lines = numbered(5_000)
    edited = [*lines[:100], "new\n", *lines[100:2_000], "other\n", *lines[2_001:4_000], *lines[4_900:]]
    found = changed(diff("".join(lines), "".join(edited)))
    assert found[:3] == ["+new", "-a line of a long module: node 2000", "+other"]
    assert found[3:] == [f"-{line[:-1]}" for line in lines[4_000:4_900]]


def test_a_part_that_moved_in_a_long_text_is_shown_twice_and_nothing_else() -> None:
    lines = numbered(5_000)
    moved = [*lines[:100], *lines[200:3_000], *lines[100:200], *lines[3_000:]]
    assert len(changed(diff("".join(lines), "".join(moved)))) == 200


def alternating(count: int, word: str) -> bytes:
    return "".join(line for pair in zip(numbered(count), numbered(count, word), strict=True) for line in pair).encode()


def test_twice_the_lines_are_twice_the_work() -> None:
    def work(count: int) -> Callable[[], object]:
        old, new = alternating(count, "old"), alternating(count, "new")
        return lambda: sum(map(len, unified_diff(old, new, "old", "new")))

    assert calls(work(2_000)) < 2.2 * calls(work(1_000))


def test_a_long_line_comes_in_parts() -> None:
    def parts(old: str, new: str) -> Iterator[str]:
        return unified_diff(old.encode(), new.encode(), "old", "new")

    long = "\U0001f98a" * 100_000
    found = list(parts("a\n", f"a\n{long}\r\n"))
    assert max(map(len, found)) < 2**15
    assert "".join(found).endswith(f" a\n+{long}\n")
    assert all("\n" not in part[:-1] for part in found)
    assert not list(parts("a\r\n", "a\n"))


@pytest.mark.parametrize("data", [b"\xff\n", b"a\xf0\x9f\n"])
def test_what_is_not_utf_8_is_replaced(data: bytes) -> None:
    assert "".join(unified_diff(data, b"", "old", "new")).endswith(f"-{data.decode(errors='replace')}")
