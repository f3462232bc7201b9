"""invokable diff: the changes, in each form, and the exit status for CI."""

from __future__ import annotations

import codecs
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from invokable.cli.shell import shell
from invokable.contract.interface.rules import KINDS
from tests.examples import MODULES, ROOT, WORKFLOWS, example, node
from tests.schemas import valid

CARD = WORKFLOWS / "colour_card.json"
MODULE = MODULES / "colour_card.py"


def run(*arguments: object, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(shell, ["diff", *map(str, arguments)], input=stdin)


def edited(folder: Path, change: Any) -> Path:
    document = example("colour_card.json")
    change(document)
    path = folder / "colour_card.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def wider(document: Any) -> None:
    """An edit that breaks nobody."""
    node(document, "blank_image")["inputs"]["width"]["value"] = 400


def without_stamp_position(document: Any) -> None:
    """An edit that breaks callers: `left` is removed, and later fields move up."""
    elements = document["form"]["elements"]
    gone = next(
        key
        for key, e in elements.items()
        if e["type"] == "node-field" and e["data"]["fieldIdentifier"]["fieldName"] == "x"
    )
    elements[elements[gone]["parentId"]]["data"]["children"].remove(gone)
    del elements[gone]


def test_a_module_of_the_same_workflow_is_not_a_change() -> None:
    result = run(MODULE, CARD)
    assert (result.exit_code, result.stdout) == (0, f"{MODULE} -> {CARD}: no changes\n")
    assert run(CARD, MODULE).exit_code == 0


def test_a_change_that_breaks_nobody_ends_with_0(tmp_path: Path) -> None:
    path = edited(tmp_path, wider)
    result = run(MODULE, path)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[:3] == [
        f"{MODULE} -> {path}: compatible",
        "  breaks nobody:",
        "    input width  default 320, now 400",
    ]


def test_a_change_that_breaks_callers_ends_with_1_and_says_why(tmp_path: Path) -> None:
    path = edited(tmp_path, without_stamp_position)
    result = run(CARD, path)
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0] == f"{CARD} -> {path}: breaking for callers"
    assert lines[2].split() == ["input", "left", "missing", "(index", "4,", "int)"]
    assert lines[3].strip() == "(code that sets it fails)"
    assert "    input top        moved from index 5 to index 4" in lines
    assert lines[-1] == "  unchanged: width, height, card_colour, stamp, card (output)"


def test_names_only_assumes_callers_without_indices(tmp_path: Path) -> None:
    def swapped(document: Any) -> None:
        form = document["form"]["elements"]
        rows = [
            e["data"]["children"] for e in form.values() if e["type"] == "container" and len(e["data"]["children"]) == 2
        ]
        rows[-1].reverse()

    path = edited(tmp_path, swapped)
    assert run(CARD, path).exit_code == 1
    assert "breaking for callers that use indices" in run(CARD, path).stdout
    assert run(CARD, path, "--names-only").exit_code == 0


def test_json_is_as_its_schema_says(tmp_path: Path) -> None:
    path = edited(tmp_path, without_stamp_position)
    found = valid(run(MODULE, path, "--format", "json").stdout, "drift")
    assert (found["verdict"], found["breaks"]) == ("breaking", "callers")
    assert (found["old"]["name"], found["new"]["name"]) == (str(MODULE), str(path))
    gone = next(change for change in found["changes"] if change["kind"] == "input-missing")
    assert (gone["name"], gone["verdict"], gone["before"]) == ("left", "breaking", "index 4, int")
    assert found["unchanged"] == {"inputs": ["width", "height", "card_colour", "stamp"], "outputs": ["card"]}
    assert valid(run(MODULE, CARD, "--format", "json").stdout, "drift")["verdict"] == "same"


def test_the_schema_lists_every_kind_of_change() -> None:
    text = (ROOT / "docs" / "schemas" / "drift.schema.json").read_text(encoding="utf-8")
    assert json.loads(text)["$defs"]["change"]["properties"]["kind"]["enum"] == list(KINDS)


def test_markdown_is_a_table_that_labels_cannot_break(tmp_path: Path) -> None:
    def hostile(document: Any) -> None:
        node(document, "blank_image")["inputs"]["width"]["label"] = "a|b <img src=x> @everyone `x` [l](u)\n# h"

    path = edited(tmp_path, hostile)
    lines = run(MODULE, path, "--format", "markdown").stdout.splitlines()
    assert lines[0] == f"### `{MODULE}` → `{path}`: compatible"
    (row,) = [line for line in lines if "input `width`" in line]
    assert row.replace("\\|", "").count("|") == 5
    assert "<img" not in row.replace("\\<", "")
    assert "@" not in row
    assert len(lines) == 7


def test_a_workflow_keeps_the_names_of_the_other_side(tmp_path: Path) -> None:
    def relabelled(document: Any) -> None:
        node(document, "blank_image")["inputs"]["width"]["label"] = "Breadth"

    path = edited(tmp_path, relabelled)
    result = run(CARD, path)
    assert result.exit_code == 0
    assert 'input width  label none, now "Breadth"' in result.stdout


def test_a_renamed_attribute_breaks_callers(tmp_path: Path) -> None:
    key = node(example("colour_card.json"), "blank_image")["id"]
    (tmp_path / "pyproject.toml").write_text(
        f'[tool.invokable.workflows."colour_card.json"]\nrename = {{ "{key}" = {{ width = "breadth" }} }}\n'
    )
    path = edited(tmp_path, lambda document: None)
    result = run(MODULE, path)
    assert result.exit_code == 1
    assert "input width  renamed to breadth" in result.stdout


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A git repository with a workflow in a folder, edited after the commit."""
    folder = tmp_path / "flows"
    folder.mkdir()
    edited(folder, lambda document: None)
    for arguments in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x"],
    ):
        subprocess.run(["git", *arguments], cwd=tmp_path, check=True)
    edited(folder, without_stamp_position)
    monkeypatch.chdir(folder)
    return folder


def test_a_git_revision_is_compared_with_the_working_tree(repository: Path) -> None:
    result = run("git:HEAD:colour_card.json", "colour_card.json")
    assert result.exit_code == 1
    assert "input left" in result.stdout
    assert run("git:HEAD:colour_card.json", "git:HEAD:../flows/colour_card.json").exit_code == 0


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("git:HEAD:gone.json", "git:HEAD:gone.json: path 'flows/gone.json' does not exist in 'HEAD'"),
        ("git:nope:colour_card.json", "git:nope:colour_card.json: invalid object name 'nope'."),
        ("git:HEAD", "git:HEAD: expected git:REV:PATH, such as git:HEAD:workflows/portrait.json"),
        ("git:--help:x", "git:--help:x: expected git:REV:PATH, such as git:HEAD:workflows/portrait.json"),
    ],
)
def test_what_git_does_not_have_is_bad_input(name: str, message: str, repository: Path) -> None:
    result = run(name, "colour_card.json")
    assert (result.exit_code, result.stderr.strip()) == (2, message)


def test_the_way_out_that_git_names_is_shown(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    (line,) = run("git:HEAD:colour_card.json", "colour_card.json").stderr.splitlines()
    assert line.startswith("git:HEAD:colour_card.json: detected dubious ownership in repository at ")
    assert "git config --global --add safe.directory" in line


@pytest.mark.parametrize("start", [b"", codecs.BOM_UTF8])
def test_a_module_may_have_the_line_ends_of_windows(start: bytes, tmp_path: Path) -> None:
    path = tmp_path / "card.py"
    path.write_bytes(start + MODULE.read_bytes().replace(b"\n", b"\r\n"))
    for old, new in ((MODULE, path), (path, CARD)):
        result = run(old, new)
        assert (result.exit_code, result.stdout) == (0, f"{old} -> {new}: no changes\n")
    for source in (path, tmp_path):
        upgraded = CliRunner().invoke(shell, ["schema", "diff", "6.11.1", "6.14.2", str(source)])
        assert "breaks none of 1 module" in upgraded.stdout


def test_one_side_can_come_from_standard_input() -> None:
    assert run("-", MODULE, stdin=CARD.read_bytes()).exit_code == 0
    assert run(CARD, "-", stdin=MODULE.read_bytes()).exit_code == 0
    both = run("-", "-")
    assert (both.exit_code, both.stderr) == (2, "-: standard input can only be one side\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n", "not a generated module: it has no INDEX_MAP with a workflow class"),
        ("def (:\n", "not a Python module: line 1: a bracket is never closed"),
        ("A: Final = 1\nB: Final = = 2\n", "not a Python module: line 2: invalid syntax"),
        ("import os; os.exit(7)\n", "not a generated module: it has no INDEX_MAP with a workflow class"),
        (MODULE.read_text().replace('"width", "Int', '"height", "Int'), "INDEX_MAP was changed after generation"),
        (MODULE.read_text().replace("Index(0)", "Index(1)"), "the index of 'height' does not match INDEX_MAP"),
        (
            MODULE.read_text().replace('r"""{', 'r"""{{'),
            "the module was changed after generation (JSONDecodeError",
        ),
    ],
)
def test_a_file_that_is_not_a_module_is_bad_input_and_never_run(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "flows.py"
    path.write_text(text)
    result = run(path, CARD)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"{path}: ")
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_module_is_read_in_any_layout(tmp_path: Path) -> None:
    path = tmp_path / "flows.py"
    path.write_text(MODULE.read_text().replace("Index(0), Ge(16)", "Index(\n        0\n    ),\n    Ge(16)"))
    assert run(path, CARD).stdout.endswith("no changes\n")
