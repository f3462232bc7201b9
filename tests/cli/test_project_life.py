"""The life of a project: started, generated, committed, its workflow edited in ten ways, without losing a name."""

from __future__ import annotations

import codecs
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from invokable.codegen.build import modules
from invokable.codegen.generate import plan_document
from invokable.codegen.plan import ModulePlan
from invokable.codegen.written.checksums import source_checksum
from invokable.codegen.written.existing import read_names
from invokable.codegen.written.made_from import last_change_of_ours
from invokable.schema.model import Schema
from tests.cli.projects import TABLE, Project
from tests.cli.test_generate import run
from tests.examples import add_field, example, node


def set_default(document: Any) -> None:
    node(document, "blank_image")["inputs"]["width"]["value"] = 640


def relabel(document: Any) -> None:
    node(document, "blank_image")["inputs"]["width"]["label"] = "Breadth"


def retitle(document: Any) -> None:
    document["name"] = "Quite Another Title"


def reorder(document: Any) -> None:
    for element in document["form"]["elements"].values():
        element.get("data", {}).get("children", []).reverse()


def move_nodes(document: Any) -> None:
    for entry in document["nodes"]:
        entry["position"] = {"x": 1, "y": 2}


def narrow(document: Any) -> None:
    fields = (e["data"] for e in document["form"]["elements"].values() if e["type"] == "node-field")
    next(data for data in fields if data["fieldIdentifier"]["fieldName"] == "width")["settings"]["max"] = 1024


def add_input(document: Any) -> None:
    add_field(document, node(document, "blank_image")["id"], "mode")


def remove_input(document: Any) -> None:
    elements = document["form"]["elements"]
    gone = next(k for k, e in elements.items() if e.get("data", {}).get("fieldIdentifier", {}).get("fieldName") == "y")
    del elements[gone]
    for element in elements.values():
        children = element.get("data", {}).get("children", [])
        if gone in children:
            children.remove(gone)


def describe(document: Any) -> None:
    node(document, "blank_image")["inputs"]["width"]["description"] = "As wide as the wall."


def rename_output(document: Any) -> None:
    node(document, "save_image")["label"] = "Final"


SHOWN: dict[Callable[[Any], None], list[str]] = {
    set_default: ["-    width: Annotated[int, Index(0), Ge(16), Le(2048)] = 320", "= 640"],
    relabel: ['+    """Breadth.'],
    retitle: ['+    """The inputs of Quite Another Title.'],
    reorder: ["+    board: Annotated[BoardInput, Index(0)]"],
    move_nodes: ['"position":{"x":1,"y":2}'],
    narrow: ["+    width: Annotated[int, Index(0), Ge(16), Le(1024)] = 320"],
    add_input: ["+    mode: Annotated["],
    remove_input: ["-    top: Annotated[int, Index(5)] = 24"],
    describe: ["As wide as the wall."],
    rename_output: ['+        """Final (Save Image), saved to `board`."""'],
}
"""Ways to edit a workflow, and lines of the diff that show the edit."""


@pytest.mark.parametrize("edit", SHOWN, ids=lambda edit: edit.__name__)
def test_an_edit_is_found_shown_and_generated_and_names_stay(edit: Callable[[Any], None], project: Project) -> None:
    project.generate()
    assert project.check().exit_code == 0
    before = read_names(project.module().read_bytes())
    document = example("colour_card.json")
    edit(document)
    project.save(document)
    found = project.check()
    assert found.exit_code == 1
    assert "src/flows/card.py: is out of date" in found.stdout
    for line in SHOWN[edit]:
        assert line in found.stdout
    assert found.stderr.splitlines()[-1] == "to fix it: invokable generate"
    assert project.generate()[0] == "src/flows/card.py: updated (InvokeAI 6.14.2)"
    assert project.check().exit_code == 0
    after = read_names(project.module().read_bytes())
    kept = before.inputs.keys() & after.inputs.keys()
    assert len(kept) >= len(before.inputs) - (edit is remove_input)
    assert {key: after.inputs[key] for key in kept} == {key: before.inputs[key] for key in kept}
    assert (after.class_name, after.outputs) == (before.class_name, before.outputs)


def test_moved_nodes_change_two_lines_of_a_module(project: Project) -> None:
    project.generate()
    before = project.text().splitlines()
    document = example("colour_card.json")
    move_nodes(document)
    project.save(document)
    project.generate()
    after = project.text().splitlines()
    changed = [line for line, old in zip(after, before, strict=True) if line != old]
    assert [line.strip()[:8] for line in changed] == [f'"{source_checksum(document)[:7]}', 'r"""{"na']
    assert project.check().exit_code == 0


def test_another_layout_of_a_workflow_s_file_changes_nothing(project: Project) -> None:
    project.generate()
    before = project.text()
    project.save(json.dumps(example("colour_card.json"), indent=7))
    assert project.generate()[0] == "src/flows/card.py: unchanged (InvokeAI 6.14.2)"
    assert project.text() == before


def test_a_module_older_than_the_generator_s_source_is_generated_again(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.generate()
    planned = []

    def counted(document: object, schema: Schema, **options: Any) -> ModulePlan:
        planned.append(document)
        return plan_document(document, schema, **options)

    monkeypatch.setattr(modules, "plan_document", counted)
    os.utime(project.module(), ns=(last_change_of_ours() + 1,) * 2)
    project.generate()
    assert planned == []
    os.utime(project.module(), ns=(last_change_of_ours() - 1,) * 2)
    assert project.generate()[0] == "src/flows/card.py: unchanged (InvokeAI 6.14.2)"
    assert len(planned) == 1


def test_from_nothing_to_a_clean_check_in_a_clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "here"
    (here / "workflows").mkdir(parents=True)
    monkeypatch.chdir(here)
    shutil.copy(Path(__file__).parents[2] / "generated_examples" / "workflows" / "colour_card.json", "workflows")
    assert run("init").exit_code == 0
    assert run("generate").exit_code == 0
    assert run("check").exit_code == 0
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@x.org"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "Begin"]):
        subprocess.run([*git, *arguments], check=True)
    subprocess.run([*git, "clone", "-q", str(here), str(tmp_path / "there")], check=True)
    monkeypatch.chdir(tmp_path / "there")
    assert run("check").exit_code == 0
    assert set(run("generate").stdout.split()) & {"written", "updated", "removed"} == set()


def test_names_survive_a_folder_without_modules(project: Project) -> None:
    """As in CI if only the lock file is committed, not the modules."""
    project.generate()
    before = read_names(project.module().read_bytes())
    shutil.rmtree(project.folder / "src")
    document = example("colour_card.json")
    relabel(document)
    retitle(document)
    reorder(document)
    project.save(document)
    project.generate()
    assert read_names(project.module().read_bytes()) == before


@pytest.mark.parametrize("place", ["card_two.json", "deep/down/card.json"])
def test_a_moved_workflow_keeps_its_names(place: str, project: Project) -> None:
    project.generate()
    before = read_names(project.module().read_bytes())
    document = example("colour_card.json")
    relabel(document)
    retitle(document)
    (project.folder / "workflows" / "card.json").unlink()
    project.save(document, place)
    said = project.generate()
    moved = place.removesuffix(".json")
    assert said[0] == f"src/flows/{moved}.py: written (InvokeAI 6.14.2)"
    assert said[-1] == "src/flows/card.py: removed"
    assert read_names(project.module(moved).read_bytes()) == before
    lock = (project.folder / "invokable.lock").read_text(encoding="utf-8")
    assert f'"workflows/{place}".class = "ColourCard"' in lock
    assert '"workflows/card.json"' not in lock


def test_a_copy_does_not_take_the_names_of_its_original(project: Project) -> None:
    project.configure(
        project.folder.joinpath("pyproject.toml").read_text()
        + '[tool.invokable.workflows."workflows/card.json"]\nclass = "Own"\n'
    )
    project.generate()
    document = example("colour_card.json")
    retitle(document)
    project.save(document, "other.json")
    project.generate()
    assert read_names(project.module("other").read_bytes()).class_name == "QuiteAnotherTitle"


def test_two_workflows_with_the_same_name_do_not_interfere(project: Project) -> None:
    document = example("sd15_text_to_image.json")
    project.save(example("colour_card.json"), "a/t2i.json")
    project.save(document, "b/t2i.json")
    table = '[tool.invokable.workflows."workflows/{}/t2i.json"]\nclass = "{}"\n'
    text = (project.folder / "pyproject.toml").read_text(encoding="utf-8")
    project.configure(text + table.format("a", "First") + table.format("b", "Second"))
    project.generate()
    assert read_names(project.module("a/t2i").read_bytes()).class_name == "First"
    assert read_names(project.module("b/t2i").read_bytes()).class_name == "Second"
    assert project.check().exit_code == 0


def test_the_options_of_the_last_run_are_in_the_table_and_not_forgotten(project: Project) -> None:
    project.configure((project.folder / "pyproject.toml").read_text().replace("6.14.2", "6.8.1"))
    project.generate()
    assert 'SCHEMA: Final = "6.8.1"' in project.text()
    result = run("generate", "workflows", "--schema", "6.14.2")
    assert result.exit_code == 0
    assert "note: pyproject.toml: --schema 6.14.2 overrides schema = '6.8.1' of tool.invokable.sources[0]" in (
        result.stderr
    )
    assert project.states() == {"src/flows/card.py": "stale"}
    project.generate()
    assert 'SCHEMA: Final = "6.8.1"' in project.text()


def test_a_formatter_of_the_project_leaves_everything_fine(project: Project) -> None:
    with (project.folder / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write("[tool.ruff]\nline-length = 100\n")
    project.generate()
    written = project.text()
    subprocess.run(
        [sys.executable, "-m", "ruff", "format", "-q", "--isolated", "--line-length", "60", str(project.module())],
        check=True,
    )
    assert project.text() != written
    formatted = project.files()
    assert project.check().exit_code == 0
    assert project.generate() == ["src/flows/card.py: unchanged (InvokeAI 6.14.2)"]
    assert project.files() == formatted


def test_line_endings_of_a_checkout_change_nothing(project: Project) -> None:
    project.generate()
    for path in (project.module(), project.folder / "invokable.lock", project.folder / "workflows" / "card.json"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert project.check().exit_code == 0


def test_a_module_saved_with_a_bom_is_still_a_module(project: Project) -> None:
    project.generate()
    path = project.module()
    path.write_bytes(codecs.BOM_UTF8 + path.read_bytes())
    assert project.check().exit_code == 0
    assert project.generate() == ["src/flows/card.py: unchanged (InvokeAI 6.14.2)"]
    path.write_bytes(path.read_bytes() + b"x = 1\n")
    assert project.states() == {"src/flows/card.py": "edited"}


def test_a_lock_file_and_a_configuration_saved_with_a_bom_are_read(project: Project) -> None:
    project.generate()
    saved = [project.folder / name for name in ("invokable.lock", "pyproject.toml")]
    for path in saved:
        path.write_bytes(codecs.BOM_UTF8 + path.read_bytes())
    assert project.check().exit_code == 0
    assert project.generate() == ["src/flows/card.py: unchanged (InvokeAI 6.14.2)"]
    assert all(path.read_bytes().startswith(codecs.BOM_UTF8) for path in saved)


def test_line_endings_of_a_checkout_do_not_hide_what_a_module_says(project: Project) -> None:
    project.configure(f"{TABLE}package = true\n".replace('schema = "6.14.2"', ""))
    project.save(example("colour_card.json") | {"name": "Gone"}, "gone.json")
    project.generate("--schema", "6.13.8")
    (project.folder / "invokable.lock").unlink()
    for path in (project.module(), project.module("gone"), project.module("__init__")):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    (project.folder / "workflows" / "gone.json").unlink()
    document = example("colour_card.json")
    node(document, "blank_image")["inputs"]["width"]["label"] = "Breadth"
    project.save(document)
    text = project.text()
    assert project.generate() == [
        "src/flows/card.py: updated (InvokeAI 6.13.8)",
        "src/flows/__init__.py: updated",
        "invokable.lock: written",
        "src/flows/gone.py: removed",
    ]
    assert "    width: " in text
    assert "    width: " in project.text()
    project.save(example("colour_card.json") | {"name": "Other"}, "other.json")
    project.generate()
    for path in (project.module(), project.module("__init__")):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
        assert project.states() == {}


def sorted_keys(document: Any) -> str:
    return json.dumps(document, indent="\t", sort_keys=True)


def escaped(document: Any) -> str:
    return json.dumps(document, ensure_ascii=True, separators=(",", ":")).replace("/", "\\/")


def reversed_keys(document: Any) -> str:
    def turned(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: turned(value[key]) for key in reversed(value)}
        return [turned(entry) for entry in value] if isinstance(value, list) else value

    return json.dumps(turned(document))


@pytest.mark.parametrize("layout", [sorted_keys, escaped, reversed_keys], ids=lambda layout: layout.__name__)
def test_another_layout_of_the_same_json_changes_nothing(layout: Callable[[Any], str], project: Project) -> None:
    document = example("colour_card.json")
    document["notes"] = "größer / kleiner"
    project.save(document)
    project.generate()
    before = project.module().read_bytes()
    text = layout(document)
    assert json.loads(text) == document
    project.save(text)
    assert project.check().exit_code == 0
    assert project.generate() == ["src/flows/card.py: unchanged (InvokeAI 6.14.2)"]
    assert project.module().read_bytes() == before


def test_json_says_what_text_says(project: Project) -> None:
    project.generate()
    project.module().write_text(project.text().replace("= 320", "= 321"), encoding="utf-8")
    found = json.loads(project.check("--format", "json").stdout)
    assert (found["ok"], found["status"], found["commands"]) == (False, 1, ["invokable generate --force"])
    (entry,) = (entry for entry in found["files"] if entry["state"] != "fine")
    assert (entry["path"], entry["state"], entry["source"]) == ("src/flows/card.py", "edited", "workflows/card.json")
    assert "-    width: Annotated[int, Index(0), Ge(16), Le(2048)] = 321\n" in entry["diff"]
