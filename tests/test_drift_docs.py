"""docs/drift.md: each command prints the output on the page."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from invokable.contract.interface.rules import RULES
from tests.cli.test_diff import edited, wider, without_stamp_position
from tests.examples import MODULES, ROOT, WORKFLOWS
from tests.workflow.builders import form, node, workflow

PAGE = (ROOT / "docs" / "drift.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(console|python)\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The setup for the page: a git repository, a module in use, and a workflow that was edited afterwards."""
    folder = tmp_path_factory.mktemp("project")
    workflows, flows = folder / "workflows", folder / "flows"
    workflows.mkdir()
    flows.mkdir()
    (workflows / "colour_card.json").write_bytes((WORKFLOWS / "colour_card.json").read_bytes())
    (flows / "colour_card.py").write_bytes((MODULES / "colour_card.py").read_bytes())
    loader = workflow(node("loader", "main_model_loader", "1.0.3", model=None), form=form("loader.model"))
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    for arguments in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "A workflow and its module"]):
        subprocess.run(["git", *arguments], cwd=folder, check=True)
    (workflows / "text_to_image.json").write_text(json.dumps(loader), encoding="utf-8")
    edited(workflows, both)
    return folder


def both(document: Any) -> None:
    without_stamp_position(document)
    wider(document)


def run(command: list[str], place: Path) -> str:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        command, cwd=place, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.stdout


@pytest.mark.slow
def test_every_block_prints_what_it_says(place: Path) -> None:
    for kind, text in BLOCKS:
        if kind == "python":
            assert run([sys.executable, "-c", text], place) == "['left']\n"
            continue
        lines = text.splitlines()
        commands = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        printed = [line for line in lines if not line.startswith("$ ")]
        assert run(["bash", "-c", "\n".join(commands)], place).splitlines() == printed, commands


def test_the_table_lists_each_kind_and_whom_it_breaks() -> None:
    rows = re.findall(r"^\| (`.*?) \| (callers|indices|nobody) \|$", PAGE, re.MULTILINE)
    listed = {kind: breaks for cell, breaks in rows for kind in re.findall(r"`([a-z-]+)`", cell)}
    assert listed == {kind: rule.breaks for kind, rule in RULES.items()}
