"""Configuration of all tests: slow ones run only if requested, and the summary says how many were left out."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pytest

from tests.effort import is_plain, use_profile

# Many tests start Python; without bytecode files, each start would compile all imported modules.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--all`."""
    parser.addoption("--all", action="store_true", help="run the slow tests too")


def pytest_configure(config: pytest.Config) -> None:
    """Choose the number of examples, before the tests are imported, and collect no garbage meanwhile."""
    if not config.getoption("numprocesses", 0) or hasattr(config, "workerinput"):  # this process runs tests
        gc.disable()  # until they are collected: whatever is imported and collected stays
        use_profile(config)


@pytest.hookimpl(trylast=True)  # when others have left out what they leave out
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave slow tests out of a plain run. In others each process begins with them, so that none has one at the end."""
    if not is_plain(config):
        processes = getattr(config, "workerinput", {}).get("workercount", 0)
        items[:] = _slow_first(items, processes) if processes else items
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow:
        items[:] = [item for item in items if not item.get_closest_marker("slow")]
        config.hook.pytest_deselected(items=slow)
        config.stash[_LEFT_OUT] = len(slow)


def _slow_first(items: list[pytest.Item], processes: int) -> list[pytest.Item]:
    """The same tests in equal shares, as they are given to the processes at first, with the slow ones first in each.

    Before them come groups: other processes, which take tests from the end, would repeat their costly fixtures.
    """
    size = max(-(-len(items) // processes), 1)
    shares = (items[begin : begin + size] for begin in range(0, len(items), size))
    return [item for share in shares for item in sorted(share, key=_place)]


def _place(item: pytest.Item) -> int:
    return 0 if item.get_closest_marker("xdist_group") else 1 if item.get_closest_marker("slow") else 2


def pytest_collection_finish() -> None:
    """Exclude tests and modules from garbage collection, where they take a tenth of a run, and collect less often."""
    gc.freeze()
    gc.set_threshold(10_000)
    gc.enable()


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
    """Cache what black formats: hundreds of tests generate the same modules, and black takes 30 ms for each."""
    import black

    layout = black.format_str
    modes: dict[str, black.Mode] = {}  # which cannot be hashed before black 25.11

    @lru_cache(500)
    def kept(text: str, key: str) -> str:
        return layout(text, mode=modes[key])

    def format_str(text: str, *, mode: black.Mode, **options: Any) -> str:
        if options or len(text) >= _SMALL:
            return layout(text, mode=mode, **options)
        key = mode.get_cache_key()
        modes[key] = mode
        return kept(text, key)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(black, "format_str", format_str)
        yield


_SMALL = 50_000
"""Characters; larger texts come from tests of memory and growth, and are not repeated."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Report what was left out."""
    left_out = config.stash.get(_LEFT_OUT, 0)
    if left_out:
        terminalreporter.write_line(
            f"left out: {left_out} slow tests (type checkers, other Pythons, wheels, long sweeps), "
            "and most examples of each property; pytest --all runs them"
        )
