"""Memory: generating the module of any workflow takes at most twenty times its size."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from invokable.cli.errors import plain
from invokable.cli.shell import shell
from invokable.codegen import BuildOptions, build_modules
from invokable.codegen.build.jobs import Overrides
from invokable.codegen.plan import ModulePlan
from invokable.codegen.project.config import Choices
from invokable.codegen.render import Draft
from invokable.contract.interface import read_module
from invokable.contract.utf8 import Utf8
from tests.codegen.nasty import NASTY, equal_labels, generated, prompts
from tests.effort import slow_among, slow_beyond

TIMES = 20
MIB = 2**20


def peak(document: Any, folder: Path) -> tuple[int, int]:
    """The size of a workflow and the peak memory of building its module, in bytes."""
    source = folder / "nasty.json"
    size = source.write_bytes(json.dumps(document, separators=(",", ":")).encode())
    options = BuildOptions(overrides=Overrides(choices=Choices(lenient=True)))
    tracemalloc.start()
    try:
        build_modules([str(source)], str(folder), options)
        return size, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", slow_among(NASTY, NASTY.keys() - {"dropdowns"}))
def test_memory_grows_by_a_bounded_multiple_of_the_size(name: str, tmp_path: Path) -> None:
    make, number = NASTY[name]
    peak(make(10), tmp_path)  # warm caches
    small, least = peak(make(number // 8), tmp_path)
    large, most = peak(make(number // 2), tmp_path)
    assert most - least < TIMES * (large - small)


def one_emoji(make: Callable[[int], Any]) -> Callable[[int], Any]:
    """The same workflows with an emoji in their name: a `str` that holds one takes four bytes a character."""
    return lambda number: make(number) | {"name": "\U0001f98a"}


SHAPES = NASTY | {
    "equal labels and an emoji": (one_emoji(equal_labels), NASTY["equal labels"][1]),
    "prompts and an emoji": (one_emoji(prompts), NASTY["prompts"][1]),
}

PEAK = """
import sys
from pathlib import Path
from invokable.cli import main
try:
    main()
finally:
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    print(line.split()[1], file=sys.stderr)
"""


def resident(document: Any, folder: Path) -> tuple[int, int]:
    """The size of a workflow, and the most memory of a process of its own that generates its module, in bytes."""
    source = folder / "nasty.json"
    size = source.write_bytes(json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode())
    command = [sys.executable, "-c", PEAK, "generate", source.name, "--lenient", "--quiet", "--force"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return size, 1024 * int(done.stderr.split()[-1])


def of_a_megabyte(make: Callable[[int], Any], number: int) -> Any:
    """A workflow of about a megabyte."""
    while True:
        size = len(json.dumps(make(number), separators=(",", ":"), ensure_ascii=False).encode())
        if abs(size / MIB - 1) < 0.1:
            return make(number)
        number = number * MIB // size


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process is read out of /proc")
@pytest.mark.parametrize("name", SHAPES)
def test_a_process_takes_a_bounded_multiple_of_the_size(name: str, tmp_path: Path) -> None:
    resident(equal_labels(10), tmp_path)  # compiles what has not been compiled yet
    small, least = resident(equal_labels(10), tmp_path)
    large, most = resident(of_a_megabyte(*SHAPES[name]), tmp_path)
    assert most - least < TIMES * (large - small)


def test_the_plan_is_free_when_the_text_is_laid_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    finished = Draft.finished

    def finishing(draft: Draft) -> Utf8:
        seen.append([plan for plan in gc.get_objects() if isinstance(plan, ModulePlan) and plan.source == "held.json"])
        return finished(draft)

    (tmp_path / "held.json").write_text(json.dumps(equal_labels(2)))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Draft, "finished", finishing)
    assert CliRunner().invoke(shell, ["generate", "held.json", "--lenient"]).exit_code == 0
    assert seen == [[]]


@pytest.mark.parametrize("name", ["equal labels", "wide attributes", "prompts", "long lists", "dropdowns"])
def test_the_interface_of_a_module_is_read_statement_by_statement(name: str) -> None:
    make, number = NASTY[name]
    text = generated(make(number // 4)).encode()
    read_module(text)
    tracemalloc.start()
    read_module(text)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 5 * len(text)  # a syntax tree of the whole takes 20 to 30 times as much


@pytest.mark.parametrize("letter", slow_beyond(2, ["x", "é", "\x1b"]))
def test_a_text_is_shown_in_few_copies(letter: str) -> None:
    text = letter * 1_000_000
    tracemalloc.start()
    shown = plain(text)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 3 * len(shown)
