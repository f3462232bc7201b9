"""Parsed: lists are read in the same way with and without a syntax tree."""

from __future__ import annotations

import ast
import json
import warnings

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from invokable.contract.parsed import parse, quick_list, unparsed_list

PIECES = [
    "[",
    "]",
    ",",
    " ",
    "\n",
    "\f",
    "0",
    "1",
    "07",
    '"a"',
    '"ä"',
    '""',
    "'a'",
    '"\\n"',
    '"\t"',
    "-",
    ".",
    "True",
    "(",
    ")",
]
ITEMS = st.recursive(st.integers(min_value=0) | st.text(), lambda items: st.lists(items, max_size=3), max_leaves=20)


@given(st.lists(st.sampled_from(PIECES), max_size=12))
@example([","])
@example(["[1]", "[0]"])
@example(['"a"', '"a"'])
@example(["9" * 5_000])
@example(["[" * 199, "]" * 199])
@example(["[" * 200, "]" * 200])
@example(["[" * 5_000, "]" * 5_000])
def test_a_list_that_is_read_quickly_is_what_python_reads(pieces: list[str]) -> None:
    text = f"[{''.join(pieces)}]"
    found = quick_list(text.encode())
    if found is not None:
        assert repr(found) == repr(ast.literal_eval(text)) == ast.unparse(ast.parse(text))


@given(st.lists(ITEMS, min_size=1))
def test_lists_of_texts_and_integers_are_read_quickly(values: list[object]) -> None:
    text = json.dumps(values, ensure_ascii=False)
    if "\\" not in text:
        assert quick_list(text.encode()) == quick_list(f"{text[:-1]},\n]\n".encode()) == values


@pytest.mark.parametrize(
    "text", ["[-0]", "[1.0]", "[True]", "[1e5]", "[a]", '["\\/"]', "[1,,]", "[[1,]]", "[1]]", "[1"]
)
def test_other_lists_are_left_to_python(text: str) -> None:
    assert quick_list(text.encode()) is None


LITERALS = st.recursive(
    st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text() | st.booleans() | st.none(),
    lambda items: (
        st.lists(items, max_size=3)
        | st.tuples(items)
        | st.dictionaries(st.text(max_size=3), items, max_size=3)
        | st.sets(st.text(max_size=2), min_size=2, max_size=3)
    ),
    max_leaves=20,
)


@given(st.lists(LITERALS))
def test_a_list_of_literals_is_written_as_python_writes_it(values: list[object]) -> None:
    assert unparsed_list(f"{values!r}".encode(), 10_000) == ast.unparse(ast.parse(repr(values)))


@pytest.mark.parametrize(
    "text", ["[1e999, 'inf']", "[{'b', 'a', 'c'}]", "[..., 1]", "[f(1), a.b]", "[{[]: 1}]", "[{'a': {'c', 'b'}}]"]
)
def test_so_is_any_other_list(text: str) -> None:
    assert unparsed_list(text.encode(), 10_000) == text.replace("999", "309")


@pytest.mark.parametrize("text", ['"""Digits: \\d."""', "a = [1if b else 2]"])
def test_what_python_would_warn_of_is_read_in_silence(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(parse(text.encode(), 10)) == 1
