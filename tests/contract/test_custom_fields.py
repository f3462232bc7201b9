"""docs/extending.md as a program: a project's own classes, through a whole run."""

from __future__ import annotations

import pickle
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from PIL import Image as Pillow

import invokable
from invokable import Client, Image, NodeOutput, Policy, ValidationError, WorkflowError
from invokable.codegen import Options
from invokable.codegen.plan import Naming
from invokable.codegen.typing.custom import CustomFields
from tests.contract.pixels import pixel
from tests.examples import ROOT, add_field, add_node, example, imported
from tests.live.provision import Server

PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
FIELDS = dict(re.findall(r'^"(\w+\.\w+)" = "(\w+:\w+)"', PAGE, re.MULTILINE))
SOURCES = dict(re.findall(r"```python\n# (\w+)\.py\n(.*?)```", PAGE, re.DOTALL))


@pytest.fixture(scope="module")
def module() -> Iterator[Any]:
    """The example with a text of two parts in its form and result, generated with the page's classes."""
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
    assert set(SOURCES) == {"paint", "tags", "boxes"}


def test_defaults_are_made_by_the_class(module: Any) -> None:
    assert repr(module.ColourCard(stamp="a.png").card_colour) == "Paint(code='#1e5aa0')"


def test_values_reach_the_server_and_come_back(client: Client, module: Any, stamp: Path, tmp_path: Path) -> None:
    paint, tags = sys.modules["paint"].Paint, sys.modules["tags"].Tags
    card = module.ColourCard(stamp=stamp, width=64, height=64, card_colour=paint("#0c8c4d"), string_left=tags("xy"))
    result = client.run(card)
    assert result.tags == ("x", "yb")
    assert isinstance(result.tags, tags)
    assert pixel(Pillow.open(result.card.save(tmp_path)), (63, 63)) == (12, 140, 77)


def test_a_value_of_another_class_is_refused(module: Any) -> None:
    with pytest.raises(ValidationError, match=r"card_colour.*'red' is not a Paint"):
        module.ColourCard(stamp="a.png", card_colour="red")


def test_values_can_be_stored_and_read_again(module: Any) -> None:
    card = module.ColourCard(stamp="a.png", card_colour=sys.modules["paint"].Paint("#0c8c4d"))
    stored = card.to_dict()
    assert stored["card_colour"] == {"r": 12, "g": 140, "b": 77, "a": 255}
    assert module.ColourCard.from_dict(stored) == card


def test_an_output_that_the_class_refuses_is_located(
    client: Client, module: Any, stamp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(value: object) -> object:
        raise ValueError("no tags")

    monkeypatch.setattr(sys.modules["tags"].Tags, "from_invokeai", refuse)
    card = module.ColourCard(stamp=stamp, string_left=sys.modules["tags"].Tags("x"))
    with pytest.raises(WorkflowError, match=r"item \d+, node join: Tags failed for its 'value': no tags"):
        client.run(card)


# --- output types -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def marked(module: Any) -> Any:
    """The example with a box in its result, as on the page."""
    document = example("colour_card.json")
    document["name"] = "Marked Card"
    add_node(document, "mark", "bounding_box", version="1.0.0", x_min=8, y_min=8, x_max=48, y_max=38)
    return imported(document, Options(naming=Naming(nodes={"mark": "mark"})))


def test_a_field_has_the_class_on_the_page(
    server: Server,
    connect: Callable[..., Client],
    module: Any,
    stamp: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (block,) = re.findall(r"```python\n(from colour_card import ColourCard\n.*?)```", PAGE, re.DOTALL)
    monkeypatch.chdir(stamp.parent)
    monkeypatch.setitem(sys.modules, "colour_card", module)
    monkeypatch.setattr(invokable, "Client", lambda: connect(server.url))
    exec(compile(block, "extending.md", "exec"), {})
    assert capsys.readouterr().out == re.findall(r"print\(.*\)  # (.*)", block)[0] + "\n"
    with Pillow.open("card.png") as card:
        assert card.convert("RGB").getpixel((0, 0)) == (0x0C, 0x8C, 0x4D)


def test_an_output_type_is_converted_as_on_the_page(
    server: Server,
    connect: Callable[..., Client],
    marked: Any,
    stamp: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (block,) = re.findall(r"```python\n(from boxes import OUTPUTS\n.*?)```", PAGE, re.DOTALL)
    monkeypatch.chdir(stamp.parent)
    monkeypatch.setitem(sys.modules, "marked_card", marked)
    monkeypatch.setattr(invokable, "Client", lambda policy: connect(server.url, policy=policy))
    names: dict[str, Any] = {}
    exec(compile(block, "extending.md", "exec"), names)
    with names["client"]:
        result, box = names["result"], sys.modules["boxes"].Box
    assert result.mark == box(8, 8, 48, 38)
    assert isinstance(result.card, Image)
    assert {output.value for output in result.by_node["mark"]} == {result.mark}
    assert {output.value for node, outputs in result.by_node.items() if node != "mark" for output in outputs} == {None}
    assert pickle.loads(pickle.dumps(result)).by_node["mark"][0].value == result.mark
    assert capsys.readouterr().out == f"{result.mark}\nbounding_box_output {result.mark}\n"


def test_an_output_type_without_a_function_is_json(client: Client, marked: Any, stamp: Path) -> None:
    result = client.run(marked.MarkedCard(stamp=stamp, width=64, height=64))
    assert result.mark["x_max"] == 48
    assert result.by_node["mark"][0].value is None


def test_an_image_of_a_converted_output_type_stays_an_image(
    server: Server, connect: Callable[..., Client], marked: Any, stamp: Path
) -> None:
    with connect(server.url, policy=Policy(outputs={"image_output": lambda output: output.values["width"]})) as client:
        result = client.run(marked.MarkedCard(stamp=stamp, width=64, height=64))
    assert isinstance(result.card, Image)
    assert {output.value for output in result.by_node[result.card.node_id]} == {64}


def test_an_output_that_a_function_refuses_is_located(
    server: Server, connect: Callable[..., Client], marked: Any, stamp: Path
) -> None:
    def box(output: NodeOutput) -> object:
        raise ValueError("too small")

    with (
        connect(server.url, policy=Policy(outputs={"bounding_box_output": box})) as client,
        pytest.raises(WorkflowError, match=r"item \d+, node mark: box failed for its 'bounding_box_output': too small"),
    ):
        client.run(marked.MarkedCard(stamp=stamp, width=64, height=64))


@pytest.mark.parametrize("outputs", [["bounding_box_output"], {"bounding_box_output": "Box"}, {1: str}])
def test_an_invalid_table_of_outputs_is_refused(outputs: Any) -> None:
    with pytest.raises(ValueError, match="expected a dict of functions or classes"):
        Policy(outputs=outputs)
