"""The types of clients, jobs and repositories, as two strict type checkers see them."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

import invokable
from tests.examples import ROOT

FILES = [ROOT / "tests" / "runtime" / name for name in ("client_types.py", "repository_types.py", "value_types.py")]


REPOSITORIES = ("boards", "images", "models", "queue", "server", "style_presets", "videos", "workflows")


def own(cls: type) -> set[str]:
    """The public methods and attributes of a class that invokable defines."""
    owners = [owner for owner in cls.__mro__ if owner.__module__.startswith("invokable")]
    found = {name for owner in owners for name in (*vars(owner), *vars(owner).get("__annotations__", {}))}
    return {name for name in found if not name.startswith("_")}


@cache
def nodes() -> list[ast.AST]:
    """The contents of the checked files."""
    return [node for file in FILES for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))]


@cache
def used() -> tuple[set[str], set[str]]:
    """The names, attributes and arguments that the checked files use."""
    names = {node.id for node in nodes() if isinstance(node, ast.Name)}
    members = {node.attr for node in nodes() if isinstance(node, ast.Attribute)}
    return names, members | {node.arg for node in nodes() if isinstance(node, ast.keyword) and node.arg}


def test_the_checkers_see_every_public_name() -> None:
    names, _ = used()
    assert set(invokable.__all__) - names == {"__version__"}


@pytest.mark.parametrize("name", [name for name in invokable.__all__ if isinstance(getattr(invokable, name), type)])
def test_the_checkers_see_every_member_of_a_class(name: str) -> None:
    _, members = used()
    assert own(getattr(invokable, name)) - members == set()


@pytest.mark.parametrize("repository", REPOSITORIES)
def test_the_checkers_see_every_call_of_a_repository(repository: str) -> None:
    with invokable.Client("http://127.0.0.1:1") as client:
        wanted = own(type(getattr(client, repository)))
    calls = {
        node.attr
        for node in nodes()
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute) and node.value.attr == repository
    }
    assert wanted - calls == set()


def test_a_client_has_no_other_repository() -> None:
    with invokable.Client("http://127.0.0.1:1") as client:
        kinds = {name for name, value in vars(client).items() if not name.startswith("_") and own(type(value))}
    assert kinds == set(REPOSITORIES)


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
