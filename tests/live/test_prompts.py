"""Dynamic prompts mean to a real server what they mean to the simulator; tests/testing/test_prompts.py has the same."""

from __future__ import annotations

from typing import Any

from tests.live.prompts import DRAWN, EXPANDED, REFUSED, refusal
from tests.live.provision import Server


def expanded(server: Server, prompt: str, **options: Any) -> Any:
    return server.post("/api/v1/utilities/dynamicprompts", {"prompt": prompt, **options})


def test_the_server_expands_prompts_as_the_simulator_does(server: Server) -> None:
    found = {prompt: expanded(server, prompt) for prompt in [*EXPANDED, *REFUSED]}

    expected: dict[str, Any] = {prompt: {"prompts": made, "error": None} for prompt, made in EXPANDED.items()}
    assert found == expected | {prompt: refusal(prompt) for prompt in REFUSED}


def test_the_server_draws_prompts_as_the_simulator_does(server: Server) -> None:
    options = {"combinatorial": False, "seed": 3, "max_prompts": 6}

    assert {prompt: expanded(server, prompt, **options)["prompts"] for prompt in DRAWN} == DRAWN
