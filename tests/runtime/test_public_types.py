"""The types of clients, jobs and repositories, as the two strict type checkers see them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.examples import ROOT

FILES = [ROOT / "tests" / "runtime" / name for name in ("client_types.py", "repository_types.py")]


@pytest.mark.slow
def test_mypy_and_pyright_agree_on_every_call(tmp_path: Path) -> None:
    for file in FILES:
        (tmp_path / file.name).write_bytes(file.read_bytes())
    config = tmp_path / "pyrightconfig.json"
    paths = {
        "extraPaths": [str(ROOT), str(ROOT / "src")],
        "include": [file.name for file in FILES],
        "pythonVersion": "3.11",
    }
    config.write_text(json.dumps({"typeCheckingMode": "strict", **paths}))
    pyright = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "-p", str(config)]
    mypy = [sys.executable, "-m", "mypy", "--strict", *map(str, FILES)]
    for command in (mypy, pyright):
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
        assert done.returncode == 0, done.stdout
        assert "No source files" not in done.stdout
