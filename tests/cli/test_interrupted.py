"""Interrupted builds: whatever stops them, and whoever builds at the same time, files are old or new, and whole."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.cli.projects import Project
from tests.cli.test_generate import run
from tests.examples import example, node

publish = import_module("invokable.codegen.publish")  # the package exports a function of that name
COMMAND = [sys.executable, "-m", "invokable", "generate", "-q"]


def widened(width: int) -> Any:
    document = example("colour_card.json")
    node(document, "blank_image")["inputs"]["width"]["value"] = width
    return document


def filled(project: Project, width: int, count: int = 4) -> dict[str, bytes]:
    """Save workflows with that width, generate, and return all files that come of it."""
    for number in range(count):
        project.save(widened(width), f"w{number}.json")
    assert run("generate", "-q").exit_code == 0
    return made(project)


def made(project: Project) -> dict[str, bytes]:
    return {name: text for name, text in project.files().items() if name.startswith("src/") or name.endswith(".lock")}


@pytest.mark.slow
def test_killed_two_hundred_times_it_leaves_old_files_or_new_ones(project: Project) -> None:
    old = filled(project, 64)
    new = filled(project, 128)
    assert old.keys() == new.keys()
    for index in range(4):
        project.save(widened(64), f"w{index}.json")
    started = time.monotonic()
    subprocess.run(COMMAND, check=True)
    usual = time.monotonic() - started  # what it takes to write all of them
    for index in range(4):
        project.save(widened(128), f"w{index}.json")
    subprocess.run(COMMAND, check=True)
    assert made(project) == new
    generator = random.Random(7)
    ended = halfway = 0
    for number in range(200):
        for index in range(4):
            project.save(widened(64 if number % 2 else 128), f"w{index}.json")
        before, after = (new, old) if number % 2 else (old, new)
        process = subprocess.Popen(COMMAND, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if number % 4:
            wait_until_it_writes(project, process)
            time.sleep(generator.uniform(0, 0.004))
        else:
            time.sleep(generator.uniform(0.1, 1.5) * usual)
        process.send_signal(signal.SIGKILL)
        ended += process.wait() == 0
        found = made(project)
        for name, text in found.items():
            assert name.endswith(".invokable-tmp") or text in (before.get(name), after.get(name)), name
        halfway += found not in (before, after)
        subprocess.run(COMMAND, check=True)
        assert made(project) == after
    assert 0 < ended < 200  # some kills came too late
    assert halfway > 20  # and many when some files were new, or staged, and others were not


def wait_until_it_writes(project: Project, process: subprocess.Popen[bytes]) -> None:
    """Wait for the first staged file, or for the end of the process."""
    while process.poll() is None and not any(name.endswith("-tmp") for name in os.listdir(project.module().parent)):
        time.sleep(0.0005)


@pytest.mark.parametrize("moment", ["stage", "commit", "remove"])
def test_a_run_that_dies_at_any_step_leaves_whole_files_and_the_next_no_scrap(moment: str, project: Project) -> None:
    old = filled(project, 64, count=2)
    for number in range(2):
        project.save(widened(128), f"w{number}.json")
    (project.folder / "workflows" / "card.json").unlink()
    script = f"""
import importlib, os, pathlib, sys
publish = importlib.import_module("invokable.codegen.publish")
calls = 0
def dying(original, at):
    def call(*arguments, **named):
        global calls
        calls += 1
        if calls == at:
            os.kill(os.getpid(), 9)
        return original(*arguments, **named)
    return call
moment = {moment!r}
if moment == "stage":
    publish.os.chmod = dying(os.chmod, 2)
elif moment == "commit":
    publish.os.replace = dying(os.replace, 2)
else:
    pathlib.Path.unlink = dying(pathlib.Path.unlink, 1)
from invokable.cli import main
sys.argv = ["invokable", "generate", "-q"]
main()
"""
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True)
    assert done.returncode == -signal.SIGKILL
    found = made(project)
    scraps = [name for name in found if name.endswith(".invokable-tmp")]
    assert bool(scraps) == (moment != "remove")
    assert run("generate", "-q").exit_code == 0
    new = made(project)
    assert not [name for name in new if name.endswith(".invokable-tmp")]
    assert "src/flows/card.py" not in new
    for name, text in found.items():
        assert name in scraps or text in (old.get(name), new.get(name)), name


def test_two_runs_at_once_leave_one_of_both_results(project: Project) -> None:
    """One run reads the old workflows and waits; another finds new ones; the last to build decides about all files."""
    filled(project, 64)
    running = []
    for width in (128, 192, 256):
        for number in range(4):
            project.save(widened(width), f"w{number}.json")
        running.append(subprocess.Popen(COMMAND, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        time.sleep(0.15)
    for process in running:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
    assert project.check().exit_code == 0
    assert all(b"= 256" in project.module(f"w{number}").read_bytes() for number in range(4))


def test_a_run_waits_for_another(project: Project) -> None:
    with publish.exclusive([project.folder]):
        process = subprocess.Popen(COMMAND)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1.5)
        assert not project.module().exists()
    assert process.wait(30) == 0
    assert project.module().exists()


def test_what_another_run_has_staged_is_not_swept_away(tmp_path: Path) -> None:
    staged = publish._stage(tmp_path / "a.py", "x = 1\n")
    scrap = tmp_path / ".b.py.0123abcd.invokable-tmp"
    scrap.write_text("half")
    mine = tmp_path / ".b.py.tmp"
    mine.write_text("mine")
    publish.sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([Path(staged.name).name, mine.name])
    staged.commit(tmp_path / "a.py")
    staged.discard()
    assert (tmp_path / "a.py").read_text() == "x = 1\n"


def test_a_full_disk_changes_nothing(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    old = filled(project, 64)
    for number in range(4):
        project.save(widened(128), f"w{number}.json")
    staged = 0

    def chmod(*arguments: Any) -> None:
        nonlocal staged
        staged += 1
        if staged == 3:
            raise OSError(28, "No space left on device", str(arguments[0]))

    monkeypatch.setattr(os, "chmod", chmod)
    result = run("generate")
    assert result.exit_code == 2
    assert result.stderr.endswith("cannot be written: No space left on device\n")
    assert len(result.stderr.splitlines()) == 1
    assert made(project) == old


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_read_only_folder_is_one_line_and_changes_nothing(project: Project) -> None:
    old = filled(project, 64)
    folder = project.module().parent
    for number in range(4):
        project.save(widened(128), f"w{number}.json")
    folder.chmod(0o500)
    try:
        result = run("generate")
    finally:
        folder.chmod(0o700)
    assert result.exit_code == 2
    assert "cannot be written: Permission denied" in result.stderr
    assert made(project) == old


def test_a_file_that_changes_meanwhile_is_not_overwritten(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(project, 64)
    project.save(widened(128), "w0.json")
    original = publish.make_changes

    def edited_meanwhile(changes: Any) -> Any:
        project.module("w0").write_text("mine = 1\n", encoding="utf-8")
        return original(changes)

    monkeypatch.setattr("invokable.codegen.build.make_changes", edited_meanwhile)
    result = run("generate")
    assert result.exit_code == 3
    assert "was changed while its new contents were made" in result.stderr
    assert project.text("w0") == "mine = 1\n"


@pytest.mark.parametrize("place", ["module", "folder", "lock", "package"])
def test_a_symbolic_link_is_not_written_through(place: str, project: Project, tmp_path: Path) -> None:
    target = tmp_path / "target"
    if place == "folder":
        project.save(example("sd15_text_to_image.json"), "deep/picture.json")
        target.mkdir()
        link = project.folder / "src/flows/deep"
    else:
        target.write_text("# mine\n")
        names = {"module": "src/flows/card.py", "lock": "invokable.lock", "package": "src/flows/__init__.py"}
        link = project.folder / names[place]
    if place == "package":
        with (project.folder / "pyproject.toml").open("a") as file:
            file.write("package = true\n")
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(target)
    result = run("generate")
    assert result.exit_code == 3, result.output
    assert len(result.stderr.splitlines()) == 1
    assert "symbolic link" in result.stderr
    assert link.is_symlink()
    assert not list(target.iterdir()) if place == "folder" else target.read_text() == "# mine\n"
