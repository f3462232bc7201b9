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


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has clients try again at once: all of their attempts, without the 3 seconds of pauses between them."""
    monkeypatch.setattr(Policy, "pause", lambda *_: 0.0)
