"""JSON parts: the elements of an array are those of the whole text, wherever the text is divided."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invokable.contract import json_parts
from invokable.contract.json_parts import elements_of
from tests.effort import tries

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=tries(300))
@given(
    st.dictionaries(st.text(max_size=3), VALUES, max_size=3),
    st.lists(VALUES, max_size=5),
    st.integers(1, 9),
    st.sampled_from([None, 1]),
)
def test_the_elements_are_those_of_the_text(before: Any, array: Any, size: int, indent: int | None) -> None:
    text = json.dumps(before | {"found": array}, ensure_ascii=False, indent=indent).encode("utf-8", "replace")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(json_parts, "_SLICE", size)
        assert list(elements_of(text, "found")) == json.loads(text)["found"]


def test_a_text_without_the_array_has_no_elements() -> None:
    assert list(elements_of(b'{"a": [1]}', "found")) == []


@pytest.mark.parametrize("text", ["", "[]", '{"found"', '{"found": 1}', '{"found": [1', '{"found": [1 2]}', '{"a": ]}'])
def test_a_text_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(json.JSONDecodeError):
        list(elements_of(text.encode(), "found"))
