"""docs/extending.md as a program: classes of a project's own, through a whole run."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from PIL import Image

from invokable import Client, ValidationError, WorkflowError
from invokable.codegen import Options
from invokable.codegen.plan import Naming
from invokable.codegen.typing.custom import CustomFields
from tests.contract.pixels import pixel
from tests.examples import ROOT, add_field, add_node, example, imported

PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
FIELDS = dict(re.findall(r'^"(\w+\.\w+)" = "(\w+:\w+)"', PAGE, re.MULTILINE))
SOURCES = dict(re.findall(r"```python\n# (\w+)\.py\n(.*?)```", PAGE, re.DOTALL))


@pytest.fixture(scope="module")
def module() -> Iterator[Any]:
    """The example with a text of two parts in its form and in its result, made with the page's classes."""
    for name, text in SOURCES.items():
        made = ModuleType(name)
        sys.modules[name] = made
        exec(compile(text, f"{name}.py", "exec"), made.__dict__)
    document = example("colour_card.json")
    add_node(document, "join", "string_join", version="1.0.1", string_left="a, ", string_right="b")
    add_field(document, "join", "string_left")
    custom = CustomFields({"string_join.string_left": "tags:Tags", **FIELDS})
    yield imported(document, Options(custom=custom, naming=Naming(nodes={"join": "tags"})))
    for name in SOURCES:
        del sys.modules[name]


def test_the_page_names_both_kinds(module: Any) -> None:
    assert FIELDS == {"blank_image.color": "paint:Paint", "string_join.value": "tags:Tags"}
    assert set(SOURCES) == {"paint", "tags"}


def test_defaults_are_made_by_the_class(module: Any) -> None:
    assert repr(module.ColourCard(stamp="a.png").card_colour) == "Paint(code='#1e5aa0')"


def test_values_reach_the_server_and_come_back(client: Client, module: Any, stamp: Path, tmp_path: Path) -> None:
    paint, tags = sys.modules["paint"].Paint, sys.modules["tags"].Tags
    card = module.ColourCard(stamp=stamp, width=64, height=64, card_colour=paint("#0c8c4d"), string_left=tags("xy"))
    result = client.run(card)
    assert result.tags == ("x", "yb")
    assert isinstance(result.tags, tags)
    assert pixel(Image.open(result.card.save(tmp_path)), (63, 63)) == (12, 140, 77)


def test_a_value_of_another_class_is_refused(module: Any) -> None:
    with pytest.raises(ValidationError, match=r"card_colour.*'red' is not a Paint"):
        module.ColourCard(stamp="a.png", card_colour="red")


def test_values_can_be_stored_and_read_again(module: Any) -> None:
    card = module.ColourCard(stamp="a.png", card_colour=sys.modules["paint"].Paint("#0c8c4d"))
    stored = card.to_dict()
    assert stored["card_colour"] == {"r": 12, "g": 140, "b": 77, "a": 255}
    assert module.ColourCard.from_dict(stored) == card


def test_an_output_that_the_class_refuses_says_where(
    client: Client, module: Any, stamp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(value: object) -> object:
        raise ValueError("no tags")

    monkeypatch.setattr(sys.modules["tags"].Tags, "from_invokeai", refuse)
    card = module.ColourCard(stamp=stamp, string_left=sys.modules["tags"].Tags("x"))
    with pytest.raises(WorkflowError, match=r"item \d+, node join: Tags does not take its 'value': no tags"):
        client.run(card)
