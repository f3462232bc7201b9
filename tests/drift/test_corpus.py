"""The verdict on upgrades of real workflows, held against a type checker and against the runtime's own validation."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from invokable.codegen import ModulePlan, Naming, Options, plan_document
from invokable.codegen.drift.interfaces import names_of
from invokable.codegen.render import unformatted
from invokable.contract.interface import Drift, compare, read_module
from invokable.schema import load
from invokable.workflow import WorkflowFileError, read_document
from tests.drift.callers import caller
from tests.drift.test_reality import failure
from tests.examples import SHARED

PAIRS = (("5.0.2", "6.14.2"), ("6.3.0", "6.14.2"), ("6.13.8", "6.14.2"))
WORKFLOWS = sorted((SHARED / "corpus").glob("*/workflow.json"))
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not WORKFLOWS, reason="the editor's own outputs are not here")]


@dataclass(frozen=True)
class Upgraded:
    name: str
    plan: ModulePlan
    drift: Drift


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("upgrades")
    sys.path.insert(0, str(path))
    yield path
    sys.path.remove(str(path))


def upgrades(folder: Path) -> Iterator[Upgraded]:
    """What can be read with both versions and is not the same for callers; modules and callers are in the folder."""
    for number, path in enumerate(WORKFLOWS):
        document = read_document(path.read_bytes(), name=path.name)
        for old, new in PAIRS:
            try:
                before = plan_document(document, load(old), source=path.name)
                kept = names_of(read_module(unformatted(before)))
                naming = Naming(inputs=kept.inputs, outputs=kept.outputs, class_name=kept.class_name)
                after = plan_document(document, load(new), source=path.name, options=Options(naming=naming))
            except WorkflowFileError:
                continue
            drift = compare(read_module(unformatted(before)), read_module(unformatted(after)))
            if {change.subject for change in drift.changes} & {"input", "output"}:
                name = f"{number}_{old.replace('.', '')}"
                for side, plan in (("old", before), ("new", after)):
                    module = f"upgrade_{name}_{side}"
                    (folder / f"{module}.py").write_text(unformatted(plan), encoding="utf-8")
                    (folder / f"caller_{name}_{side}.py").write_text(caller(before, module), encoding="utf-8")
                yield Upgraded(name, before, drift)


def test_the_verdict_on_an_upgrade_is_what_happens(folder: Path) -> None:
    found = list(upgrades(folder))
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", *sorted(f.name for f in folder.iterdir())]
    said = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout
    failed = {line.partition(".py")[0] for line in said.splitlines() if ": error: " in line}
    assert not [name for name in failed if not name.endswith("_new") or name.startswith("upgrade_")], said
    wrong = []
    for item in found:
        assert failure(f"caller_{item.name}_old", item.plan, None) is None, item
        reality = f"caller_{item.name}_new" in failed or failure(f"caller_{item.name}_new", item.plan, None)
        # Which models fit is for a server to say.
        judged = [c for c in item.drift.changes if c.kind != "input-models-narrowed"]
        if bool(reality) != any(change.breaks != "nobody" for change in judged):
            wrong.append((item.name, reality, str(item.drift)))
    assert wrong == []
    assert len(found) > 20
