"""A project's own classes in generated modules."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from invokable.codegen import Options
from invokable.codegen.generate import GeneratedModule, generate_module
from invokable.codegen.project.config import ConfigError
from invokable.codegen.project.config_reader import load_config
from invokable.codegen.typing.custom import CustomFields
from invokable.schema import load
from tests.examples import add_field, add_node, example

PAINT = CustomFields({"blank_image.color": "shop.paint:Paint"})


def generated(custom: CustomFields, **changes: object) -> GeneratedModule:
    document = example("colour_card.json") | changes
    return generate_module(document, load("6.14.2"), source="card.json", options=Options(custom=custom))


def test_the_module_imports_the_class_and_uses_it() -> None:
    text = generated(PAINT).text
    assert "\nfrom invokable.runtime import (" in text
    assert "\nfrom shop.paint import Paint\n" in text
    assert "card_colour: Annotated[Paint, Index(2)] = field(" in text
    assert 'default_factory=lambda: Paint.from_invokeai( {"r": 30, "g": 90, "b": 160, "a": 255} )' in " ".join(
        text.split()
    )
    assert "Color" not in text.split("_GRAPH")[0].replace("Colour", "").replace("ColorField", "")


def test_a_field_of_another_node_keeps_its_own_class() -> None:
    assert "card_colour: Annotated[Color, Index(2)]" in generated(CustomFields({"img_blur.color": "paint:Paint"})).text


def test_each_item_of_a_list_is_one() -> None:
    document = example("colour_card.json")
    add_node(document, "list", "string_collection", version="1.0.2", collection=["a, b", "c"])
    add_field(document, "list", "collection")
    custom = CustomFields({"string_collection.collection": "tags:Tags"})
    text = generate_module(document, load("6.14.2"), source="card.json", options=Options(custom=custom)).text
    assert "collection: Annotated[list[Tags], Index(9)] = field(" in text
    assert 'default_factory=lambda: [Tags.from_invokeai("a, b"), Tags.from_invokeai("c")]' in " ".join(text.split())


def test_an_output_has_the_class_too() -> None:
    document = example("colour_card.json")
    add_node(document, "join", "string_join", version="1.0.1", string_left="a, ", string_right="b")
    from invokable.codegen.plan import Naming

    options = Options(custom=CustomFields({"string_join.value": "tags:Tags"}), naming=Naming(nodes={"join": "tags"}))
    assert (
        "\n        tags: Tags\n" in generate_module(document, load("6.14.2"), source="card.json", options=options).text
    )


def test_a_workflow_of_the_same_name_gets_another_class_name() -> None:
    text = generated(PAINT, name="Paint").text
    assert "\nclass PaintWorkflow(Workflow):" in text
    both = CustomFields({**PAINT.homes, "LatentsField": "shop.paint:PaintWorkflow"})
    assert "\nclass PaintWorkflowWorkflow(Workflow):" in generated(both, name="Paint").text


@pytest.mark.parametrize(
    ("key", "home", "message"),
    [
        ("ColorField", "paint:Paint", "is one of InvokeAI's own types; set a class for a single field"),
        ("PaletteField", "paint.Paint", "'paint.Paint' is not a class; expected module:Class"),
        ("PaletteField", "paint:Paint()", "is not a class; expected module:Class"),
        ("PaletteField", "paint:Image", "'Image' has a meaning of its own in generated modules"),
        ("PaletteField", "a-b:Paint", "is not a class"),
        ("PaletteField", "my.import:Paint", "is not a class"),
    ],
)
def test_a_wrong_table_is_reported_with_its_key(tmp_path: Path, key: str, home: str, message: str) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(f'[tool.invokable.fields]\n"{key}" = "{home}"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=message.replace("(", r"\(")) as caught:
        load_config(path)
    assert caught.value.key == f"tool.invokable.fields.{key}"


def test_two_classes_with_the_same_name_are_refused() -> None:
    homes = {"AField": "a:Palette", "BField": "b:Palette", "CField": "a:Palette"}
    assert [key for key, _ in CustomFields(homes).problems()] == ["BField"]


@pytest.mark.slow
def test_type_checkers_know_the_class(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "paint.py").write_text(
        "from typing import Any\n\nclass Paint:\n"
        "    def to_invokeai(self) -> Any: ...\n"
        "    @classmethod\n    def from_invokeai(cls, value: Any) -> 'Paint':\n        return cls()\n",
        encoding="utf-8",
    )
    (tmp_path / "card.py").write_text(generated(PAINT).text, encoding="utf-8")
    (tmp_path / "caller.py").write_text(
        "from card import ColourCard\nfrom shop.paint import Paint\n"
        "flow = ColourCard(stamp='a.png', card_colour=Paint())\n"
        "ColourCard(stamp='a.png', card_colour='red')  # type: ignore[arg-type]\n"
        "reveal_type(flow.card_colour)\n",
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "mypy", "--strict", "caller.py"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert '"shop.paint.Paint"' in found.stdout
    assert found.returncode == 0, found.stdout
