"""How much a test tries: all of it in a full run, a part that finds most faults at once in a plain one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import settings

FULL, PLAIN = 100, 20
"""Examples of a property that names no number of its own."""


def is_plain(config: pytest.Config) -> bool:
    """Whether slow tests are left out: in a run without `--all`, `-m`, and names of single tests."""
    named = any("::" in argument for argument in config.args)
    return not (config.getoption("--all") or config.getoption("-m") or named)


def use_profile(config: pytest.Config) -> None:
    """Set how many examples properties are tried with."""
    settings.register_profile("invokable", max_examples=PLAIN if is_plain(config) else FULL)
    settings.load_profile("invokable")


def tries(number: int) -> int:
    """How many examples there are where a full run has that many."""
    return number * settings().max_examples // FULL


def slow_beyond(quick: int, cases: Iterable[Any]) -> list[Any]:
    """The cases of a test; those after the first few are slow, all together."""
    return [pytest.param(case, marks=pytest.mark.slow) if place >= quick else case for place, case in enumerate(cases)]
