"""Try every fault, and report the survivors."""

from __future__ import annotations

import importlib
import itertools
import os
import pkgutil
import shutil
import signal
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from itertools import groupby
from pathlib import Path
from queue import SimpleQueue
from time import time
from typing import TypeVar

import tests.mutations as package
from tests.examples import ROOT, SHARED
from tests.mutations import Mutation
from tests.sessions import Sessions, sessions

T = TypeVar("T")
R = TypeVar("R")

PROCESSES = 4 * (os.cpu_count() or 1)
"""Tests wait for much of their time, and those that notice a fault by hanging for all of it."""
LONGEST = 60.0
"""Seconds for the tests of one fault."""
LONGEST_WITHOUT = 600.0
"""Seconds for the tests of a file without any fault."""
COPIED = (
    "src",
    "tests",
    "templates",
    "generated_examples",
    "docs",
    "pyproject.toml",
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
)


_LATER = itertools.count(2, 2)
"""Seconds, for each fault others: Python takes kept bytecode for that of any source of the same time and length."""


def known() -> Iterator[Mutation]:
    """The mutations of every list in this folder."""
    for module in pkgutil.iter_modules(package.__path__):
        if module.name != "__main__":
            yield from importlib.import_module(f"{package.__name__}.{module.name}").MUTATIONS


def copy_to(folder: Path) -> None:
    """Copy what the tests need."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)


def session_in(folder: Path) -> AbstractContextManager[Sessions]:
    """Copy what the tests need to a folder, and start sessions there that test the source of the copy."""
    copy_to(folder)
    environment = {
        "PYTHONPATH": os.pathsep.join((str(folder / "src"), str(folder))),
        "PYTHONDONTWRITEBYTECODE": "",  # each fault compiles what it changes, and no more
        "INVOKABLE_SHARED": str(SHARED),
    }
    return sessions(folder, os.environ | environment)


def survives(mutation: Mutation, started: Sessions) -> str:
    """Why a mutation counts as a survivor; empty where its tests notice it."""
    path = started.folder / mutation.file
    text = path.read_text(encoding="utf-8")
    if text.count(mutation.old) != 1:
        return f"its text stands {text.count(mutation.old)} times in {mutation.file}"
    before = path.stat().st_mtime
    path.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")
    os.utime(path, (time(), before + next(_LATER)))
    try:
        status, printed = run_tests(mutation.tests, started)
    finally:
        path.write_text(text, encoding="utf-8")
        os.utime(path, (time(), before))
    # A test that never ends, and is killed, has noticed it, too.
    return {0: "no test failed", 1: "", -signal.SIGKILL: ""}.get(status, f"pytest could not run:\n{printed[-2000:]}")


def run_tests(names: Sequence[str], started: Sessions, longest: float = LONGEST) -> tuple[int, str]:
    """The exit status of pytest and what it printed."""
    # Single tests run in any case.
    chosen = () if all("::" in name for name in names) else ("-m", "not slow or slow_on_simulator")
    return started.run(("--quiet", "--exitfirst", "-p", "no:cacheprovider", "-n", "0", *chosen, *names), longest)


def main(words: Sequence[str], *, tested: bool) -> int:
    """Try the mutations that the words choose; the exit status is 1 if any survives.

    If all tests have just passed, only those of one file run without a fault, to see that they can in a copy.
    """
    chosen = [m for m in known() if not words or any(word in m.file or word in m.fault for word in words)]
    survivors = 0
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack, ThreadPoolExecutor(PROCESSES) as threads:
        free: SimpleQueue[Sessions] = SimpleQueue()
        for number in range(PROCESSES):
            free.put(stack.enter_context(session_in(Path(name) / str(number))))
        without_faults = partial(run_tests, longest=LONGEST_WITHOUT)
        groups = of_each_file(chosen)[: 1 if tested else None]
        for status, printed in threads.map(partial(in_free, free, without_faults), groups):
            if status:
                print(f"the tests fail without any fault:\n{printed[-2000:]}")
                return 1
        for mutation, reason in zip(chosen, threads.map(partial(in_free, free, survives), chosen), strict=True):
            survivors += bool(reason)
            print(
                f"{'SURVIVED' if reason else 'noticed '}  {mutation.fault}{f' ({reason})' if reason else ''}",
                flush=True,
            )
    print(f"{len(chosen)} faults, {survivors} survived")
    return 1 if survivors or not chosen else 0


def of_each_file(chosen: Sequence[Mutation]) -> list[list[str]]:
    """The tests of the mutations, by file, and single ones apart from whole files."""
    tests = sorted({test for mutation in chosen for test in mutation.tests}, key=_kind)
    return [list(found) for _, found in groupby(tests, _kind)]


def _kind(test: str) -> tuple[str, bool]:
    return test.partition("::")[0], "::" in test


def in_free(free: SimpleQueue[Sessions], work: Callable[[T, Sessions], R], subject: T) -> R:
    """Do some work in a folder that is free."""
    started = free.get()
    try:
        return work(subject, started)
    finally:
        free.put(started)


if __name__ == "__main__":
    parser = ArgumentParser(prog="python -m tests.mutations", description="Try faults; report the survivors.")
    parser.add_argument("words", nargs="*", help="try only faults whose file or description contains a word")
    parser.add_argument("--tested", action="store_true", help="all tests have just passed without faults")
    options = parser.parse_args()
    sys.exit(main(options.words, tested=options.tested))
