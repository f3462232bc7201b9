"""Words in a sentence: lists have commas and one `or` or `and`, numbers a plural, and nouns the right article."""

from __future__ import annotations

import pytest

from invokable.contract.listing import all_of, any_of, counted, with_article


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


def test_a_number_of_things_is_a_plural_unless_it_is_one() -> None:
    assert [counted(count, "change") for count in (0, 1, 2)] == ["0 changes", "1 change", "2 changes"]


@pytest.mark.parametrize(
    "words", ["a main model", "an IP adapter model", "an embedding model", "a T2I adapter model", "a unit"]
)
def test_the_article_fits_the_sound_of_a_word(words: str) -> None:
    assert with_article(words.partition(" ")[2]) == words
