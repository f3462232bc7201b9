"""docs/repositories.md as a program: its blocks run in order."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from generated_examples.colour_card import ColourCard
from PIL import Image

import invokable
from invokable import Client
from invokable.runtime.client._sync import repositories
from invokable.testing import Simulator
from tests.examples import ROOT, WORKFLOWS

PAGE = (ROOT / "docs" / "repositories.md").read_text(encoding="utf-8")


def test_the_page_runs_from_top_to_bottom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("fox", "mask", "stamp"):
        Image.new("RGB", (40, 30), "red").save(f"{name}.png")
    (tmp_path / "colour_card.json").write_bytes((WORKFLOWS / "colour_card.json").read_bytes())
    with Simulator() as simulator:
        url = simulator.serve()
        monkeypatch.setattr(invokable, "Client", lambda _: Client(url))
        names: dict[str, Any] = {"card": ColourCard(stamp="stamp.png", width=96, height=64)}
        for block in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
            exec(compile(block, "repositories.md", "exec"), names)
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix in (".png", ".zip")) == [
        *("copy.png", "fox.png", "foxes.zip", "mask.png", "stamp.png"),
    ]
    assert len(list((tmp_path / "out").glob("*/card-000.png"))) == 1


@pytest.mark.parametrize(
    "repository", ["boards", "images", "videos", "models", "queue", "workflows", "style_presets", "server"]
)
def test_the_table_names_every_method(repository: str) -> None:
    (row,) = re.findall(rf"^\| `{repository}` \|.*$", PAGE, re.MULTILINE)
    module = __import__(f"{repositories.__name__}.{repository}", fromlist=["*"])
    found = getattr(module, "".join(part.title() for part in repository.split("_")))
    own = {name for base in found.__mro__ for name in vars(base) if not name.startswith("_")}
    said = (
        row
        + ("as `images`" in row) * "`names`, `metadata`, `workflow`, `thumbnail`, `star`, `unstar`, `move`, `update`"
    )
    lacking = {name for name in own - {"list", "get", "find", "delete"} if f"`{name}`" not in said}
    if repository == "queue":
        lacking = {name for name in lacking if not name.startswith("cancel")}
    assert lacking == set()
