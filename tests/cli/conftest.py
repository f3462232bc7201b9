"""A project to build."""

from __future__ import annotations

from pathlib import Path

import pytest

from invokable import Policy
from tests.cli.projects import Project, begin


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with one workflow, in the current folder."""
    monkeypatch.chdir(tmp_path)
    return begin(tmp_path)


@pytest.fixture(scope="session")
def files_once_generated(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of such a project after generating, for hundreds of tests that begin there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("project"))
        made = begin(Path.cwd())
        made.generate()
        return made.files()


@pytest.fixture
def generated(project: Project, files_once_generated: dict[str, bytes]) -> Project:
    """The same project, with its generated files."""
    for name, data in files_once_generated.items():
        path = project.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return project


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has clients try again at once: all of their attempts, without the 3 seconds of pauses between them."""
    monkeypatch.setattr(Policy, "pause", lambda *_: 0.0)
