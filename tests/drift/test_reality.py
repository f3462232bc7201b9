"""The verdict compared with reality: it is breaking exactly if a caller's code fails.

The code uses everything in the old module. With the new one, mypy checks it in strict mode, and it runs: it creates
instances with every sample of every input, assigns the samples one by one, looks up the indices, runs the workflow on
the simulator with each model, and reads the result.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import invokable
from invokable import Client
from invokable.codegen import ModulePlan
from invokable.testing import Simulator
from tests.drift.callers import MODELS, OWN_CLASS, caller, samples
from tests.drift.edits import MIXED, NAMES, Modules, mixed, sides

PAIRS: dict[str, tuple[Callable[[int], Modules], int]] = {
    **{name.replace("-", "_"): (sides, position) for position, name in enumerate(NAMES)},
    **{f"mixed_{seed}": (mixed, seed) for seed in MIXED},
}

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("verdict")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The modules of all edits, and the caller of each old one, once with the old and once with the new module."""
    path = tmp_path_factory.mktemp("callers")
    for name in ("own_paints", "other_paints"):
        (path / f"{name}.py").write_text(OWN_CLASS, encoding="utf-8")
    for name, (make, number) in PAIRS.items():
        old, new, _ = make(number)
        for side, module in (("old", old), ("new", new)):
            (path / f"module_{name}_{side}.py").write_text(module.text, encoding="utf-8")
            code = caller(old.plan, f"module_{name}_{side}")
            (path / f"caller_{name}_{side}.py").write_text(code, encoding="utf-8")
    sys.path.insert(0, str(path))
    yield path
    sys.path.remove(str(path))


@pytest.fixture(scope="module")
def complaints(folder: Path) -> dict[str, list[str]]:
    """The output of mypy for each caller, by name; one process for all."""
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", *sorted(f.name for f in folder.iterdir())]
    said = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout
    found: dict[str, list[str]] = {}
    for line in said.splitlines():
        if ": error: " in line:
            found.setdefault(line.partition(".py")[0], []).append(line)
    assert not [name for name in found if name.startswith("module_")]
    return found


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with Simulator(models=MODELS) as server:
        yield server.client()


@pytest.mark.parametrize("name", PAIRS)
def test_the_verdict_is_what_happens(name: str, complaints: dict[str, list[str]], client: Client) -> None:
    make, number = PAIRS[name]
    old, _, drift = make(number)
    assert complaints.get(f"caller_{name}_old", []) == []
    assert failure(f"caller_{name}_old", old.plan, client) is None
    failed = complaints.get(f"caller_{name}_new") or failure(f"caller_{name}_new", old.plan, client)
    assert bool(failed) == drift.breaking, f"{drift}\n{failed}"


def failure(name: str, plan: ModulePlan, client: Client | None) -> Exception | None:
    """The error of a caller; None if it succeeds."""
    try:
        use(import_module(name), samples(plan), client)
    except Exception as error:  # any exception is a failure
        return error
    return None


def use(module: Any, values: dict[str, list[Any]], client: Client | None) -> None:
    """Use a workflow in every way that a caller can."""
    usual = {name: its[0] for name, its in values.items()}
    flow = module.build(**usual)
    for name, its in values.items():
        for value in its:
            module.build(**{**usual, name: value})
            module.assign(flow, **{**usual, name: value})
    required = module.least.__kwdefaults__ or module.least.__annotations__.keys() - {"return"}
    least = module.least(**{name: usual[name] for name in required})
    shown = {index: attribute for index, attribute, _ in least}
    assert module.INDICES.items() <= shown.items(), "an index shows another attribute"
    if client is None:
        return
    module.read(client.run(least, timeout=20))
    for name, its in values.items():
        for value in its:
            if isinstance(value, invokable.Model):
                client.run(module.build(**{**usual, name: value}), timeout=20)
