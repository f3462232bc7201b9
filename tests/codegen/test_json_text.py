"""JSON text in pieces: the same as that of `json.dumps`, also for iterators and for texts in parts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invokable.codegen.python.json_text import LongText, pieces

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=40,
)


def lazy(value: Any) -> Any:
    """The same value with iterators for its lists and parts for its texts."""
    if isinstance(value, list):
        return map(lazy, value)
    if isinstance(value, dict):
        return {key: lazy(item) for key, item in value.items()}
    return LongText([value[:1], value[1:]]) if isinstance(value, str) else value


@pytest.mark.parametrize("indent", [None, 0, 2])
@pytest.mark.parametrize("ascii_", [True, False])
@given(value=VALUES)
def test_the_text_is_that_of_dumps(indent: int | None, ascii_: bool, value: Any) -> None:
    encoder = json.JSONEncoder(indent=indent, ensure_ascii=ascii_, sort_keys=ascii_)
    assert "".join(pieces(value, encoder)) == encoder.encode(value)
    assert "".join(pieces(lazy(value), encoder, depth=100)) == encoder.encode(value)
