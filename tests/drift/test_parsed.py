"""Parsed: lists are read in the same way with and without a syntax tree."""

from __future__ import annotations

import ast
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from invokable.contract.parsed import quick_list

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
