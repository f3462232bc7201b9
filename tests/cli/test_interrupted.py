"""Interrupted builds: whatever stops them or runs at the same time, files are old or new, and complete."""

from __future__ import annotations

import os
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import import_module
from itertools import count, islice
from pathlib import Path
from typing import Any

import pytest

from invokable.codegen.build.locking import exclusive
from tests.cli.forks import forks
from tests.cli.projects import Project
from tests.cli.test_generate import run
from tests.cli.test_manners import without_rights
from tests.effort import slow_beyond, tries
from tests.examples import example, node

publish = import_module("invokable.codegen.build.publish")  # the package exports a function of that name
COMMAND = [sys.executable, "-m", "invokable", "generate", "-q"]
CAPTURED: Any = {"capture_output": True, "text": True, "check": False}


def widened(width: int) -> Any:
    document = example("colour_card.json")
    node(document, "blank_image")["inputs"]["width"]["value"] = width
    return document


def filled(project: Project, width: int, count: int = 4) -> dict[str, bytes]:
    """Save workflows with a width, generate, and return all resulting files."""
    for number in range(count):
        project.save(widened(width), f"w{number}.json")
    assert run("generate", "-q").exit_code == 0
    return made(project)


def made(project: Project) -> dict[str, bytes]:
    return {name: text for name, text in project.files().items() if name.startswith("src/") or name.endswith(".lock")}


REPLACING = frozenset({"os.rename"})


def moments(steps: int, replacements: int) -> Iterator[dict[str, Any]]:
    """When to stop a build: at any of its steps, in its last third, and half of the time when it replaces a file."""
    generator = random.Random(7)
    for number in count():
        delay = generator.uniform(0.00001, 0.0004) if number % 3 == 0 else 0
        if number % 2:
            yield {"step": generator.randint(1, replacements), "delay": delay, "steps": REPLACING}
        else:
            first = (1, steps * 2 // 3)[number // 2 % 2]
            yield {"step": generator.randint(first, steps), "delay": delay}


@pytest.mark.slow
def test_killed_two_hundred_times_it_leaves_old_files_or_new_ones(project: Project) -> None:
    """Five states, so that every build changes all modules: at least one state is none of the current four."""
    states = {width: filled(project, width) for width in (64, 96, 128, 160, 192)}
    killed = mixed = scraps = 0
    with forks(project.folder) as builds:
        widen(project, 64)
        steps = builds.build().steps
        widen(project, 96)
        for moment in moments(steps, builds.build(steps=REPLACING).steps):
            before = whole(project)
            width, target = next((w, s) for w, s in states.items() if all(before[name] != s[name] for name in CHANGING))
            widen(project, width)
            ended = builds.build(**moment)
            assert ended.status in (0, -signal.SIGKILL, -signal.SIGALRM)
            after = whole(project)
            assert after.keys() == before.keys()
            assert all(text in (before[name], target[name]) for name, text in after.items())
            scraps += after != made(project)
            mixed += before != after != target
            killed += ended.status != 0  # or it ended before the delay
            if ended.status != 0 and killed % 20 == 0:
                assert builds.build().status == 0
                assert made(project) == target
            if killed == 200:
                break
    assert scraps > 30  # many were killed while files were staged,
    assert mixed > 50  # and many when some files were new and others were not


CHANGING = [f"src/flows/w{number}.py" for number in range(4)]


def whole(project: Project) -> dict[str, bytes]:
    """All generated files, without staged ones."""
    return {name: text for name, text in made(project).items() if not name.endswith(".invokable-tmp")}


@pytest.mark.parametrize("number", slow_beyond(1, [signal.SIGINT, signal.SIGTERM]), ids=lambda number: number.name)
def test_interrupted_it_leaves_all_files_old_or_all_new_and_no_scrap(number: signal.Signals, project: Project) -> None:
    old = filled(project, 64)
    new = filled(project, 128)
    seen = set()
    with forks(project.folder) as builds:
        widen(project, 64)
        steps = builds.build().steps
        widen(project, 128)
        for moment in islice(moments(steps, builds.build(steps=REPLACING).steps), tries(30)):
            before = made(project)
            widen(project, 128 if before == old else 64)
            ended = builds.build(**moment, number=number)
            after = made(project)
            assert after in (old, new)
            assert ended.status in (0, 128 + number) or (ended.status, after) == (-signal.SIGTERM, before)
            assert ended.status or after != before
            seen.add((ended.status, after == before))
    assert {(128 + number, True), (128 + number, False)} <= seen  # before and while it wrote


def widen(project: Project, width: int) -> None:
    for index in range(4):
        project.save(widened(width), f"w{index}.json")


DEATHS = {"staging": ("os.chmod", 2), "replacing": ("os.rename", 2), "removing": ("os.remove", 1)}
"""The step at which a build dies: a kind of system call, and its number among those of this kind."""


def test_a_run_that_dies_at_any_step_leaves_whole_files_and_the_next_no_scrap(project: Project) -> None:
    with forks(project.folder) as builds:
        for moment, (event, number) in DEATHS.items():
            project.save(example("colour_card.json"))
            old = filled(project, 64, count=2)
            for index in range(2):
                project.save(widened(128), f"w{index}.json")
            (project.folder / "workflows" / "card.json").unlink()
            assert builds.build(step=number, steps=[event]).status == -signal.SIGKILL, moment
            found = made(project)
            scraps = [name for name in found if name.endswith(".invokable-tmp")]
            assert bool(scraps) == (moment != "removing"), moment
            assert run("generate", "-q").exit_code == 0
            new = made(project)
            assert not [name for name in new if name.endswith(".invokable-tmp")], moment
            assert "src/flows/card.py" not in new
            for name, text in found.items():
                assert name in scraps or text in (old.get(name), new.get(name)), (moment, name)


@pytest.mark.slow
def test_two_simultaneous_runs_leave_one_of_both_results(project: Project) -> None:
    """One run reads the old workflows and waits; another reads new ones; the last build decides about all files."""
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


LOCKS = Path("/proc/locks")


@pytest.mark.skipif(not LOCKS.exists(), reason="this system does not say who waits for a lock")
def test_a_run_waits_for_another(project: Project) -> None:
    with exclusive([project.folder]):
        process = subprocess.Popen(COMMAND)
        while not re.search(rf"-> FLOCK .* {process.pid} ", LOCKS.read_text()):
            assert process.poll() is None
            time.sleep(0.02)
        assert not project.module().exists()
    assert process.wait(30) == 0
    assert project.module().exists()


def test_files_staged_by_another_run_are_kept(tmp_path: Path) -> None:
    staged = publish._stage(tmp_path / "a.py", b"x = 1\n")
    scrap = tmp_path / ".b.py.0123abcd.invokable-tmp"
    scrap.write_text("half")
    mine = tmp_path / ".b.py.tmp"
    mine.write_text("mine")
    publish.sweep(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([Path(staged.name).name, mine.name])
    staged.commit(tmp_path / "a.py")
    staged.discard()
    assert (tmp_path / "a.py").read_text() == "x = 1\n"


def test_the_next_run_removes_scrap_also_where_nothing_has_changed(project: Project) -> None:
    project.generate()
    before = project.files()
    for folder in (project.folder, project.module().parent):
        (folder / ".card.py.0123abcd.invokable-tmp").write_text("half")
    assert project.check().exit_code == 0
    assert len(project.files()) == len(before) + 2
    project.generate()
    assert project.files() == before


FULL_DISK = """
mount -t tmpfs -o size={size} none src && cp -a backup/. src/
"{python}" -m invokable generate
echo $?
diff -r backup src
"""


@pytest.mark.slow
def test_a_full_disk_changes_nothing(project: Project) -> None:
    old = filled(project, 64)
    shutil.copytree(project.folder / "src", project.folder / "backup")
    widen(project, 128)
    pages = sum(-(-len(text) // 4096) for name, text in old.items() if name.startswith("src/"))
    script = FULL_DISK.format(size=4096 * (pages + 12), python=sys.executable)  # enough for some of the new files
    done = subprocess.run(["unshare", "--user", "--map-root-user", "--mount", "bash", "-c", script], **CAPTURED)
    if done.returncode == 1 and not done.stdout:
        pytest.skip(f"a disk of its own takes a user namespace: {done.stderr}")
    assert done.stdout == "2\n"  # and no difference
    assert re.fullmatch(r"src/flows/w[1-3]\.py: cannot be written: No space left on device\n", done.stderr)
    assert not [name for name in project.files() if name.endswith(".invokable-tmp")]


@pytest.mark.slow
def test_a_file_that_may_not_be_so_large_changes_nothing(project: Project) -> None:
    old = filled(project, 64)
    widen(project, 128)
    size = len(old["src/flows/w0.py"]) - 1000
    limited = ["bash", "-c", f"ulimit -f {size // 1024}; exec {shlex.join(COMMAND)}"]
    done = subprocess.run(limited, **CAPTURED)
    assert (done.returncode, done.stderr) == (2, "src/flows/w0.py: cannot be written: File too large\n")
    assert made(project) == old


@pytest.mark.parametrize("place", slow_beyond(1, ["src/flows", "."]))
def test_a_read_only_folder_is_one_line_and_changes_nothing(place: str, project: Project) -> None:
    """Also if only the lock file cannot be written."""
    old = filled(project, 64)
    project.save(example("sd15_text_to_image.json"), "picture.json")
    widen(project, 128)
    folder = project.folder / place
    folder.chmod(0o500)
    try:
        done = without_rights("invokable generate", project.folder)
    finally:
        folder.chmod(0o700)
    name = "invokable.lock" if place == "." else r"src/flows/\w+\.py"
    assert done.returncode == 2
    assert re.fullmatch(rf"{name}: cannot be written: Permission denied\n", done.stderr)
    assert made(project) == old


WINDOWS = """
import errno, fcntl, subprocess, sys, time, types  # subprocess looks for msvcrt, to know the system
def locking(descriptor, mode, size):
    assert (mode, size) == (1, 1)
    for attempt in range(3):
        try:
            return fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, size)
        except OSError:
            time.sleep(0.1)
    print("tried", flush=True)
    raise OSError(errno.EDEADLK, "Resource deadlock avoided")
sys.modules["msvcrt"] = types.SimpleNamespace(LK_LOCK=1, locking=locking)
sys.modules["fcntl"] = None
"""
"""The locking functions of Windows that are used, on top of this system's; they give up after a while too."""


def test_runs_on_windows_wait_for_each_other_too(project: Project, tmp_path_factory: pytest.TempPathFactory) -> None:
    places = tmp_path_factory.mktemp("temporary")
    holding = WINDOWS + (
        "from invokable.codegen.build.locking import exclusive\n"
        "with exclusive(['.']):\n    print('held', flush=True)\n    sys.stdin.read()\n"
    )
    building = WINDOWS + "from invokable.cli import main\nsys.argv = ['invokable', 'generate', '-q']\nmain()\n"
    environment = os.environ | {"TMPDIR": str(places)}
    with subprocess.Popen(
        [sys.executable, "-c", holding], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout
        assert holder.stdin
        assert holder.stdout.readline() == "held\n"
        with subprocess.Popen(
            [sys.executable, "-c", building], env=environment, stdout=subprocess.PIPE, text=True
        ) as builder:
            assert builder.stdout
            for _ in range(3):  # and it tries again
                assert builder.stdout.readline() == "tried\n"
            assert not project.module().exists()
            holder.stdin.close()
            assert builder.wait(60) == 0
    assert project.check().exit_code == 0
    (left,) = places.iterdir()
    assert left.read_bytes() == b""


def test_a_file_that_changes_meanwhile_is_not_overwritten(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(project, 64)
    project.save(widened(128), "w0.json")
    original = publish.make_changes

    def edited_meanwhile(changes: Any) -> Any:
        project.module("w0").write_text("mine = 1\n", encoding="utf-8")
        return original(changes)

    monkeypatch.setattr("invokable.codegen.build.pipeline.make_changes", edited_meanwhile)
    result = run("generate")
    assert result.exit_code == 3
    assert "changed while its new contents were prepared" in result.stderr
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
