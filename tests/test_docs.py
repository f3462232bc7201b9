"""The documentation refers only to things that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.examples import ROOT

PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])


def test_every_threat_has_a_test() -> None:
    page = (ROOT / "docs" / "safety.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (T\d+) \|.*\| (.*?) ?\|$", page, re.MULTILINE))
    assert list(rows) == [f"T{number}" for number in range(1, 25)]
    for threat, cell in rows.items():
        if threat == "T23":
            continue
        path, name = cell.strip("`").split("::")
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        assert name in {item.name for item in tree.body if isinstance(item, ast.FunctionDef)}, threat


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
