"""Dynamic prompts, expanded like on the server."""

from __future__ import annotations

from typing import Any

import pytest

from tests.testing.asking import Asking


def expanded(ask: Asking, prompt: str, **options: Any) -> Any:
    body = {"prompt": prompt, **options}
    return ask.http.post("/api/v1/utilities/dynamicprompts", json=body).raise_for_status().json()


@pytest.mark.parametrize(
    ("prompt", "prompts"),
    [
        ("a fox", ["a fox"]),
        ("a {b|c} {d|e}", ["a b d", "a b e", "a c d", "a c e"]),
        ("{a|{b|c}}", ["a", "b", "c"]),
        ("{2$$a|b|c}", ["a,b", "a,c", "b,a", "b,c", "c,a", "c,b"]),
        ("{1-2$$x|y}", ["x", "y", "x,y", "y,x"]),
        ("{2$$ and $$a|b}", ["a and b", "b and a"]),
        ("a } fox", ["a } fox"]),
        ("{a|b}} fox", ["a} fox", "b} fox"]),
    ],
)
def test_all_combinations_in_order(ask: Asking, prompt: str, prompts: list[str]) -> None:
    assert expanded(ask, prompt) == {"prompts": prompts, "error": None}


def test_at_most_as_many_as_asked_for(ask: Asking) -> None:
    assert expanded(ask, "a {b|c} {d|e}", max_prompts=3)["prompts"] == ["a b d", "a b e", "a c d"]


def test_drawn_at_random_by_a_seed(ask: Asking) -> None:
    drawn = [expanded(ask, "{a|b|c|d|e|f}", combinatorial=False, seed=seed, max_prompts=6) for seed in (1, 1, 2)]

    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]
    assert len(drawn[0]["prompts"]) == 6
    assert set(drawn[0]["prompts"]) <= set("abcdef")


def test_braces_that_do_not_match_come_back_as_they_are(ask: Asking) -> None:
    answer = expanded(ask, "a {b|c")

    assert answer["prompts"] == ["a {b|c"]
    assert answer["error"] == "Expected end of text, found '{'  (at char 2), (line:1, col:3)"
