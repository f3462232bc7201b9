"""A project to build."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.projects import Project, begin


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project with one workflow, in the current folder."""
    monkeypatch.chdir(tmp_path)
    return begin(tmp_path)
