"""Memory: generating the module of any workflow takes at most twenty times its size."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from invokable.cli.errors import plain
from invokable.codegen import BuildOptions, build_modules
from invokable.codegen.build.jobs import Overrides
from invokable.codegen.project.config import Choices
from tests.codegen.nasty import NASTY
from tests.effort import slow_among, slow_beyond

TIMES = 20


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


@pytest.mark.parametrize("letter", slow_beyond(2, ["x", "é", "\x1b"]))
def test_a_text_is_shown_in_few_copies(letter: str) -> None:
    text = letter * 1_000_000
    tracemalloc.start()
    shown = plain(text)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 3 * len(shown)
