"""Every field of every node, shown in one form: the module is safe, type checks, and can be used."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import MISSING, fields
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from invokable import Color, LoRA, Model, StylePreset
from invokable.codegen import GeneratedModule, generate_module
from invokable.codegen.plan import PlannedInput
from invokable.schema import load
from invokable.schema.model import InputTemplate
from tests.codegen import oracle
from tests.examples import add_field, add_node, example, imported, workflow_class

SCHEMA = load("6.14.2")
VALUES: dict[str, Any] = {
    "BoardField": {"board_id": "b"},
    "BooleanField": True,
    "ColorField": {"r": 1, "g": 2, "b": 3, "a": 4},
    "FloatField": 0.5,
    "FloatGeneratorField": {
        "type": "float_generator_arithmetic_sequence",
        "start": 0,
        "step": 0.5,
        "count": 2,
        "values": [0.0, 0.5],
    },
    "ImageField": {"image_name": "x.png"},
    "ImageGeneratorField": {"type": "image_generator_images_from_board", "category": "images"},
    "IntegerField": 64,
    "IntegerGeneratorField": {"type": "integer_generator_parse_string", "input": "1", "splitOn": ","},
    "LoRAField": {
        "lora": {"key": "k", "hash": "h", "name": "n", "base": "sd-1", "type": "lora"},
        "weight": 0.5,
    },
    "ModelIdentifierField": {"key": "k", "hash": "h", "name": "n", "base": "sd-1", "type": "main"},
    "SavedWorkflowField": "w",
    "SchedulerField": "euler",
    "StringField": "text",
    "StringGeneratorField": {
        "type": "string_generator_dynamic_prompts_random",
        "input": "a {b|c}",
        "count": 2,
        "seed": None,
    },
    "StylePresetField": {"style_preset_id": "s"},
    "VideoField": {"video_name": "x.mp4"},
}
"""A value of each type, as the editor stores it."""


def stored(template: InputTemplate) -> dict[str, Any]:
    """The entry for a field's value; empty for a type without one."""
    value = template.options[0] if template.options else VALUES.get(template.type.name)
    if value is None or (template.type.name, template.type.cardinality) in UNREAD:
        return {}
    listed = template.type.cardinality == "COLLECTION" or template.type.name == "LoRAField"
    return {"value": [value, value] if listed else value}


UNREAD = {("BooleanField", "COLLECTION"), ("VideoField", "COLLECTION")}
"""Lists that the editor drops when it reads a file."""


def everything(*, values: bool) -> Any:
    """A workflow with every node, each of its fields in the form, with a value or without."""
    document = example("colour_card.json")
    root = document["form"]["rootElementId"]
    document["nodes"], document["edges"] = [], []
    document["form"]["elements"] = {root: document["form"]["elements"][root]}
    document["form"]["elements"][root]["data"]["children"] = []
    for name, node in SCHEMA.nodes.items():
        inputs = add_node(document, f"node-{name}", name, version=node.version)["inputs"]
        for key, template in node.inputs.items():
            if template.input != "connection" and not template.ui_hidden:
                inputs[key] = {"name": key, "label": "", "description": ""} | (stored(template) if values else {})
                add_field(document, f"node-{name}", key)
    return document


@pytest.fixture(scope="module", params=[False, True], ids=["without values", "with values"])
def generated(request: pytest.FixtureRequest) -> tuple[GeneratedModule, ModuleType]:
    document = everything(values=request.param)
    return generate_module(document, SCHEMA, source="everything.json"), imported(document)


@pytest.mark.slow
def test_it_is_data_and_one_dataclass(generated: tuple[GeneratedModule, ModuleType]) -> None:
    written, _ = generated
    oracle.check_module(written.text)
    assert len(written.plan.inputs) > 800


@pytest.mark.slow
def test_type_checkers_and_linters_are_content(generated: tuple[GeneratedModule, ModuleType], tmp_path: Path) -> None:
    (tmp_path / "everything.py").write_text(generated[0].text, encoding="utf-8")
    (tmp_path / "pyrightconfig.json").write_text(json.dumps({"typeCheckingMode": "strict", "pythonVersion": "3.11"}))
    for command in (
        ["mypy", "--strict", "everything.py"],
        ["pyright", "--pythonpath", sys.executable],
        ["ruff", "check", "--isolated", "--no-cache", "."],
    ):
        done = subprocess.run(
            [sys.executable, "-m", *command], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_its_values_are_accepted_kept_and_stored(generated: tuple[GeneratedModule, ModuleType]) -> None:
    written, module = generated
    flow_class = workflow_class(module)
    required = {f.name for f in fields(flow_class) if f.default is MISSING and f.default_factory is MISSING}
    flow = flow_class(**{p.attribute: given(p) for p in written.plan.inputs if p.attribute in required})
    assert flow_class.from_dict(flow.to_dict()) == flow
    assert flow.copy() == flow
    assert len(list(flow)) == len(written.plan.inputs)


def given(planned: PlannedInput) -> Any:
    """A minimal valid value for an input."""
    template = planned.item.template
    if template.type.cardinality == "COLLECTION":
        return [one(template.type.name)] * int(planned.limits.get("min_items", 1))
    if template.type.name in ("IntegerField", "FloatField"):
        limits = planned.limits
        least = max(limits.get("minimum", 0), limits.get("exclusive_minimum", -1) + 1)
        step = limits.get("multiple_of", 1)
        return math.ceil(least / step) * int(step)
    return template.options[0] if template.options else one(template.type.name)


def one(name: str) -> Any:
    made = {
        "ColorField": Color(r=1, g=2, b=3),
        "ImageField": "a.png",
        "LoRAField": LoRA("l"),
        "ModelIdentifierField": Model(name="m"),
        "StylePresetField": StylePreset("s"),
        "VideoField": "a.mp4",
    }
    return made.get(name, VALUES.get(name, {}))
