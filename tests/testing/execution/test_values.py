"""Maths, text and random numbers."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invokable.testing.execution.nodes.numpy_random import integers
from tests.effort import tries
from tests.testing.execution.running import run_node

few = settings(max_examples=tries(30), deadline=None)


# Drawn by numpy 2 itself: default_rng(seed).integers(low, high, size).
@pytest.mark.parametrize(
    ("seed", "low", "high", "drawn"),
    [(1, 0, 100, [47, 51, 75]), (0, 0, 10, [8, 6, 5, 2, 3])],
)
def test_random_ranges_are_those_of_numpy(seed: int, low: int, high: int, drawn: list[int]) -> None:
    assert integers(seed, low, high, len(drawn)) == drawn


@few
@given(st.integers(0, 2**32 - 1), st.integers(-1000, 1000), st.integers(1, 5000), st.integers(0, 20))
def test_a_random_range_stays_in_its_range(seed: int, low: int, width: int, size: int) -> None:
    drawn = integers(seed, low, low + width, size)
    assert len(drawn) == size
    assert all(low <= number < low + width for number in drawn)


@pytest.mark.parametrize(
    ("operation", "result"),
    [("ADD", -5), ("SUB", -9), ("MUL", -14), ("DIV", -3), ("MOD", 1), ("ABS", 7), ("MIN", -7), ("MAX", 2), ("EXP", 49)],
)
def test_integer_maths(operation: str, result: int) -> None:
    assert run_node("integer_math", operation=operation, a=-7, b=2).result("node")["value"] == result


@pytest.mark.parametrize(("method", "result"), [("Nearest", 6), ("Floor", 3), ("Ceiling", 6), ("Truncate", 3)])
def test_rounding_to_a_multiple(method: str, result: int) -> None:
    assert run_node("float_to_int", value=5.5, multiple=3, method=method).result("node")["value"] == result


@few
@given(st.floats(-100, 100), st.floats(-100, 100), st.integers(2, 30))
def test_a_float_range_has_both_ends(start: float, stop: float, steps: int) -> None:
    values = run_node("float_range", start=start, stop=stop, steps=steps).result("node")["collection"]
    assert (len(values), values[0], values[-1]) == (steps, start, stop)


def test_brackets_hold_the_negative_prompt() -> None:
    result = run_node("string_split_neg", string=r"a fox [blurry [dark]] \[1\]").result("node")
    assert result["positive_string"] == r"a fox  \[1\]"
    assert result["negative_string"] == " blurry  dark"


def test_a_search_ignores_case_unless_it_is_a_pattern() -> None:
    values = {"string": "Fox fox", "search_string": "fox", "replace_string": "hare"}
    assert run_node("string_replace", **values).result("node")["value"] == "hare hare"
    assert run_node("string_replace", **values, use_regex=True).result("node")["value"] == "Fox hare"


@pytest.mark.parametrize(
    ("prompt", "made"),
    [
        ("a {red|green} {cat|dog}", ["a red cat", "a red dog", "a green cat", "a green dog"]),
        ("{2$$ and $$x|y}", ["x and y", "y and x"]),
        ("a {b|{c|d} e}", ["a b", "a c e", "a d e"]),
        ("{0.3::x|y}", ["x", "y"]),
        ("no } brace", ["no } brace"]),
        ("{2-$$a|b}", ["a,b", "b,a"]),
    ],
)
def test_variants_are_combined_in_order(prompt: str, made: list[str]) -> None:
    values = {"prompt": prompt, "combinatorial": True, "max_prompts": 9}
    assert run_node("dynamic_prompt", **values).result("node")["collection"] == made


NO_MATCH = "ParseException: Expected end of text, found '{'  (at char 3), (line:1, col:4)"


@pytest.mark.parametrize(
    ("prompt", "combinatorial", "words"),
    [
        ("no {braces", True, NO_MATCH),
        ("no {braces", False, NO_MATCH),
        ("{a|{__fox__|b}}", True, "ValueError: No values found for wildcard(s): fox"),
    ],
)
def test_a_prompt_that_cannot_be_expanded_fails_the_node(prompt: str, combinatorial: bool, words: str) -> None:
    failed = run_node("dynamic_prompt", prompt=prompt, combinatorial=combinatorial).failed
    assert failed is not None
    assert f"{failed.error_type}: {failed.error_message}" == words


def test_random_variants_are_among_the_combinations() -> None:
    drawn = run_node("dynamic_prompt", prompt="{a|b}{c|d}", max_prompts=20).result("node")["collection"]
    assert len(drawn) == 20
    assert set(drawn) <= {"ac", "ad", "bc", "bd"}
    assert len(set(drawn)) > 1
