"""Projects: a folder with workflows, a configuration and modules, for tests of the build commands."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import Result

from tests.cli.test_generate import run
from tests.examples import example

TABLE = """[tool.invokable]
schema = "6.14.2"

[[tool.invokable.sources]]
path = "workflows"
output = "src/flows"
"""


@dataclass(frozen=True)
class Project:
    """A project in the current folder."""

    folder: Path

    def configure(self, text: str) -> None:
        """Replace the pyproject.toml."""
        (self.folder / "pyproject.toml").write_text(text, encoding="utf-8")

    def save(self, document: Any, name: str = "card.json") -> Path:
        """Write a workflow below `workflows`, or a plain text."""
        path = self.folder / "workflows" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
        return path

    def module(self, name: str = "card") -> Path:
        """The path of a workflow's module."""
        return self.folder / "src" / "flows" / f"{name}.py"

    def text(self, name: str = "card") -> str:
        """The text of a module."""
        return self.module(name).read_text(encoding="utf-8")

    def generate(self, *arguments: object) -> list[str]:
        """Generate successfully, and return stdout."""
        result = run("generate", *arguments)
        assert result.exit_code == 0, result.output
        return result.stdout.splitlines()

    def check(self, *arguments: object) -> Result:
        """Check."""
        return run("check", *arguments)

    def states(self) -> dict[str, str]:
        """The states reported by check, by path, without files that are up to date."""
        found = json.loads(self.check("--format", "json").stdout)
        return {entry["path"]: entry["state"] for entry in found["files"] if entry["state"] != "fine"}

    def files(self) -> dict[str, bytes]:
        """Every file of the project, by path."""
        paths = (path for path in self.folder.rglob("*") if path.is_file())
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in paths}


def begin(folder: Path, *, table: str = TABLE) -> Project:
    """A project with one workflow, `workflows/card.json`, before generating."""
    project = Project(folder)
    project.configure(table)
    project.save(example("colour_card.json"))
    return project


def git(project: Project, *words: str) -> None:
    """Run git in a project."""
    identity = ("-c", "user.name=x", "-c", "user.email=x@x.org")
    subprocess.run(["git", *identity, *words], cwd=project.folder, check=True, capture_output=True)


def repository(project: Project) -> None:
    """Make a project a git repository that tracks all its files."""
    git(project, "init", "-q")
    git(project, "add", "--all")
