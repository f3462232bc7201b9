"""The same bytes on every supported Python, whatever its Unicode version."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.codegen.digest import digests
from tests.examples import ROOT
from tests.pythons import VERSIONS, interpreter

RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"
OTHERS = [version for version in VERSIONS if version != RUNNING]


@pytest.fixture(scope="module")
def ours() -> dict[str, str]:
    return digests()


@pytest.mark.slow
@pytest.mark.parametrize("version", OTHERS)
def test_another_python_writes_the_same_bytes(version: str, ours: dict[str, str], tmp_path: Path) -> None:
    found = interpreter(version)
    if found is None:
        pytest.skip(f"there is no Python {version} here")
    python = tmp_path / "venv" / "bin" / "python"
    uv = [sys.executable, "-m", "uv", "--quiet"]
    subprocess.run([*uv, "venv", "--python", found, python.parents[1]], check=True)
    subprocess.run([*uv, "pip", "install", "--python", python, f"{ROOT}[codegen]"], check=True)
    done = subprocess.run([python, "-m", "tests.codegen.digest"], cwd=ROOT, capture_output=True, check=True)
    assert json.loads(done.stdout) == ours
    assert len([digest for digest in ours.values() if digest != "refused"]) > 30
