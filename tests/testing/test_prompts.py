"""Dynamic prompts, expanded like on the server."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from tests.live.prompts import DRAWN, EXPANDED, REFUSED, refusal
from tests.testing.asking import Asking


def expanded(ask: Asking, prompt: str, **options: Any) -> Any:
    body = {"prompt": prompt, **options}
    return ask.http.post("/api/v1/utilities/dynamicprompts", json=body).raise_for_status().json()


@pytest.mark.parametrize("prompt", EXPANDED)
def test_all_combinations_in_order(ask: Asking, prompt: str) -> None:
    assert expanded(ask, prompt) == {"prompts": EXPANDED[prompt], "error": None}


@pytest.mark.parametrize("prompt", REFUSED)
def test_what_cannot_be_read_comes_back_as_it_is(ask: Asking, prompt: str) -> None:
    assert expanded(ask, prompt) == refusal(prompt)
    assert expanded(ask, prompt, combinatorial=False) == refusal(prompt)


def test_a_choice_that_is_always_empty_is_refused_among_others(ask: Asking) -> None:
    # The server answers with status 500.
    assert expanded(ask, "a {2$$b|b}")["error"] == "generator raised StopIteration"


def test_wildcards_stand_for_themselves(ask: Asking) -> None:
    assert expanded(ask, "a __b c__ d", max_prompts=2)["prompts"] == ["a __b c__ d"] * 2  # as often as allowed
    assert expanded(ask, "__a___", max_prompts=1)["prompts"] == ["__a___"]
    assert set(expanded(ask, "{a|__b__}", combinatorial=False, max_prompts=20)["prompts"]) == {"a", "__b__"}


def test_wildcards_among_options_are_refused_in_combinations(ask: Asking) -> None:
    answer = expanded(ask, "__x__ {a|{__b__|c __d__}|__b__}")

    assert answer["error"] == "No values found for wildcard(s): b, d"


def test_a_test_that_makes_errors_of_warnings_is_not_disturbed() -> None:
    code = "from invokable.testing.prompts import all_of; print(all_of('a {b|c}', 9))"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("['a b', 'a c']\n", "")


def test_at_most_as_many_as_asked_for(ask: Asking) -> None:
    assert expanded(ask, "a {b|c} {d|e}", max_prompts=3)["prompts"] == ["a b d", "a b e", "a c d"]


def test_drawn_at_random_by_a_seed(ask: Asking) -> None:
    drawn = [expanded(ask, "{a|b|c|d|e|f}", combinatorial=False, seed=seed, max_prompts=6) for seed in (1, 1, 2)]

    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]
    assert len(drawn[0]["prompts"]) == 6
    assert set(drawn[0]["prompts"]) <= set("abcdef")


@pytest.mark.parametrize("prompt", DRAWN)
def test_the_same_prompts_are_drawn_as_by_the_library(ask: Asking, prompt: str) -> None:
    assert expanded(ask, prompt, combinatorial=False, seed=3, max_prompts=6)["prompts"] == DRAWN[prompt]


def test_weights_without_a_total_are_refused(ask: Asking) -> None:
    # The server answers with status 500.
    assert expanded(ask, "{0::a|0::b}", combinatorial=False)["error"] == "Total of weights must be greater than zero"
