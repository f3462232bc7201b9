"""What all tests share: what is slow waits until it is asked for, and the summary says so."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pytest

from tests.effort import is_plain, use_profile

# Many tests start Python: where no bytecode is kept, each of them compiles all that it imports.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--all`."""
    parser.addoption("--all", action="store_true", help="run the slow tests too")


def pytest_configure(config: pytest.Config) -> None:
    """Choose how much is tried, before the tests are read."""
    use_profile(config)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the slow tests of a plain run."""
    if not is_plain(config):
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow:
        items[:] = [item for item in items if not item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        config.stash[_LEFT_OUT] = len(slow)


def pytest_collection_finish() -> None:
    """Spare the tests and modules that are there from now on: looking for garbage among them takes a tenth of a run."""
    gc.freeze()


_LEFT_OUT = pytest.StashKey[int]()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Take the count from a worker process, where the tests are collected."""
    node.config.stash[_LEFT_OUT] = getattr(node, "workeroutput", {}).get("left_out", 0)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Give the count to the process that prints the summary."""
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["left_out"] = session.config.stash.get(_LEFT_OUT, 0)


@pytest.fixture(scope="session", autouse=True)
def formatted_once() -> Iterator[None]:
    """Have black lay out each text once: hundreds of tests generate the same modules, and it takes 30 ms each time."""
    import black

    layout = black.format_str
    kept = lru_cache(500)(layout)

    def format_str(text: str, *, mode: black.Mode) -> str:
        return kept(text, mode=mode) if len(text) < _SMALL else layout(text, mode=mode)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(black, "format_str", format_str)
        yield


_SMALL = 50_000
"""Characters; larger texts belong to tests of memory and growth, each of which has its own."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say what was left out."""
    left_out = config.stash.get(_LEFT_OUT, 0)
    if left_out:
        terminalreporter.write_line(
            f"left out: {left_out} slow tests (type checkers, other Pythons, wheels, long sweeps), "
            "and most examples of each property; pytest --all runs them"
        )
