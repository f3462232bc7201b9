"""Words listed in a sentence have commas between them, and `or` or `and` only before the last."""

from __future__ import annotations

import pytest

from invokable.contract.listing import all_of, any_of


@pytest.mark.parametrize(
    ("words", "either", "both"),
    [
        ([], "", ""),
        (["a"], "a", "a"),
        (["a", "b"], "a or b", "a and b"),
        (["a", "b", "c"], "a, b or c", "a, b and c"),
    ],
)
def test_words_are_listed(words: list[str], either: str, both: str) -> None:
    assert any_of(iter(words)) == either
    assert all_of(iter(words)) == both
