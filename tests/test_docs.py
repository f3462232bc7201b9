"""The documentation refers only to things that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.examples import MODULES, ROOT

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
def test_every_row_of_a_table_has_as_many_cells_as_its_head(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        rows = [re.sub(r"\\\|", "", row) for row in table.splitlines()]
        assert [row for row in rows if row.count("|") != rows[0].count("|")] == []


@pytest.mark.parametrize(
    ("page", "module"), [("generated-modules.md", "colour_card.py"), ("comparison.md", "sd15_text_to_image.py")]
)
def test_excerpts_are_lines_of_the_example(page: str, module: str) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / page).read_text(encoding="utf-8"), re.DOTALL)
    lines = {line.strip() for line in (MODULES / module).read_text(encoding="utf-8").splitlines()} | {"…"}
    excerpts = blocks if page == "generated-modules.md" else blocks[:1]  # the others are of other generators
    assert [line for block in excerpts for line in block.splitlines() if line.strip() not in lines] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target
