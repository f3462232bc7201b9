"""Effort: a full run tries everything, a plain one a part that finds most faults immediately."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Any

import pytest

FULL, PLAIN = 100, 20
"""The number of examples of a property that does not set one. 100 is Hypothesis's default."""


def is_plain(config: pytest.Config) -> bool:
    """Whether slow tests are left out: in a run without `--all`, `-m` or the name of a single test."""
    named = any("::" in argument for argument in config.args)
    return not (config.getoption("--all") or config.getoption("-m") or named)


def use_profile(config: pytest.Config) -> None:
    """Try properties with fewer examples in a plain run. They have no time limit, since the machine may be busy."""
    if is_plain(config) or config.getoption("--all"):
        from hypothesis import HealthCheck, settings  # takes 0.25 s; other runs import it only where it is used

        examples = PLAIN if is_plain(config) else FULL
        too_slow = [HealthCheck.too_slow]
        settings.register_profile("run", max_examples=examples, deadline=None, suppress_health_check=too_slow)
        settings.load_profile("run")


def tries(number: int) -> int:
    """The number of examples in this run, of `number` in a full run."""
    from hypothesis import settings

    return number * settings().max_examples // FULL


def slow_beyond(quick: int, cases: Iterable[Any]) -> list[Any]:
    """The cases of a test, all but the first `quick` marked as slow."""
    return [pytest.param(case, marks=pytest.mark.slow) if place >= quick else case for place, case in enumerate(cases)]


def slow_among(cases: Iterable[Any], slow: Container[Any]) -> list[Any]:
    """The cases of a test, those in `slow` marked as slow."""
    return [pytest.param(case, marks=pytest.mark.slow) if case in slow else case for case in cases]
