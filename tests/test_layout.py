"""The layout: dependencies point one way, and importing a generated module stays cheap."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import invokable
from tests.examples import MODULES, ROOT
from tests.imports import PACKAGE, imported_names, needs

MAY_IMPORT = {
    "cli": {"cli", "demo", "testing", "codegen", "workflow", "schema", "contract", "runtime"},
    "codegen": {"codegen", "workflow", "schema", "contract"},
    "workflow": {"workflow", "schema", "contract"},
    "schema": {"schema", "contract"},
    "runtime": {"runtime", "contract"},
    "demo": {"demo", "codegen", "schema", "contract"},
    "testing": {"testing", "workflow", "schema", "contract", "runtime"},
    "contract": {"contract"},
}
IO = {"asyncio", "httpx", "shutil", "socket", "ssl", "subprocess", "tempfile"}
HEAVY = ("pydantic", "httpx", "socketio", "jinja2", "black", "click", "rich", "asyncio")


TOP = {
    ".ci",
    ".gitignore",
    ".pre-commit-hooks.yaml",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "docs",
    "generated_examples",
    "pyproject.toml",
    "src",
    "templates",
    "tests",
}
IN_ORDER = {
    "codegen": (
        "failures",
        "templates",
        "python",
        "naming",
        "typing",
        "written",
        "plan",
        "describing",
        "render",
        "generate",
        "project",
        "build",
        "drift",
    ),
    "runtime": ("errors", "locks", "values", "steps", "client"),
    "runtime/steps": ("exchange", "resources", "runs"),
}
"""The files and folders of a folder. Each may only need those before it."""


def imported_rooms(path: Path) -> set[str]:
    """The folders and files at the top of the package that a file imports from; public names come from `runtime`."""
    names = {name.split(".")[1] for name in imported_names(path) if name.startswith("invokable.")}
    return {"runtime" if name in invokable.__all__ else name for name in names if not name.startswith("__")}


def imported_packages(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imported_names(path)}


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a clone: a sdist has no list of the files in git")
def test_the_top_level_has_the_agreed_files_and_folders() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {line.partition("/")[0] for line in tracked.splitlines()} == TOP


def test_every_room_is_guarded_and_every_guarded_room_is_there() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir() and any(path.glob("*.py"))}
    assert rooms == MAY_IMPORT.keys()
    assert set(imported_rooms(PACKAGE / "codegen" / "plan.py")) == {"codegen", "contract", "workflow"}


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_dependencies_point_one_way(room: str) -> None:
    for path in (PACKAGE / room).rglob("*.py"):
        assert imported_rooms(path) - {"_extras", "_version"} <= MAY_IMPORT[room], path


@pytest.mark.parametrize(("folder", "order"), IN_ORDER.items())
def test_within_a_folder_dependencies_point_one_way_too(folder: str, order: tuple[str, ...]) -> None:
    graph = needs(PACKAGE / folder, types_left_out=PACKAGE / "runtime" / "errors.py")
    assert graph.keys() - {"__init__"} <= {*order}
    for part, needed in graph.items():
        assert part == "__init__" or needed <= {*order[: order.index(part)]}, part


FOLDERS = [path for path in (PACKAGE, *PACKAGE.rglob("*")) if path.is_dir() and any(path.glob("*.py"))]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.relative_to(PACKAGE).as_posix())
def test_no_folder_holds_a_circle_of_imports(folder: Path) -> None:
    # Errors carry values, and values raise errors: the annotations of errors are the only exception.
    try:
        TopologicalSorter(needs(folder, types_left_out=PACKAGE / "runtime" / "errors.py")).prepare()
    except CycleError as error:
        pytest.fail(f"{folder.name}: {' <- '.join(error.args[1])}")


def test_no_two_public_classes_of_the_runtime_have_one_name() -> None:
    places: dict[str, list[str]] = {}
    for path in (PACKAGE / "runtime").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and "_sync" not in path.parts:
                places.setdefault(node.name, []).append(path.relative_to(PACKAGE).as_posix())
    shared = {name: found for name, found in places.items() if len(found) > 1}
    assert not shared


def test_only_two_rooms_know_httpx() -> None:
    users = [path for path in PACKAGE.rglob("*.py") if "httpx" in imported_packages(path)]
    assert {user.parent.relative_to(PACKAGE).as_posix() for user in users} == {"runtime/client/_http", "testing/web"}


def test_steps_do_no_io() -> None:
    for path in (PACKAGE / "runtime" / "steps").rglob("*.py"):
        assert not imported_packages(path) & IO, path
        calls = {
            ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.Call)
        }
        assert not calls & {"open", "os.open", "Path", "time.sleep", "print", "input"}, path


def test_nothing_waits_in_a_way_that_loses_cancellations() -> None:
    # Python 3.11's wait_for returns a result that arrives together with the cancellation, which is lost.
    users = [path for path in PACKAGE.rglob("*.py") if "asyncio.wait_for(" in path.read_text(encoding="utf-8")]
    assert users == []


@pytest.mark.parametrize("module", ["colour_card", "sd15_text_to_image"])
def test_importing_a_generated_module_loads_nothing_heavy(module: str) -> None:
    script = f"import sys; import {module}; print(*(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], cwd=MODULES, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_the_help_of_all_commands_loads_nothing_heavy() -> None:
    script = (
        "import sys; from invokable.cli.shell import shell; shell(['--help'], standalone_mode=False); "
        f"sys.exit(' '.join(name for name in {HEAVY!r} if name in sys.modules and name != 'click'))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "simulate" in done.stdout
    assert done.stderr.split() == []


@pytest.mark.parametrize("module", ["invokable", "invokable.cli.generate", "invokable.cli.check"])
def test_generating_loads_nothing_of_the_runtime(module: str) -> None:
    script = f"import sys; import {module}; print(*(name for name in sys.modules if name == 'invokable.runtime'))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_a_generated_module_imports_only_the_runtime() -> None:
    for path in MODULES.glob("*.py"):
        assert imported_rooms(path) <= {"runtime"}
