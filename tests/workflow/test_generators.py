"""Generator nodes: the editor's arithmetic, number by number."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invokable.contract import generators
from invokable.contract.generators import MAX_ITEMS, GeneratorError, check, count, draw, expand, mersenne_twister
from invokable.contract.settings import KINDS


def generator(kind: str, **settings: Any) -> dict[str, Any]:
    return {"type": kind, **settings}


@pytest.mark.parametrize(
    ("value", "items"),
    [
        (generator("integer_generator_arithmetic_sequence", start=3, step=-2, count=4), [3, 1, -1, -3]),
        (generator("integer_generator_arithmetic_sequence", start=3, step=0, count=4), [3]),
        (generator("integer_generator_arithmetic_sequence", start=3, step=1, count=-1), []),
        (generator("float_generator_arithmetic_sequence", start=0, step=0.1, count=4), [0, 0.1, 0.2, 0.1 * 3]),
        (generator("float_generator_arithmetic_sequence", start=2.5, step=0, count=4), [2.5]),
        # Half up: 2.5 gives 3, and -2.5 gives -2.
        (generator("integer_generator_linear_distribution", start=0, end=5, count=3), [0, 3, 5]),
        (generator("integer_generator_linear_distribution", start=0, end=-5, count=3), [0, -2, -5]),
        (generator("integer_generator_linear_distribution", start=7, end=9, count=1), [7]),
        (generator("integer_generator_linear_distribution", start=7, end=9, count=0), []),
        (generator("float_generator_linear_distribution", start=1, end=2, count=5), [1, 1.25, 1.5, 1.75, 2]),
        (generator("float_generator_linear_distribution", start=1, end=2, count=1), [1]),
        (generator("integer_generator_parse_string", input="8px, 1e3,, x,-4 ,+5", splitOn=","), [8, 1, -4, 5]),
        (generator("float_generator_parse_string", input=".5| 1e-3|2.5xyz|x|5.", splitOn="|"), [0.5, 0.001, 2.5, 5.0]),
        (generator("float_generator_parse_string", input="Infinity,1e999", splitOn=","), [None, None]),
        (generator("integer_generator_parse_string", input="9" * 5000, splitOn=","), [None]),
        (generator("string_generator_parse_string", input="a, b ,,c", splitOn=","), ["a", " b ", "c"]),
        (generator("string_generator_parse_string", input="a\nb", splitOn="\\n"), ["a", "b"]),
        (generator("string_generator_parse_string", input='a"b', splitOn='"'), ["a", "b"]),
        (generator("string_generator_parse_string", input="a,b", splitOn=""), ["a,b"]),
        (generator("image_generator_images_from_board", category="images"), []),
    ],
)
def test_settings_make_the_items_that_the_editor_makes(value: dict[str, Any], items: list[object]) -> None:
    assert expand(value) == items


def test_the_random_numbers_are_those_of_the_reference_mersenne_twister() -> None:
    # The first outputs of MT19937 after init_genrand(5489), as the reference implementation and C++'s std::mt19937
    # give them.
    rng = mersenne_twister(5489)
    assert [int(rng() * 2**32) for _ in range(5)] == [3499211612, 581869302, 3890346734, 3586334585, 545404204]


def test_the_ten_thousandth_random_number_is_the_one_that_the_cpp_standard_demands() -> None:
    rng = mersenne_twister(5489)
    last = next(itertools.islice((rng() for _ in range(10_000)), 9_999, None))
    assert int(last * 2**32) == 4123659995


def test_a_seed_is_taken_modulo_32_bits() -> None:
    assert mersenne_twister(-5)() == mersenne_twister(2**32 - 5)() == mersenne_twister(2**40 - 5)()


@given(st.integers(-100, 100), st.integers(0, 100), st.integers(0, 50), st.integers())
def test_seeded_random_integers_stay_in_range(low: int, span: int, count: int, seed: int) -> None:
    value = generator("integer_generator_random_distribution_uniform", min=low, max=low + span, count=count, seed=seed)
    items = expand(value)
    assert isinstance(items, list)
    assert len(items) == count
    assert all(isinstance(item, int) and low <= item <= low + span for item in items)
    assert expand(value) == items


def test_a_random_generator_without_a_seed_is_drawn_at_run_time() -> None:
    value = generator("float_generator_random_distribution_uniform", min=2, max=4, count=3, seed=None)
    assert expand(value) == {"kind": "random", "generator": value}
    assert draw(value, rng=lambda: 0.25) == [2.5, 2.5, 2.5]


def test_only_random_generators_are_drawn() -> None:
    with pytest.raises(GeneratorError, match="does not draw random numbers"):
        draw(generator("integer_generator_arithmetic_sequence", start=0, step=1, count=1))


@pytest.mark.parametrize("values", [[9.5, 8.5], []])
def test_a_stored_list_of_floats_wins_over_the_settings(values: list[float]) -> None:
    value = generator("float_generator_arithmetic_sequence", start=0, step=1, count=3, values=values)
    assert expand(value) == values


def test_dynamic_prompts_are_asked_of_the_server() -> None:
    combinatorial = generator("string_generator_dynamic_prompts_combinatorial", input="{a|b}", maxPrompts=7)
    assert expand(combinatorial) == {
        "kind": "dynamic_prompts",
        "body": {"prompt": "{a|b}", "max_prompts": 7, "combinatorial": True},
    }
    seeded = generator("string_generator_dynamic_prompts_random", input="{a|b}", count=2, seed=0)
    assert expand(seeded) == {
        "kind": "dynamic_prompts",
        "body": {"prompt": "{a|b}", "max_prompts": 2, "combinatorial": False, "seed": 0},
    }


def test_the_images_of_a_board_are_asked_of_the_server() -> None:
    value = generator("image_generator_images_from_board", board_id="b1", category="assets")
    assert expand(value) == {
        "kind": "board_images",
        "board_id": "b1",
        "categories": ["control", "mask", "user", "other"],
        "is_intermediate": False,
    }


def test_an_infinite_count_is_refused() -> None:
    with pytest.raises(GeneratorError, match=str(MAX_ITEMS)):
        expand(generator("float_generator_arithmetic_sequence", start=0, step=1, count=10**15))


settings = st.dictionaries(
    st.sampled_from("start end step count min max seed input splitOn values maxPrompts board_id category".split()),
    st.none() | st.integers() | st.floats() | st.text() | st.lists(st.integers(), max_size=3),
)


def is_expanded_or_refused(value: dict[str, object]) -> bool:
    try:
        return isinstance(expand(value), (list, dict))
    except GeneratorError as error:
        return bool(str(error))


@given(st.sampled_from(sorted(KINDS)) | st.text(), settings)
def test_any_settings_make_items_or_are_refused(kind: str, settings: dict[str, object]) -> None:
    assert is_expanded_or_refused({"type": kind} | settings)


@given(st.sampled_from(sorted(KINDS)), settings)
def test_settings_are_refused_by_a_check_exactly_when_they_make_no_items(
    kind: str, settings: dict[str, object]
) -> None:
    value = {"type": kind} | settings
    try:
        check(value)
    except GeneratorError as error:
        with pytest.raises(GeneratorError, match=re.escape(str(error))):
            expand(value)
    else:
        made = expand(value)
        assert not isinstance(made, list) or count(value) in (len(made), None)


@pytest.mark.parametrize(
    "value",
    [
        generator("float_generator_linear_distribution", start=1e308, end=-1e308, count=3),
        generator("float_generator_arithmetic_sequence", start=0, step=1e308, count=3),
        generator("float_generator_random_distribution_uniform", min=-1e308, max=1e308, count=1),
        generator("float_generator_arithmetic_sequence", start=math.inf, step=1, count=1),
        generator("float_generator_arithmetic_sequence", start=0, step=1, count=1, values=[math.nan]),
    ],
)
def test_no_generator_makes_an_infinite_number(value: dict[str, object]) -> None:
    for ask in (check, expand):
        with pytest.raises(GeneratorError, match=r"too large|finite"):
            ask(value)


def test_a_check_makes_the_items_at_the_ends_only(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Iterable[int]] = []
    monkeypatch.setattr(generators, "_made", lambda item, indices: asked.append(indices))
    check(generator("integer_generator_linear_distribution", start=0, end=10, count=MAX_ITEMS))
    assert asked == [(0, MAX_ITEMS - 1)]
