"""The lock file: one name per line, safe to merge, and fully validated."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invokable.codegen.naming.lock import HEADER, LockError, Names, changes, read_lock, write_lock
from invokable.codegen.project.lockfile import LockFile
from tests.counted import Counted
from tests.memory import takes_less

PORTRAIT = Names("Portrait", {("7be1", "value"): "prompt", ("9c", "width"): "width"}, {("3f0a", "image"): "image"})

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(["a b.json", '"', "\\", "é\n"])
keys = st.tuples(texts, texts)


def attributes() -> st.SearchStrategy[dict[tuple[str, str], str]]:
    valid = st.sampled_from(["prompt", "width", "写真", "größe", "model_2", "x"])
    return st.lists(st.tuples(keys, valid), unique_by=(lambda pair: pair[0], lambda pair: pair[1]), max_size=4).map(
        dict
    )


names = st.builds(
    Names,
    st.none() | st.sampled_from(["Portrait", "写真", "Große"]),
    attributes(),
    attributes(),
)
locks = st.dictionaries(texts, names.filter(lambda its: its != Names()), max_size=3)


def test_each_line_is_one_complete_name() -> None:
    assert write_lock({"flows/portrait.json": PORTRAIT}) == HEADER + (
        '"flows/portrait.json".class = "Portrait"\n'
        '"flows/portrait.json".inputs."7be1"."value" = "prompt"\n'
        '"flows/portrait.json".inputs."9c"."width" = "width"\n'
        '"flows/portrait.json".outputs."3f0a"."image" = "image"\n'
    )


@given(locks)
def test_a_written_file_can_be_read_back_and_is_toml(lock: dict[str, Names]) -> None:
    text = write_lock(lock)
    assert read_lock(text) == lock
    assert write_lock(dict(reversed(lock.items()))) == text
    assert tomllib.loads(text).keys() == lock.keys()


@given(locks)
def test_keeping_the_lines_of_both_sides_is_a_merge(lock: dict[str, Names]) -> None:
    lines = write_lock(lock).splitlines(keepends=True)
    ours, theirs = lines[::2], lines[::3] + lines[1::2]
    assert read_lock("".join(ours + theirs)) == lock
    assert read_lock("".join(theirs + ours).replace("\n", "\r\n")) == lock


@pytest.mark.parametrize("marker", ["<<<<<<< HEAD", "=======", ">>>>>>> topic", "||||||| base"])
def test_conflict_markers_are_refused(marker: str) -> None:
    with pytest.raises(LockError, match=r"line 2: found conflict markers; .* keep the lines of both sides"):
        read_lock(f"{HEADER}{marker}\n")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (['"a".class = "A"', '"a".class = "B"'], "line 2: 'B' here is 'A' in line 1"),
        (['"a".inputs."n"."x" = "p"', '"a".inputs."m"."x" = "p"'], "line 2: 'p' is already taken in line 1"),
        (['"a".class = "Workflow"'], "'Workflow' is not a valid class name"),
        (['"a".class = "a; import os"'], "not a valid class name"),
        (['"a".inputs."n"."x" = "copy"'], "'copy' is not a valid attribute name"),
        (['"a".outputs."n"."x" = "images"'], "'images' is not a valid attribute name"),
        (['"a".outputs."n"."x" = "FORMAT"'], "'FORMAT' is not a valid attribute name"),
        (['"a".inputs."n" = "p"'], "expected"),
        (['"a".inputs."n"."x" = 1'], "expected"),
        (["a.class = 'A'"], "expected"),
        (['"a".class = "\\ud800"'], "surrogate"),
        (["[a]"], "expected"),
        (["\x00" * 1000], "expected"),
    ],
)
def test_nonsense_is_refused_in_one_line(lines: list[str], words: str) -> None:
    with pytest.raises(LockError) as error:
        read_lock("\n".join(lines))
    assert words in str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 200


@given(st.text(max_size=60) | st.text('"a.b= \n\\class', max_size=60))
def test_any_text_is_a_lock_file_or_refused(text: str) -> None:
    try:
        lock = read_lock(text)
    except LockError:
        return
    assert read_lock(write_lock(lock)) == lock


def test_a_text_that_cannot_be_written_is_left_out() -> None:
    assert write_lock({"a": Names("A", {("\ud800", "x"): "p"})}) == f'{HEADER}"a".class = "A"\n'


def test_changes_are_reported_one_per_line() -> None:
    after = Names("Headshot", {("7be1", "value"): "text", ("new", "x"): "width"}, {("3f0a", "image"): "image"})
    assert changes(PORTRAIT, after) == [
        "the class 'Portrait' is now 'Headshot'",
        "the input 'prompt' is now 'text'",
    ]
    assert changes(Names(), after) == changes(PORTRAIT, PORTRAIT) == []


def test_locked_names_override_those_of_the_existing_module() -> None:
    module = Names("Old", {("7be1", "value"): "text", ("x", "y"): "prompt", ("z", "z"): "steps"})
    assert PORTRAIT.over(module) == Names(
        "Portrait", {**PORTRAIT.inputs, ("z", "z"): "steps"}, {("3f0a", "image"): "image"}
    )


def test_many_names_of_removed_workflows_are_removed_in_one_go() -> None:
    names: dict[str, Names] = {Counted(f"w{number}.json"): PORTRAIT for number in range(1_000)}
    lock = LockFile(Path("invokable.lock"), None, names)
    gone = [Counted(f"w{number}.json") for number in range(1, 1_000)]
    Counted.compared = 0
    assert lock.with_names({}, gone) == write_lock({"w0.json": PORTRAIT})
    assert Counted.compared < 10_000


@pytest.mark.parametrize(
    "line", ['"{0}".class = "C{0}"\n', '"{0}".outputs."n"."x" = "p"\n', '"f".inputs."{0}"."x" = "p{0}"\n']
)
def test_a_file_is_read_in_a_bounded_multiple_of_its_size(line: str) -> None:
    text = "".join(map(line.format, range(2_000)))
    read_lock(line.format(0))  # warm caches
    assert takes_less(20 * len(text), lambda: read_lock(text))
