"""invokable diff of folders and whole revisions: which files match, the status of each, one verdict."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from invokable.cli.shell import shell
from invokable.codegen.written.package import package_text
from tests.cli.test_diff import CARD, wider, without_stamp_position
from tests.examples import MODULES, ROOT, WORKFLOWS, example
from tests.schemas import valid

IMAGE = WORKFLOWS / "sd15_text_to_image.json"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(shell, ["diff", *map(str, arguments)])


def write(path: Path, *changes: Any) -> Path:
    """Colour Card with some edits."""
    document = example("colour_card.json")
    for change in changes:
        change(document)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def copy(source: Path, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(source.read_bytes())


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`old` and `new`, each with the same workflow and with JSON of other kinds."""
    monkeypatch.chdir(tmp_path)
    for name in ("old", "new"):
        copy(IMAGE, tmp_path / name / "image.json")
        (tmp_path / name / "package.json").write_text('{"name": "x"}')
        (tmp_path / name / "tsconfig.json").write_text("{ // no JSON\n}")
    return tmp_path


def files(result: Result) -> dict[str, str]:
    """The status of each file, and whom it breaks."""
    found = valid(result.stdout, "folders")
    return {file["new"] or file["old"]: f"{file['status']} {file['breaks']}" for file in found["files"]}


def test_folders_are_compared_file_by_file(folders: Path) -> None:
    copy(CARD, folders / "old" / "deep" / "card.json")
    write(folders / "new" / "deep" / "card.json", wider)
    result = run("old", "new")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines()[:5] == [
        "old -> new: compatible (1 of 2 files changed)",
        "",
        "deep/card.json: compatible",
        "  breaks nobody:",
        "    input width  default 320, now 400",
    ]
    assert result.stdout.splitlines()[-1] == "unchanged: image.json"
    write(folders / "new" / "deep" / "card.json", without_stamp_position)
    result = run("old", "new")
    assert result.exit_code == 1
    assert result.stdout.startswith("old -> new: breaking for callers (1 of 2 files)\n")
    assert "    input left       missing (index 4, int)" in result.stdout.splitlines()
    assert files(run("old", "new", "--format", "json")) == {
        "image.json": "same nobody",
        "deep/card.json": "changed callers",
    }


def test_folders_that_are_the_same(folders: Path) -> None:
    result = run("old", "new/")
    assert (result.exit_code, result.stdout) == (0, "old -> new/: no changes\n")
    assert valid(run("old", "new", "--format", "json").stdout, "folders")["verdict"] == "same"
    assert run("old", "new", "--format", "markdown").stdout == "### `old` → `new`: no changes\n"


def test_a_removed_file_breaks_callers_and_a_new_one_nobody(folders: Path) -> None:
    copy(CARD, folders / "new" / "card.json")
    added = run("old", "new")
    assert (added.exit_code, added.stdout.splitlines()[2]) == (0, "card.json: added")
    gone = run("new", "old")
    assert gone.exit_code == 1
    assert gone.stdout.splitlines()[2:4] == [
        "card.json: removed: breaking for callers",
        "  (imports of its module fail)",
    ]


def test_a_renamed_file_is_found_by_its_nodes_and_breaks_imports(folders: Path) -> None:
    write(folders / "old" / "card.json")
    write(folders / "new" / "sub" / "postcard.json", wider)
    result = run("old", "new")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[2] == "card.json -> sub/postcard.json: renamed: breaking for callers"
    assert "    input width  default 320, now 400" in lines
    assert files(run("old", "new", "--format", "json")) == {
        "image.json": "same nobody",
        "sub/postcard.json": "renamed callers",
    }
    assert "#### `card.json` → `sub/postcard.json`: renamed" in run("old", "new", "--format", "markdown").stdout


def test_a_file_that_can_no_longer_be_read_is_an_error_if_it_was_a_workflow(folders: Path) -> None:
    write(folders / "old" / "card.json")
    (folders / "new" / "card.json").write_text("{")
    result = run("old", "new", "--format", "json")
    assert result.exit_code == 2
    assert result.stderr.startswith("new/card.json: is not JSON: line 1")
    assert files(result) == {"image.json": "same nobody", "card.json": "unreadable callers"}


def test_a_folder_with_modules_means_its_modules(folders: Path) -> None:
    copy(MODULES / "colour_card.py", folders / "old" / "flows" / "colour_card.py")
    (folders / "old" / "flows" / "__init__.py").write_text("raise SystemExit('run')\n")
    copy(MODULES / "colour_card.py", folders / "new" / "flows" / "colour_card.py")
    assert files(run("old", "new", "--format", "json")) == {"flows/colour_card.py": "same nobody"}
    text = (MODULES / "colour_card.py").read_text(encoding="utf-8")
    (folders / "new" / "flows" / "colour_card.py").write_text(text.replace("Index(0)", "Index(1)"), encoding="utf-8")
    result = run("old", "new")
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert result.stderr.startswith("new/flows/colour_card.py: the module was changed")


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_the_packages_of_modules_are_not_compared(line_end: str, folders: Path) -> None:
    for name, classes in (("old", {}), ("new", {"colour_card": "ColourCard"})):
        copy(MODULES / "colour_card.py", folders / name / "flows" / "colour_card.py")
        package = folders / name / "flows" / "__init__.py"
        package.write_text(package_text(classes, width=88), encoding="utf-8", newline=line_end)
    result = run("old", "new", "--format", "json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert files(result) == {"flows/colour_card.py": "same nobody"}


def test_modules_are_compared_with_the_workflows_of_another_folder(folders: Path) -> None:
    write(folders / "flows" / "colour_card.json", without_stamp_position)
    result = run(MODULES, "flows")
    assert result.exit_code == 1
    assert "colour_card.py -> colour_card.json: breaking for callers" in result.stdout
    assert "sd15_text_to_image.py: removed" in result.stdout
    assert "sd15_text_to_image.py: added" in run("flows", MODULES).stdout.splitlines()


def git(*words: str) -> str:
    return subprocess.run(["git", *words], check=True, capture_output=True, text=True).stdout.strip()


def commit() -> None:
    """Commit all files of the current folder."""
    git("init", "-q")
    git("add", ".")
    git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "x")


def test_a_damaged_repository_is_bad_input(folders: Path) -> None:
    commit()
    key = git("rev-parse", "HEAD:old/image.json")
    Path(".git", "objects", key[:2], key[2:]).unlink()
    result = run("git:HEAD:old", "new")
    assert result.exit_code == 2
    assert result.stderr == f"git:HEAD:old: the repository is damaged: it lacks object {key}; run: git fsck\n"


def test_a_whole_revision_is_compared_with_the_working_tree(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit()
    write(folders / "new" / "écran.json")
    assert run("git:HEAD:old", "old").stdout == "git:HEAD:old -> old: no changes\n"
    expected = {"new/écran.json": "added nobody", "new/image.json": "same nobody", "old/image.json": "same nobody"}
    assert files(run("git:HEAD:", ".", "--format", "json")) == expected
    monkeypatch.chdir("new")
    assert files(run("git:HEAD:", ".", "--format", "json")) == {
        "écran.json": "added nobody",
        "image.json": "same nobody",
    }
    assert run("git:HEAD:../old", "git:HEAD:.").stdout.endswith(": no changes\n")
    assert run("git:HEAD:nowhere", ".").stderr == "git:HEAD:nowhere: path 'new/nowhere' does not exist in 'HEAD'\n"


def test_links_are_followed_in_a_revision_as_on_disk(folders: Path) -> None:
    write(folders / "kept" / "card.json")
    (folders / "new" / "card.json").symlink_to("../kept/card.json")
    (folders / "new" / "again.json").symlink_to("card.json")
    (folders / "new" / "folder.json").symlink_to("../kept")
    copy(MODULES / "colour_card.py", folders / "kept" / "card.py")
    (folders / "flows").mkdir()
    (folders / "flows" / "card.py").symlink_to("../kept/card.py")
    (folders / "linked").symlink_to("new")
    commit()
    for name in ("new", "linked", "flows", "."):
        assert run(f"git:HEAD:{name}", name).stdout == f"git:HEAD:{name} -> {name}: no changes\n"
    for name in ("new/again.json", "linked/card.json", "flows/card.py"):
        assert run(f"git:HEAD:{name}", "kept/card.json").exit_code == 0
    write(folders / "kept" / "card.json", without_stamp_position)
    assert files(run("git:HEAD:new", "new", "--format", "json")) == {
        "again.json": "changed callers",
        "card.json": "changed callers",
        "image.json": "same nobody",
    }


LEADING_NOWHERE = {
    "/nowhere/card.json": "is a link to /nowhere/card.json, which is not in the revision",
    "../../card.json": "is a link to ../card.json, which is not in the revision",
    "gone.json": "is a link to a file that the revision does not have",
    "image.json/card.json": "is a link to a file that the revision does not have",
    "card.json": "is a link that leads back to itself",
}


@pytest.mark.parametrize("target", LEADING_NOWHERE)
def test_a_link_that_leads_nowhere_in_a_revision_is_bad_input(target: str, folders: Path) -> None:
    link = folders / "new" / "card.json"
    link.symlink_to(target)
    (folders / "new" / "script.py").symlink_to("../gone.py")
    commit()
    link.unlink()
    write(link)
    for names in (("git:HEAD:new/card.json", "new/card.json"), ("git:HEAD:new", "new")):
        result = run(*names)
        assert (result.exit_code, result.stderr) == (2, f"git:HEAD:new/card.json: {LEADING_NOWHERE[target]}\n")


def test_a_link_with_a_line_break_in_its_name_is_bad_input(folders: Path) -> None:
    copy(CARD, folders / "new" / "card.json")
    (folders / "new" / "a\nb.json").symlink_to("image.json")
    (folders / "new" / "c.json").symlink_to("image.json")
    commit()
    result = run("git:HEAD:new", "new")
    assert result.exit_code == 2
    assert result.stderr.startswith("git:HEAD:new/a\\nb.json: has a line break in its name")
    assert files(run("git:HEAD:new", "new", "--format", "json"))["c.json"] == "same nobody"


@pytest.mark.parametrize("name", ["HEAD", "HEAD~1", "--help"])
def test_a_revision_without_a_path_is_bad_usage(name: str, folders: Path) -> None:
    result = run(f"git:{name}", "old")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"git:{name}: expected git:REV:PATH, such as ")


def test_a_folder_is_compared_with_a_folder(folders: Path) -> None:
    (folders / "empty").mkdir()
    for arguments, message in (
        (("old", "old/image.json"), "old: is a folder but old/image.json is not; name two folders or two files"),
        (("-", "old"), "old: is a folder but - is not; name two folders or two files"),
        (("empty", "empty"), "empty: contains no workflows or generated modules, and neither does the other folder"),
    ):
        result = run(*arguments)
        assert (result.exit_code, result.stderr) == (2, f"{message}\n")


def test_what_is_left_out_of_workflows_is_reported(folders: Path) -> None:
    def odd(document: Any) -> None:
        document["nodes"][0]["data"]["inputs"]["nonsense"] = {"name": "nonsense", "label": "", "value": 1}

    write(folders / "old" / "card.json")
    write(folders / "new" / "card.json", odd)
    assert run("old", "new").exit_code == 2
    for names in (("old", "new"), ("old/card.json", "new/card.json")):
        result = run(*names, "--lenient")
        assert result.exit_code == 0
        (line,) = result.stderr.splitlines()
        assert line.startswith("new/card.json: warning: /nodes/0/data/inputs/nonsense: ")


def test_the_schema_of_folders_says_of_changes_what_that_of_files_does() -> None:
    schemas = [
        json.loads((ROOT / "docs" / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8"))
        for name in ("drift", "folders")
    ]
    assert schemas[1]["$defs"].items() <= schemas[0]["$defs"].items()
