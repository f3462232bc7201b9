"""Every node type of the catalogue runs once, and returns what its schema says."""

from __future__ import annotations

from typing import Any

import pytest
from PIL import Image

from invokable.schema import FieldType, InputTemplate, load
from invokable.testing.execution import Failed, Session
from invokable.testing.server.mp4 import write
from tests.effort import slow_beyond
from tests.testing.execution.running import SCHEMA, Memory, Run, graph, run_node
from tests.testing.execution.schemas import misfits

MODEL = {"key": "key", "hash": "hash", "name": "tiny", "base": "sd-1", "type": "main"}
IMAGE = {"image_name": "given.png"}
TILE = {
    "coords": {"top": 0, "bottom": 32, "left": 0, "right": 48},
    "overlap": {"top": 0, "bottom": 0, "left": 0, "right": 0},
}
LORA = {"lora": {**MODEL, "type": "lora"}, "weight": 0.5}
ENCODER = {"tokenizer": MODEL, "text_encoder": MODEL, "loras": []}

SAMPLES: dict[str, Any] = {
    "AnyField": 3,
    "BooleanField": True,
    "BoundingBoxField": {"x_min": 0, "y_min": 0, "x_max": 48, "y_max": 32},
    "CLIPField": {**ENCODER, "skipped_layers": 0},
    "ColorField": {"r": 1, "g": 2, "b": 3, "a": 255},
    "FloatField": 1.5,
    "ImageField": IMAGE,
    "IntegerField": 8,
    "LatentsField": {"latents_name": "Tensor_unknown", "seed": 1},
    "LoRAField": LORA,
    "MetadataField": {"seed": 1},
    "MetadataItemField": {"label": "seed", "value": 1},
    "ModelIdentifierField": MODEL,
    "PiDDecoderField": {"decoder": MODEL},
    "StringField": "a fox",
    "StylePresetField": {"style_preset_id": "preset"},
    "SystemPromptField": {"system_prompt_id": "prompt"},
    "TensorField": {"tensor_name": "Tensor_unknown"},
    "Tile": TILE,
    "TileWithImage": {"tile": TILE, "image": IMAGE},
    "TransformerField": {"transformer": MODEL, "loras": []},
    "UNetField": {"unet": MODEL, "scheduler": MODEL, "loras": []},
    "VAEField": {"vae": MODEL, "seamless_axes": []},
    "VideoField": {"video_name": "given.mp4"},
    "WanTransformerField": {"transformer": MODEL, "loras": [], "loras_low_noise": []},
}

# Values that the schema cannot express.
VALUES: dict[str, dict[str, Any]] = {
    "div": {"b": 2},
    "metadata_field_extractor": {"key": "positive_prompt"},
    "string_split": {"delimiter": ","},
    "metadata_to_bool": {"label": "seamless_x"},
    "prompt_from_file": {"file_path": __file__},
    "workflow_return_get": {"values": {"fox": 3}, "key": "fox"},
    "workflow_return_value": {"key": "fox"},
    "img_conv": {"mode": "RGBA"},
}
FAILS_BY_DESIGN = {
    "call_saved_workflow": "ValueError",
    **dict.fromkeys(
        (f"{kind}_{what}" for kind in ("float", "image", "integer", "string") for what in ("batch", "generator")),
        "NotExecutableNodeError",
    ),
}


def sample(field: InputTemplate) -> Any:
    if field.options:
        return field.options[0]
    single = SAMPLES.get(field.type.name, _placeholder(field.type))
    return [single] if field.type.cardinality == "COLLECTION" else single


def _placeholder(type_: FieldType) -> dict[str, Any]:
    if type_.name.endswith("ConditioningField"):
        return {"conditioning_name": "ConditioningFieldData_unknown"}
    return {**ENCODER, "mask_name": "Tensor_unknown"}


def services(side: int) -> Memory:
    found = Memory()
    image = Image.new("RGBA", (side + 16, side), (200, 100, 50, 255))
    image.info["invokeai_metadata"] = '{"positive_prompt": "a fox"}'
    found.keep(image)
    found.videos["given.mp4"] = write([Image.new("RGB", (48, 32), (index * 40, 0, 0)) for index in range(3)], 8)
    return found


def minimal(node_type: str) -> dict[str, Any]:
    required = {name: sample(field) for name, field in SCHEMA.nodes[node_type].inputs.items() if field.required}
    return {**required, **VALUES.get(node_type, {})}


def run_minimal(node_type: str) -> Run:
    if node_type == "iterate":
        numbers = {"type": "integer_collection", "collection": [5]}
        return Run(graph({"numbers": numbers, "node": {"type": "iterate"}}, "numbers.collection -> node.collection"))
    return run_node(node_type, services(256 if node_type == "img_watermark" else 32), **minimal(node_type))


@pytest.mark.parametrize("node_type", slow_beyond(100, sorted(SCHEMA.nodes)))
def test_a_node_gives_what_its_schema_says(node_type: str) -> None:
    run = run_minimal(node_type)
    if node_type in FAILS_BY_DESIGN:
        assert run.failed
        assert run.failed.error_type == FAILS_BY_DESIGN[node_type]
        return
    assert run.failed is None, run.failed
    assert misfits(run.result("node"), SCHEMA.nodes[node_type]) == []


@pytest.mark.parametrize("version", ["5.0.2", "6.8.1"])
def test_nodes_that_were_different_in_an_older_version_run_too(version: str) -> None:
    schema = load(version)
    for node_type, template in schema.nodes.items():
        if node_type in FAILS_BY_DESIGN or template == SCHEMA.nodes.get(node_type):
            continue
        given = {name: sample(field) for name, field in template.inputs.items() if field.required or _needed(field)}
        node = {"type": node_type, **given, **VALUES.get(node_type, {})}
        session = Session(graph({"node": node}), services=services(32), schema=schema, session_id="older")
        assert not [event for event in session.run() if isinstance(event, Failed)], node_type


def _needed(field: InputTemplate) -> bool:
    # Schemas before 5.15 mark some fields as optional although their nodes need them.
    return not field.nullable and field.type.name in {"ImageField", "UNetField", "LatentsField"}


def test_all_node_types_are_there() -> None:
    assert len(SCHEMA.nodes) == 309
