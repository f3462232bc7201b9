"""How much a test tries: all of it in a full run, a part that finds most faults at once in a plain one."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Any

import pytest

FULL, PLAIN = 100, 20
"""Examples of a property that names no number of its own; the former is what Hypothesis does by default."""


def is_plain(config: pytest.Config) -> bool:
    """Whether slow tests are left out: in a run without `--all`, `-m`, and names of single tests."""
    named = any("::" in argument for argument in config.args)
    return not (config.getoption("--all") or config.getoption("-m") or named)


def use_profile(config: pytest.Config) -> None:
    """Have a plain run try properties with fewer examples. Their time is not judged: the machine may be busy."""
    if is_plain(config) or config.getoption("--all"):
        from hypothesis import HealthCheck, settings  # a quarter of a second, which other runs spend where it is used

        examples = PLAIN if is_plain(config) else FULL
        too_slow = [HealthCheck.too_slow]
        settings.register_profile("run", max_examples=examples, deadline=None, suppress_health_check=too_slow)
        settings.load_profile("run")


def tries(number: int) -> int:
    """How many examples there are where a full run has that many."""
    from hypothesis import settings

    return number * settings().max_examples // FULL


def slow_beyond(quick: int, cases: Iterable[Any]) -> list[Any]:
    """The cases of a test; those after the first few are slow, all together."""
    return [pytest.param(case, marks=pytest.mark.slow) if place >= quick else case for place, case in enumerate(cases)]


def slow_among(cases: Iterable[Any], slow: Container[Any]) -> list[Any]:
    """The cases of a test; those that cost most are slow."""
    return [pytest.param(case, marks=pytest.mark.slow) if case in slow else case for case in cases]
