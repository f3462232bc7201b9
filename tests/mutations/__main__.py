"""Try every fault, and report the survivors."""

from __future__ import annotations

import importlib
import itertools
import os
import pkgutil
import resource
import shutil
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from time import time

import tests.mutations as package
from tests.examples import ROOT, SHARED
from tests.mutations import Mutation

PROCESSES = 2 * (os.cpu_count() or 1)
"""Tests wait for much of their time."""
LONGEST = 120.0
"""Seconds for the tests of one fault."""
LARGEST = 4 * 2**30
"""Bytes of memory for them."""
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


def survives(mutation: Mutation, folder: Path) -> str:
    """Why a mutation counts as a survivor; empty where its tests notice it."""
    path = folder / mutation.file
    text = path.read_text(encoding="utf-8")
    if text.count(mutation.old) != 1:
        return f"its text stands {text.count(mutation.old)} times in {mutation.file}"
    before = path.stat().st_mtime
    path.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")
    os.utime(path, (time(), before + next(_LATER)))
    try:
        done = run_tests(mutation.tests, folder)
    finally:
        path.write_text(text, encoding="utf-8")
        os.utime(path, (time(), before))
    return {0: "no test failed", 1: ""}.get(done.returncode, f"pytest could not run:\n{done.stdout[-2000:]}")


def run_tests(
    names: Sequence[str], folder: Path, longest: float = LONGEST, *, processes: int = 0
) -> subprocess.CompletedProcess[str]:
    """Run tests of the copy against the source of the copy."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join((str(folder / "src"), str(folder))),
        "PYTHONDONTWRITEBYTECODE": "",  # each fault compiles what it changes, and no more
        "INVOKABLE_SHARED": str(SHARED),
    }
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--quiet",
        "--exitfirst",
        *(
            () if all("::" in name for name in names) else ("-m", "not slow or slow_on_simulator")
        ),  # single tests run in any case
        "-p",
        "no:cacheprovider",
        "-n",
        str(processes),
        *names,
    ]
    try:
        return subprocess.run(
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=longest,
            preexec_fn=_limit_memory,
        )
    except subprocess.TimeoutExpired:  # a test that never ends has noticed it, too
        return subprocess.CompletedProcess(command, 1, "", "")


def _limit_memory() -> None:
    """Limit the memory: a fault may loop forever and fill it."""
    resource.setrlimit(resource.RLIMIT_AS, (LARGEST, LARGEST))


def main(words: Sequence[str]) -> int:
    """Try the mutations that the words choose; the exit status is 1 if any survives."""
    chosen = [m for m in known() if not words or any(word in m.file or word in m.fault for word in words)]
    survivors = 0
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(PROCESSES) as threads:
        folders: SimpleQueue[Path] = SimpleQueue()
        for number in range(PROCESSES):
            copy_to(Path(name) / str(number))
            folders.put(Path(name) / str(number))
        clean = run_tests(
            sorted({test for mutation in chosen for test in mutation.tests}),
            Path(name) / "0",
            900.0,
            processes=PROCESSES,
        )
        if clean.returncode:
            print(f"the tests fail without any fault:\n{clean.stdout[-2000:]}")
            return 1
        for mutation, reason in threads.map(partial(tried, folders), chosen):
            survivors += bool(reason)
            print(
                f"{'SURVIVED' if reason else 'noticed '}  {mutation.fault}{f' ({reason})' if reason else ''}",
                flush=True,
            )
    print(f"{len(chosen)} faults, {survivors} survived")
    return 1 if survivors or not chosen else 0


def tried(folders: SimpleQueue[Path], mutation: Mutation) -> tuple[Mutation, str]:
    """Try a mutation in a copy that is free."""
    folder = folders.get()
    try:
        return mutation, survives(mutation, folder)
    finally:
        folders.put(folder)


if __name__ == "__main__":
    parser = ArgumentParser(prog="python -m tests.mutations", description="Try faults; report the survivors.")
    parser.add_argument("words", nargs="*", help="try only faults whose file or description contains a word")
    sys.exit(main(parser.parse_args().words))
