"""Names survive: whatever happens to a workflow, its callers keep working, and changed names are reported."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from invokable.codegen.naming.lock import Names
from invokable.codegen.written.existing import read_names
from invokable.codegen.written.header import read_header
from tests.cli.test_generate import run, saved
from tests.examples import example, node

CONFIG = "[tool.invokable]\n"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a configuration."""
    (tmp_path / "pyproject.toml").write_text(CONFIG, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def generated(document: Any, *arguments: str, name: str = "flow.json") -> tuple[Names, str]:
    """The names in the module of a workflow, generated into `out`, and the output."""
    result = run("generate", saved(Path(), document, name), "-o", "out", *arguments)
    assert result.exit_code == 0, result.stderr
    path = Path("out") / name.replace(".json", ".py")
    return read_names(path.read_bytes()), result.stderr


def relabel(document: Any) -> None:
    for entry in document["nodes"]:
        entry["data"]["label"] = "Other"
        for field in entry["data"].get("inputs", {}).values():
            field["label"] = f"Other {field['name']}"


def retitle(document: Any) -> None:
    document["name"] = "Quite Another Title"


def reorder(document: Any) -> None:
    document["nodes"].reverse()
    for element in document["form"]["elements"].values():
        element.get("data", {}).get("children", []).reverse()


def reword_headings(document: Any) -> None:
    for element in document["form"]["elements"].values():
        if element["type"] == "heading":
            element["data"]["content"] = "Other"


def move(document: Any) -> None:
    for entry in document["nodes"]:
        entry["position"] = {"x": 1, "y": 2}


@pytest.mark.parametrize("empty", [False, True], ids=["over the module", "into an empty folder"])
@pytest.mark.parametrize("change", [relabel, retitle, reorder, reword_headings, move])
def test_names_survive_a_change(project: Path, change: Any, empty: bool) -> None:
    before, _ = generated(example("sd15_text_to_image.json"))
    assert (before.class_name, len(before.inputs), len(before.outputs)) == ("SD15TextToImage", 10, 1)
    if empty:
        shutil.rmtree("out")
    document = example("sd15_text_to_image.json")
    change(document)
    assert generated(document) == (before, "")


def test_names_survive_another_version_of_the_schema(project: Path) -> None:
    before, _ = generated(example("sd15_text_to_image.json"), "--schema", "5.0.2", "--lenient")
    shutil.rmtree("out")
    after, _ = generated(example("sd15_text_to_image.json"), "--schema", "6.14.2")
    assert after == before


def test_without_lock_file_and_module_the_names_are_chosen_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    generated(example("sd15_text_to_image.json"))
    assert not Path("invokable.lock").exists()
    shutil.rmtree("out")
    document = example("sd15_text_to_image.json")
    retitle(document)
    assert generated(document)[0].class_name == "QuiteAnotherTitle"


def test_an_empty_lock_file_is_enough_without_a_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("invokable.lock").touch()
    generated(example("sd15_text_to_image.json"))
    assert '"flow.json".class = "SD15TextToImage"' in Path("invokable.lock").read_text(encoding="utf-8")


def test_the_lock_file_holds_the_names_of_all_workflows(project: Path) -> None:
    generated(example("sd15_text_to_image.json"), name="first.json")
    generated(example("colour_card.json"), name="second.json")
    text = Path("invokable.lock").read_text(encoding="utf-8")
    assert text.count(".class = ") == 2
    result = run("generate", "first.json", "second.json", "-o", "out")
    assert "invokable.lock" not in result.stdout
    assert Path("invokable.lock").read_text(encoding="utf-8") == text


def test_a_merge_that_keeps_the_lines_of_both_sides_keeps_all_names(project: Path) -> None:
    before, _ = generated(example("sd15_text_to_image.json"))
    lock = Path("invokable.lock")
    lines = lock.read_text(encoding="utf-8").splitlines(keepends=True)
    lock.write_text("".join(lines[::2] + lines), encoding="utf-8")
    Path("out/flow.py").write_text("<<<<<<< HEAD\n", encoding="utf-8")
    document = example("sd15_text_to_image.json")
    relabel(document)
    assert generated(document, "--force")[0] == before
    assert lock.read_text(encoding="utf-8") == "".join(lines)


def test_a_lock_file_with_conflict_markers_is_refused_in_one_line(project: Path) -> None:
    Path("invokable.lock").write_text("<<<<<<< HEAD\n", encoding="utf-8")
    result = run("generate", saved(project, example("colour_card.json")), "-o", "out")
    assert result.exit_code == 2
    assert result.stderr == (
        f"{project}/invokable.lock: line 1: found conflict markers; delete them and keep the lines of both sides\n"
    )
    assert not Path("out").exists()


def test_names_changed_by_the_configuration_are_reported(project: Path) -> None:
    document = example("sd15_text_to_image.json")
    generated(document)
    noise = node(document, "noise")["id"]
    table = '[tool.invokable.workflows."flow.json"]\nclass = "Painting"\n'
    rename = f'rename = {{ "{noise}" = {{ width = "wide" }} }}\n'
    Path("pyproject.toml").write_text(CONFIG + table + rename, encoding="utf-8")
    names, said = generated(document)
    assert said.splitlines() == [
        "flow.json: the class 'SD15TextToImage' is now 'Painting'",
        "flow.json: the input 'width' is now 'wide'",
    ]
    assert generated(document) == (names, "")


def test_the_name_of_a_removed_input_is_free_for_another(project: Path) -> None:
    document = example("sd15_text_to_image.json")
    before, _ = generated(document)
    text = json.dumps(document).replace(node(document, "noise")["id"], "11111111-2222-3333-4444-555555555555")
    after, said = generated(json.loads(text))
    assert sorted(after.inputs.values()) == sorted(before.inputs.values())
    assert said == ""
    assert node(document, "noise")["id"] not in Path("invokable.lock").read_text(encoding="utf-8")


def test_a_module_keeps_the_version_that_it_was_made_with(project: Path) -> None:
    document = example("colour_card.json")
    generated(document, "--schema", "6.8.1")
    generated(document)
    assert read_header(Path("out/flow.py").read_bytes()).schema == "6.8.1"


def test_the_module_of_another_workflow_is_not_replaced(tmp_path: Path) -> None:
    first, second = saved(tmp_path, example("colour_card.json"), "a b.json"), saved(tmp_path, "", "a-b.json")
    second.write_bytes(first.read_bytes())
    assert run("generate", first, "-o", tmp_path / "out").exit_code == 0
    result = run("generate", second, "-o", tmp_path / "out")
    assert result.exit_code == 3
    assert "a_b.py: is the module of '../a b.json', not of '../a-b.json'" in result.stderr
    assert run("generate", second, "-o", tmp_path / "out", "--force").exit_code == 0
