"""The verdict on upgrades and random edits of real workflows, compared with a type checker and validation."""

from __future__ import annotations

import re
import subprocess
import sys
from copy import deepcopy
from dataclasses import dataclass
from json import dumps, loads
from pathlib import Path
from random import Random
from typing import Any

import pytest

from invokable.codegen import ModulePlan, Naming, Options, plan_document
from invokable.codegen.drift.interfaces import names_of
from invokable.codegen.render import draft_module
from invokable.contract.interface import Drift, compare, read_module
from invokable.schema import Schema, load
from invokable.workflow import WorkflowFileError, read_document
from tests.drift.callers import caller
from tests.drift.test_reality import failure
from tests.examples import SHARED

PAIRS = (("5.0.2", "6.14.2"), ("6.3.0", "6.14.2"), ("6.13.8", "6.14.2"))
WORKFLOWS = sorted((SHARED / "corpus").glob("*/workflow.json"))
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not WORKFLOWS, reason="the editor's own outputs are not here")]


EDITED = range(160)
"""Seeds, each of which edits a workflow at random."""


@dataclass(frozen=True)
class Pair:
    """The contents of `module_NAME_old.py` and `module_NAME_new.py`."""

    name: str
    plan: ModulePlan
    drift: Drift


def edited(document: Any, rng: Random) -> Any:
    """A workflow after a random edit in the editor."""
    document = deepcopy(document)
    nodes = [node for node in document["nodes"] if isinstance((node.get("data") or {}).get("inputs"), dict)]
    nodes = [node for node in nodes if all(isinstance(entry, dict) for entry in node["data"]["inputs"].values())]
    nodes = [node for node in nodes if node["data"]["inputs"]]
    if not nodes:
        return document
    elements = (document.get("form") or {}).get("elements", {})
    shown = [e["data"] for e in elements.values() if e["type"] == "node-field"]
    node = rng.choice(nodes)
    entry = rng.choice(list(node["data"]["inputs"].values()))
    if shown and rng.random() < 0.8:
        identifier = rng.choice(shown)["fieldIdentifier"]
        node = next(node for node in nodes if node["id"] == identifier["nodeId"])
        entry = node["data"]["inputs"].get(identifier["fieldName"], entry)
    value = entry.get("value")
    match rng.randrange(8):
        case 0:
            entry["label"] = f"Other {rng.randrange(9)}"
        case 1 if type(value) in (int, float):
            entry["value"] = value + 16
        case 2 if isinstance(value, str):
            entry["value"] = f"{value} and more"
        case 3:
            entry.pop("value", None)
        case 4 if shown:
            of_numbers = {"component": "number-input", "min": 1, "max": 10**6}
            rng.choice(shown)["settings"] = {"type": "integer-field-config", **of_numbers}
        case 5:
            rows = [e["data"]["children"] for e in elements.values() if e["type"] == "container"]
            rng.shuffle(rng.choice(rows or [document["nodes"]]))
        case 6 if shown:
            rows = [e["data"]["children"] for e in elements.values() if e["type"] == "container"]
            children = rng.choice([row for row in rows if row] or [[None]])
            elements.pop(children.pop(), None)
        case _:
            ids = {dumps(node["id"]): dumps(f"{node['id']}-again")}
            document = loads(re.sub("|".join(map(re.escape, ids)), lambda found: ids[found[0]], dumps(document)))
    return document


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def pair(folder: Path, name: str, old: tuple[Any, Schema], new: tuple[Any, Schema]) -> Pair | None:
    """Write two modules and their callers; None if they cannot be generated or are the same for callers."""
    try:
        before = plan_document(*old, source="workflow.json")
        kept = names_of(read_module(draft_module(before, laid_out=False).unformatted()))
        naming = Naming(inputs=kept.inputs, outputs=kept.outputs, class_name=kept.class_name)
        after = plan_document(*new, source="workflow.json", options=Options(naming=naming))
    except WorkflowFileError:
        return None
    drift = compare(
        read_module(draft_module(before, laid_out=False).unformatted()),
        read_module(draft_module(after, laid_out=False).unformatted()),
    )
    if not {change.subject for change in drift.changes} & {"input", "output"}:
        return None
    for side, plan in (("old", before), ("new", after)):
        (folder / f"module_{name}_{side}.py").write_bytes(draft_module(plan, laid_out=False).unformatted())
        (folder / f"caller_{name}_{side}.py").write_text(caller(before, f"module_{name}_{side}"), encoding="utf-8")
    return Pair(name, before, drift)


def misjudged(folder: Path, pairs: list[Pair]) -> list[tuple[str, str, str]]:
    """The pairs whose verdict differs from what happens to callers."""
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", *sorted(f.name for f in folder.iterdir())]
    said = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout
    failed = {line.partition(".py")[0] for line in said.splitlines() if ": error: " in line}
    assert not [name for name in failed if not name.endswith("_new") or name.startswith("module_")], said
    wrong = []
    for item in pairs:
        assert failure(f"caller_{item.name}_old", item.plan, None) is None, item
        reality = f"caller_{item.name}_new" in failed or failure(f"caller_{item.name}_new", item.plan, None)
        # Only a server knows which models fit.
        judged = [c for c in item.drift.changes if c.kind != "input-models-narrowed"]
        if bool(reality) != any(change.breaks != "nobody" for change in judged):
            wrong.append((item.name, str(reality), str(item.drift)))
    return wrong


def test_the_verdict_on_an_upgrade_is_what_happens(folder: Path) -> None:
    found = []
    for number, path in enumerate(WORKFLOWS):
        document = read_document(path.read_bytes())
        for old, new in PAIRS:
            name = f"{number}_{old.replace('.', '')}"
            found.append(pair(folder, name, (document, load(old)), (document, load(new))))
    pairs = [one for one in found if one]
    assert misjudged(folder, pairs) == []
    assert len(pairs) > 20


def test_the_verdict_on_random_edits_is_what_happens(folder: Path) -> None:
    schema, found = load("6.14.2"), []
    for seed in EDITED:
        rng = Random(seed)
        path = rng.choice(WORKFLOWS)
        old = read_document(path.read_bytes())
        new = old
        for _ in range(rng.choice((1, 2, 4))):
            new = edited(new, rng)
        found.append(pair(folder, str(seed), (old, schema), (new, schema)))
    pairs = [one for one in found if one]
    assert misjudged(folder, pairs) == []
    assert len(pairs) > 30
