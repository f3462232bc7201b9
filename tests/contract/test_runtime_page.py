"""docs/runtime.md as a program: its blocks run in order."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

import invokable
from invokable.testing import Simulator
from tests.examples import MODULES, ROOT

PAGE = (ROOT / "docs" / "runtime.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with the module that the page imports."""
    flows = tmp_path / "app" / "flows"
    flows.mkdir(parents=True)
    shutil.copy(MODULES / "colour_card.py", flows)
    Image.new("RGB", (40, 30), "red").save(tmp_path / "logo.png")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_page_runs_from_top_to_bottom(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Any] = []
    with Simulator() as simulator:
        url = simulator.serve()
        real = {name: getattr(invokable, name) for name in ("Client", "AsyncClient")}
        for name, kind in real.items():
            monkeypatch.setattr(invokable, name, lambda *_, kind=kind: kind(url))
        names: dict[str, Any] = {"store": kept.append, "stored": kept.pop}
        for block in BLOCKS:
            asyncio.run(run(block, names))
        names["client"].close()
    assert len(BLOCKS) == 11
    assert len(list((project / "out").iterdir())) == 3
    assert len(list((project / "nodes").iterdir())) == 4


async def run(block: str, names: dict[str, Any]) -> None:
    code = compile(block, "runtime.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    returned = eval(code, names)
    if inspect.isawaitable(returned):
        await returned


@pytest.mark.parametrize("kind", ["Client", "AsyncClient", "Job", "AsyncJob"])
def test_the_page_names_every_method(kind: str) -> None:
    own = {name for name in vars(getattr(invokable, kind)) if not name.startswith("_")} - {"close", "aclose"}
    assert {name for name in own if f"{name}(" not in PAGE and f"`{name}`" not in PAGE} == set()


@pytest.mark.parametrize("event", [one.__name__ for one in invokable.JobEvent.__subclasses__()])
def test_the_page_names_every_event(event: str) -> None:
    assert f"| `{event}` |" in PAGE
