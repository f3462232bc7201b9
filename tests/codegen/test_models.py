"""Models: the models of a server that an input takes, each with a unique name."""

from __future__ import annotations

import pytest

from invokable.codegen import InstalledModel
from invokable.codegen.typing.models import model_choices
from invokable.contract.models import ModelFilter
from invokable.schema.model import FieldType, InputTemplate


def installed(
    name: str, base: str = "sd-1", type_: str = "main", variant: str = "", format_: str = ""
) -> InstalledModel:
    return InstalledModel(name, base, type_, f"key-{name}-{variant}", "hash", variant, format_)


def field(name: str = "ModelIdentifierField", **wanted: tuple[str, ...]) -> InputTemplate:
    return InputTemplate(name="m", title="M", type=FieldType(name), input="any", models=ModelFilter(**wanted))


ALL = [
    installed("Dream Shaper 8"),
    installed("Juggernaut XL", base="sdxl"),
    installed("Inpaint", variant="inpaint", format_="diffusers"),
    installed("Normal", variant="normal", format_="checkpoint"),
    installed("Detail", type_="lora"),
]


@pytest.mark.parametrize(
    ("template", "names"),
    [
        (field(), ["detail", "dream_shaper_8", "inpaint", "juggernaut_xl", "normal"]),
        (field(base=("sdxl",)), ["juggernaut_xl"]),
        (field(type=("lora",)), ["detail"]),
        (field("LoRAField", type=("lora",)), ["detail"]),
        (field(type=("main",), variant=("inpaint",)), ["dream_shaper_8", "inpaint", "juggernaut_xl"]),
        (field(type=("main",), format=("checkpoint",)), ["dream_shaper_8", "juggernaut_xl", "normal"]),
        (field("StringField"), []),
    ],
    ids=["any", "by base", "by type", "LoRA", "by variant", "by format", "another type"],
)
def test_an_input_offers_the_models_that_it_takes(template: InputTemplate, names: list[str]) -> None:
    assert sorted(model_choices(template, ALL)) == names


def test_models_of_one_name_are_told_apart_by_base() -> None:
    twins = [installed("Same"), installed("Same", base="sdxl")]
    assert sorted(model_choices(field(), twins)) == ["sd_1_main_same", "sdxl_main_same"]


def test_values_missing_on_the_server_are_empty() -> None:
    model = InstalledModel.from_config({"name": "N", "base": "sd-1", "type": "main", "key": 5})
    assert model == InstalledModel(name="N", base="sd-1", type="main", key="", hash="", variant="", format="")
