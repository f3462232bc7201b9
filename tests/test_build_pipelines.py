"""docs/build-pipelines.md: following it leads from an empty folder to a green CI."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from pathspec import GitIgnoreSpec

from invokable import __version__
from invokable.hatch import _pattern
from tests.examples import ROOT, WORKFLOWS
from tests.workflow.builders import form, node, workflow

PAGE = (ROOT / "docs" / "build-pipelines.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)
FILES = {match[1]: text for _, text in BLOCKS if (match := re.match(r"# (\S*(?:Makefile|\.\w+))\n", text)) is not None}
COMMANDS = [line for kind, text in BLOCKS if kind == "sh" for line in text.splitlines()]
NOT_RUN_HERE = {
    "python -m venv .venv": "test_a_wheel_... makes an environment",
    ". .venv/bin/activate": "the environment of the tests takes its place",
    "pip install 'invokable[codegen]'": "tests/test_packaging.py installs the package so",
    "invokable generate --watch": "tests/cli/test_generate_options.py watches",
}
GIT = "git -c user.name=x -c user.email=x@x.org"


def run(command: str, folder: Path, *, status: int = 0) -> str:
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    command = command.replace("git commit", f"{GIT} commit")
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == status, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reader's project; each test continues where the previous one ended."""
    folder = tmp_path_factory.mktemp("reader")
    (folder / "workflows").mkdir()
    shutil.copy(WORKFLOWS / "colour_card.json", folder / "workflows" / "portrait.json")
    return folder


@pytest.mark.slow
@pytest.mark.xdist_group("build-pipelines")
def test_every_command_works_in_order(place: Path) -> None:
    assert {name for name in COMMANDS if name in NOT_RUN_HERE} == NOT_RUN_HERE.keys()
    for command in COMMANDS:
        if command in NOT_RUN_HERE:
            continue
        if command == "make flows":
            (place / "Makefile").write_text(FILES["Makefile"], encoding="utf-8")
        said = run(command, place)
        if command == "invokable init":
            assert "found 1 workflow" in said
            (place / "pyproject.toml").write_text(FILES["pyproject.toml"], encoding="utf-8")
        if command == "invokable check || invokable generate":
            assert "updated" not in said
    assert json.loads((place / "report.json").read_text(encoding="utf-8"))["ok"] is True
    assert "Nothing to be done" in run("make flows", place) or "up to date" in run("make flows", place)
    assert "compdef" in (place / "invokable-complete.zsh").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.xdist_group("build-pipelines")
def test_the_workflow_of_github_actions_is_green_and_then_red(tmp_path: Path) -> None:
    project = written(tmp_path)
    steps = re.findall(r"- run: (.*)", FILES[".github/workflows/flows.yml"])
    assert steps == [f"pip install 'invokable[codegen]=={__version__}'", "invokable check --format github"]
    run(steps[-1], project)
    change(project)
    assert "::error file=src/app/flows/portrait.py," in run(steps[-1], project, status=1)


@pytest.mark.slow
def test_the_functions_write_what_the_command_writes(tmp_path: Path) -> None:
    project = written(tmp_path)
    (code,) = (text for kind, text in BLOCKS if kind == "python" and "building" in text)
    change(project)
    (project / "build.py").write_text(code, encoding="utf-8")
    assert run("python build.py", project) == "src/app/flows/portrait.py updated\n"
    run("invokable check", project)


def written(folder: Path) -> Path:
    """The generated project of the page."""
    project = folder / "project"
    (project / "workflows").mkdir(parents=True)
    shutil.copy(WORKFLOWS / "colour_card.json", project / "workflows" / "portrait.json")
    (project / "pyproject.toml").write_text(FILES["pyproject.toml"], encoding="utf-8")
    (project / "src" / "app").mkdir(parents=True)
    (project / "src" / "app" / "__init__.py").touch()
    run("invokable generate", project)
    return project


def change(project: Path) -> None:
    """Change the workflow."""
    path = project / "workflows" / "portrait.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"value": 320', '"value": 640'), encoding="utf-8")


PROJECT = '\n[project]\nname = "app"\nversion = "1.0"\ndependencies = ["invokable"]\n'
HATCH = '\n[tool.hatch.build.targets.wheel]\npackages = ["src/app"]\n'


def hatchling_project(folder: Path, mode: str) -> Path:
    project = written(folder)
    table = FILES["hatchling/pyproject.toml"].replace('"check"', f'"{mode}"')
    (project / "pyproject.toml").write_text(table + PROJECT + HATCH + FILES["pyproject.toml"], encoding="utf-8")
    return project


BUILD = "python -m build --wheel --no-isolation -o dist ."


@pytest.mark.slow
def test_a_wheel_is_built_only_of_up_to_date_modules_and_can_be_imported_elsewhere(tmp_path: Path) -> None:
    project = hatchling_project(tmp_path, "check")
    run(BUILD, project)
    (wheel,) = (project / "dist").glob("*.whl")
    assert "app/flows/portrait.py" in zipfile.ZipFile(wheel).namelist()
    run(f"python -m uv venv -q other && python -m uv pip install -q --python other/bin/python {ROOT} {wheel}", tmp_path)
    script = "from app.flows import ColourCard; print(ColourCard(stamp='x.png').width)"
    assert run(f'cd /; {tmp_path}/other/bin/python -c "{script}"', tmp_path) == "320\n"
    change(project)
    said = run(BUILD, project, status=1)
    assert "src/app/flows/portrait.py: is out of date" in said
    assert "to fix it: invokable generate" in said


@pytest.mark.slow
def test_a_wheel_of_generated_modules_holds_them_though_git_ignores_them(tmp_path: Path) -> None:
    project = hatchling_project(tmp_path, "generate")
    shutil.rmtree(project / "src" / "app" / "flows")
    (project / ".gitignore").write_text("src/app/flows/\n")
    run("git init -q", project)
    change(project)
    run(BUILD, project)
    (wheel,) = (project / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert "app/flows/__init__.py" in archive.namelist()
        assert b"= 640" in archive.read("app/flows/portrait.py")
    lacking = workflow(node("a", "img_blur"), node("b", "integer", value=1), form=form("b.value"))
    (project / "workflows" / "portrait.json").write_text(json.dumps(lacking), encoding="utf-8")
    assert "workflows/portrait.json: warning: /nodes/0" in run(BUILD, project)
    (project / "workflows" / "portrait.json").write_text("{", encoding="utf-8")
    assert "workflows/portrait.json" in run(BUILD, project, status=1)


@pytest.mark.parametrize("name", ["a b", "[a]", "a*", "a?", "#a", "!a", "a\\b"])
def test_a_wheel_holds_generated_modules_whatever_their_folder_is_named(name: str, tmp_path: Path) -> None:
    pattern = _pattern(tmp_path / name / "card.py", tmp_path)
    patterns = GitIgnoreSpec.from_lines([pattern])
    assert patterns.match_file(f"{name}/card.py")
    assert not patterns.match_file("ab/card.py")


@pytest.mark.slow
def test_setuptools_builds_only_up_to_date_modules(tmp_path: Path) -> None:
    project = written(tmp_path)
    system = '[build-system]\nrequires = ["setuptools>=77"]\nbuild-backend = "setuptools.build_meta"\n'
    (project / "pyproject.toml").write_text(system + PROJECT + FILES["pyproject.toml"], encoding="utf-8")
    (project / "setup.py").write_text(FILES["setuptools/setup.py"], encoding="utf-8")
    run(BUILD, project)
    (wheel,) = (project / "dist").glob("*.whl")
    assert "app/flows/portrait.py" in zipfile.ZipFile(wheel).namelist()
    change(project)
    assert "is out of date" in run(BUILD, project, status=1)


@pytest.mark.slow
def test_pre_commit_stops_a_commit_of_a_stale_module_or_generates_it(tmp_path: Path) -> None:
    project = written(tmp_path)
    hooks = tmp_path / "hooks"
    ignored = shutil.ignore_patterns(".git", ".venv*", "*_cache", "__pycache__", "node_modules")
    shutil.copytree(ROOT, hooks, ignore=ignored)
    for command in ("git init -q", "git add -A", "git commit -qm Copy", "git tag v0.1.0"):
        run(command, hooks)
    config = FILES[".pre-commit-config.yaml"].replace("https://github.com/example/invokable", str(hooks))
    (project / ".pre-commit-config.yaml").write_text(config, encoding="utf-8")
    for command in ("git init -q", "pre-commit install", "git add -A", "git commit -qm Begin"):
        run(command, project)

    change(project)
    run("git add -A", project)
    checked = run("SKIP=invokable-generate git commit -qm Change", project, status=1)
    assert "portrait.py: is out of date" in checked
    generated = run("git commit -qm Change", project, status=1)
    assert "files were modified by this hook" in generated
    assert "would be missing" not in generated
    run("git add -A && git commit -qm Change", project)

    shutil.copy(WORKFLOWS / "sd15_text_to_image.json", project / "workflows" / "picture.json")
    run("git add workflows", project)
    for _ in range(2):
        said = run("git commit -qm Add", project, status=1)
        assert "src/app/flows/picture.py: would be missing from a commit" in said
        run("git add --update", project)  # tracked files only, not the new module
    run("git add src && git commit -qm Add", project)
    assert run("git status --porcelain", project) == ""
    run("invokable check", project)
