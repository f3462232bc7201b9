"""Tracking: check reports a module or lock file that would be missing from a commit."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.projects import Project, git, repository
from tests.cli.test_generate import run
from tests.examples import example

CARD = "src/flows/card.py"


@pytest.fixture
def tracked(generated: Project) -> Project:
    """A project with one workflow, whose files are all tracked."""
    repository(generated)
    return generated


def test_a_new_module_is_untracked_until_it_is_added(tracked: Project) -> None:
    assert tracked.check().exit_code == 0
    tracked.save(example("sd15_text_to_image.json"), "a picture.json")
    tracked.generate()
    found = tracked.check("-q")
    assert found.exit_code == 1
    assert found.stdout == "src/flows/a_picture.py: would be missing from a commit: git does not track it\n"
    assert found.stderr == "to fix it: git add src/flows/a_picture.py\n"
    assert tracked.states() == {"src/flows/a_picture.py": "untracked"}
    git(tracked, "add", "--intent-to-add", "src/flows/a_picture.py")
    assert tracked.check().exit_code == 0


def test_git_is_asked_about_packages_too(tracked: Project) -> None:
    with (tracked.folder / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write("package = true\ntyped = true\n")
    tracked.generate()
    assert tracked.states() == {"src/flows/__init__.py": "untracked", "src/flows/py.typed": "untracked"}
    found = tracked.check()
    assert found.stderr == "to fix it: git add src/flows/__init__.py src/flows/py.typed\n"


def test_modules_may_be_ignored_but_not_the_lock_file(tracked: Project) -> None:
    git(tracked, "rm", "-q", "-r", "--cached", "src")
    (tracked.folder / ".gitignore").write_text("src/\n")
    assert tracked.check().exit_code == 0
    git(tracked, "rm", "-q", "--cached", "invokable.lock")
    assert tracked.check("-q").stderr == "to fix it: git add invokable.lock\n"
    (tracked.folder / ".gitignore").write_text("src/\n*.lock\n")
    found = tracked.check("-q")
    assert found.exit_code == 1
    assert found.stdout == "invokable.lock: would be missing from a commit: git ignores it\n"
    assert found.stderr == "to fix it: git add --force invokable.lock\n"
    subprocess.run(shlex.split(found.stderr.removeprefix("to fix it: ")), check=True)
    assert tracked.check().exit_code == 0


def test_what_is_stale_and_untracked_takes_two_commands(tracked: Project) -> None:
    git(tracked, "rm", "-q", "--cached", CARD)
    document = example("colour_card.json")
    document["name"] = "Another"
    tracked.save(document)
    found = tracked.check("-q")
    assert found.stdout == f"{CARD}: is out of date: git does not track it\n"
    assert found.stderr == f"to fix it: invokable generate\nto fix it: git add {CARD}\n"
    annotation = tracked.check("--format", "github").stdout
    assert annotation.endswith(f"git does not track it; run: invokable generate; run: git add {CARD}\n")


def test_what_generate_removes_need_not_be_tracked(tracked: Project) -> None:
    git(tracked, "rm", "-q", "--cached", CARD)
    (tracked.folder / "workflows" / "card.json").unlink()
    assert tracked.check("-q").stderr == "to fix it: invokable generate\n"


def test_each_annotation_names_what_fixes_its_file(tracked: Project) -> None:
    for name in ("one", "two"):
        tracked.save(example("sd15_text_to_image.json"), f"{name}.json")
    tracked.generate()
    first, second = tracked.check("--format", "github").stdout.splitlines()
    assert first.endswith("; run: git add src/flows/one.py")
    assert second.endswith("; run: git add src/flows/two.py")


@pytest.mark.parametrize("place", ["workflows", "..", "other"])
def test_the_command_to_add_is_relative_to_the_current_folder(
    place: str, tracked: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(tracked, "rm", "-q", "--cached", CARD)
    folder = tracked.folder / place
    folder.mkdir(exist_ok=True)
    if place == "other":
        subprocess.run(["git", "init", "-q", folder], check=True)
    monkeypatch.chdir(folder)
    config = tracked.folder / "pyproject.toml"
    found = run("check", tracked.folder / "workflows", "--config", config)
    assert found.exit_code == 1
    *_, add = found.stderr.splitlines()
    subprocess.run(shlex.split(add.removeprefix("to fix it: ")), check=True)
    assert run("check", tracked.folder / "workflows", "--config", config).exit_code == 0


def test_without_git_nothing_is_asked(tracked: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    git(tracked, "rm", "-q", "--cached", CARD)
    assert tracked.check().exit_code == 1
    assert tracked.check("--no-git").exit_code == 0
    monkeypatch.setenv("PATH", str(tmp_path))
    assert tracked.check().exit_code == 0


@pytest.mark.parametrize("count", [1, 6])
def test_each_repository_is_asked_once_and_nothing_outside_of_one(
    count: int, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(count):
        project.save(example("colour_card.json"), f"{number % 3}/w{number}.json")
    project.generate()
    assert counted(project, monkeypatch) == 0
    repository(project)
    assert counted(project, monkeypatch) == 1


def counted(project: Project, monkeypatch: pytest.MonkeyPatch) -> int:
    """How often a check runs git."""
    log = project.folder.parent / "calls"
    log.write_text("")
    shims = project.folder.parent / "shims"
    shims.mkdir(exist_ok=True)
    real = subprocess.run(["which", "git"], check=True, capture_output=True, text=True).stdout.strip()
    (shims / "git").write_text(f'#!/bin/sh\necho called >> "{log}"\nexec {real} "$@"\n')
    (shims / "git").chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(shims), prepend=os.pathsep)
        assert project.check("-q").exit_code == 0
    return len(log.read_text().splitlines())


def test_a_repository_that_cannot_answer_is_a_warning(tracked: Project) -> None:
    (tracked.folder / ".git" / "index").write_text("broken")
    found = tracked.check()
    assert found.exit_code == 0
    (line,) = found.stderr.splitlines()
    assert line.startswith(".: warning: git cannot list the files it tracks: ")
    assert tracked.check("--fail-on-warning").exit_code == 2
    report = json.loads(tracked.check("--format", "json").stdout)
    assert [warning["where"] for warning in report["warnings"]] == ["."]


def test_a_submodule_is_a_repository_of_its_own(tracked: Project) -> None:
    other = tracked.folder / "src" / "flows"
    subprocess.run(["git", "init", "-q", other], check=True)
    assert tracked.states() == {CARD: "untracked"}
    subprocess.run(["git", "-C", other, "add", "card.py"], check=True)
    assert tracked.check().exit_code == 0


def test_a_folder_behind_a_link_is_in_the_repository_that_it_is_in(
    tracked: Project, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = tmp_path_factory.mktemp("links") / "link"
    link.symlink_to(tracked.folder)
    monkeypatch.chdir(link)
    assert tracked.check().exit_code == 0
    git(tracked, "rm", "-q", "--cached", CARD)
    assert tracked.check("-q").stderr == f"to fix it: git add {CARD}\n"


def test_a_hook_looks_at_what_is_committed(
    tracked: Project, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`git commit FILE` gives its hooks an index with only that file; other variables may name another repository."""
    git(tracked, "commit", "-qm", "Begin")
    tracked.save(example("sd15_text_to_image.json"), "picture.json")
    tracked.generate()
    git(tracked, "add", "--all")
    hook = tracked.folder / ".git" / "hooks" / "pre-commit"
    hook.write_text(f"#!/bin/sh\nexec {sys.executable} -m invokable check -q\n")
    hook.chmod(0o755)
    identity = ["git", "-c", "user.name=x", "-c", "user.email=x@x.org", "commit", "-qm", "Add"]
    alone = subprocess.run([*identity, "workflows", "invokable.lock"], capture_output=True, text=True, check=False)
    assert alone.returncode == 1
    assert "src/flows/picture.py: would be missing from a commit" in alone.stdout + alone.stderr
    subprocess.run(identity, check=True)
    git(tracked, "rm", "-q", "--cached", CARD)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    subprocess.run(["git", "init", "-q", elsewhere], check=True)
    monkeypatch.setenv("GIT_DIR", str(elsewhere / ".git"))
    assert tracked.states() == {CARD: "untracked"}
