"""The workflows that the server ships: run those that the tiny models cover, and submit the graphs of the others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image

from invokable import Client
from invokable.codegen import Options, generate_module
from invokable.contract.fields import FieldType
from invokable.runtime.steps.resources.models import filter_of
from invokable.runtime.steps.resources.run_items import QUEUE
from invokable.runtime.steps.runs.batches import batch_data
from invokable.runtime.steps.runs.substitution import substitute, wire_values
from invokable.runtime.values.pins import pins_of
from invokable.schema import load
from invokable.workflow import WorkflowFileError
from tests.examples import imported, workflow_class
from tests.live.provision import Server

STALE = {
    "Face Detailer - SD1.5": "canny_image_processor",
    "Text to Image -  SD1.5, Control": "canny_image_processor",
    "Upscaler - SD1.5, ESRGAN": "canny_image_processor",
}
"""As shipped, they use nodes that the server no longer has."""
RUN = {
    "Text to Image - SD1.5",
    "Text to Image - SD1.5, LoRA",
    "Text to Image - SD1.5, Prompt from File",
    "Text to Image - SDXL",
    "Upscaler - SD1.5, MultiDiffusion",
}
"""All others need a model that is not in the tiny set: FLUX, Wan, SD3, CogView4, an IP adapter, an SDXL ControlNet."""
SMALL = {"width": 64, "height": 64, "steps": 2, "num_steps": 2, "scale": 2}


@pytest.fixture(scope="module")
def shipped(server: Server) -> dict[str, Any]:
    """The document of each shipped workflow, by name."""
    if server.version != "6.14.2":
        pytest.skip(f"these workflows are from 6.14.2, the server has {server.version}")
    listed = server.get("/api/v1/workflows/?categories=default&page=0&per_page=100&order_by=name&direction=ASC")
    return {
        entry["name"]: server.get(f"/api/v1/workflows/i/{entry['workflow_id']}")["workflow"]
        for entry in listed["items"]
    }


@pytest.fixture(scope="module")
def flow_classes(shipped: dict[str, Any]) -> dict[str, Any]:
    """The class of each workflow that is not stale, by name."""
    return {name: workflow_class(imported(document)) for name, document in shipped.items() if name not in STALE}


@pytest.fixture
def paused(server: Server) -> Iterator[None]:
    server.put(f"{QUEUE}/processor/pause")
    yield
    server.put(f"{QUEUE}/processor/resume")


def small(document: Any, models: dict[str, dict[str, str]]) -> Any:
    """The document with tiny models in place of those it names, and with little work."""
    document = json.loads(json.dumps(document))
    for node in document["nodes"]:
        sdxl = "sdxl" in json.dumps(node).lower()
        for name, field in node["data"].get("inputs", {}).items():
            value = field.get("value")
            if isinstance(value, dict) and {"key", "base", "type"} <= set(value):
                field["value"] = tiny(value, models, sdxl=sdxl)
            elif name in SMALL and isinstance(value, int):
                field["value"] = SMALL[name]
    return document


def tiny(wanted: dict[str, Any], models: dict[str, dict[str, str]], *, sdxl: bool) -> dict[str, Any]:
    bases = {wanted["base"], "sdxl" if sdxl else "sd-1", "any"}
    fitting = [
        model
        for name, model in sorted(models.items())
        if name.startswith("tiny") and model["type"] == wanted["type"] and model["base"] in bases
    ]
    chosen = next((model for model in fitting if model["base"] == wanted["base"]), fitting[0] if fitting else wanted)
    return {key: chosen[key] for key in ("key", "hash", "name", "base", "type")}


def required(flow_class: Any, models: dict[str, dict[str, str]], picture: Path, *, sdxl: bool) -> dict[str, Any]:
    """A value for each required input."""
    values: dict[str, Any] = {}
    for target in pins_of(flow_class).inputs:
        kind = target.type.name
        if kind == "ImageField":
            values[target.attribute] = picture if target.type.cardinality == "SINGLE" else [picture]
        if kind == "ModelIdentifierField":
            wanted = filter_of(pins_of(flow_class).hints[target.attribute]).type or (
                ("controlnet",) if "controlnet" in target.label.lower() else ("main",)
            )
            base = "sdxl" if sdxl else "sd-1"
            found = [m for m in models.values() if m["type"] in wanted and m["base"] in (base, "any")]
            values[target.attribute] = sorted(m["name"] for m in found if m["name"].startswith("tiny"))[0]
        if target.field == "file_path":
            values[target.attribute] = str(picture.with_name("prompts.txt"))
        if target.field in SMALL and kind == "IntegerField":
            values[target.attribute] = SMALL[target.field]
    return values


def test_the_server_has_the_nodes_of_the_modules(flow_classes: dict[str, Any], client: Client) -> None:
    assert len(flow_classes) == 23
    for name, flow_class in flow_classes.items():
        assert client.check(flow_class) == [], name


def test_stale_workflows_are_refused_with_the_missing_node(shipped: dict[str, Any]) -> None:
    refused = {}
    for name, document in shipped.items():
        try:
            generate_module(document, load("6.14.2"), source="shipped.json")
        except WorkflowFileError as error:
            refused[name] = str(error)
    assert set(refused) == set(STALE)
    for name, vanished in STALE.items():
        assert vanished in refused[name]


@pytest.mark.parametrize("name", sorted(RUN))
def test_a_shipped_workflow_runs_from_its_module(
    name: str, shipped: dict[str, Any], models: dict[str, dict[str, str]], client: Client, tmp_path: Path
) -> None:
    picture = tmp_path / "picture.png"
    Image.new("RGB", (256, 256), (200, 40, 90)).save(picture)
    picture.with_name("prompts.txt").write_text("a fox\na hare\n")
    flow_class = workflow_class(imported(small(shipped[name], models), Options()))
    result = client.run(flow_class(**required(flow_class, models, picture, sdxl="SDXL" in name)), timeout=300)
    assert result.images
    for output in pins_of(flow_class).outputs:
        found = getattr(result, output.attribute)
        assert found if output.many else [found]
    assert min(result.images[0].pil().size) >= 64


@pytest.mark.usefixtures("paused")
def test_the_server_accepts_the_graphs_of_all_others(
    flow_classes: dict[str, Any], server: Server, client: Client
) -> None:
    accepted = {}
    for name in sorted(set(flow_classes) - RUN):
        flow_class = flow_classes[name]
        targets = pins_of(flow_class).inputs
        flow = flow_class(**{t.attribute: _stand_in(t.type) for t in targets if _is_required(flow_class, t.attribute)})
        wire = {t.attribute: _wire(t.type, getattr(flow, t.attribute)) for t in targets}
        resolved = {attribute: value for attribute, value in wire.items() if value is not None}
        pins, values = pins_of(flow_class), wire_values(flow, resolved)
        graph, workflow = substitute(pins, values)
        data = client._drive(batch_data(pins, values, []))
        batch_id = str(uuid4())
        batch = {"batch_id": batch_id, "data": data, "graph": graph, "workflow": workflow, "runs": 1}
        accepted[name] = server.post(f"{QUEUE}/enqueue_batch", {"batch": batch})["enqueued"]
        server.put(f"{QUEUE}/cancel_by_batch_ids", {"batch_ids": [batch_id]})
    assert len(accepted) == 26 - len(STALE) - len(RUN)
    assert set(accepted.values()) == {1}


def _is_required(flow_class: Any, attribute: str) -> bool:
    (field,) = (field for field in fields(flow_class) if field.name == attribute)
    return field.default is MISSING and field.default_factory is MISSING


def _stand_in(kind: FieldType) -> Any:
    one: Any = {"ModelIdentifierField": "a model", "ImageField": "a.png", "VideoField": "a.mp4", "StringField": "x"}
    return [one[kind.name]] if kind.cardinality == "COLLECTION" else one[kind.name]


def _wire(kind: FieldType, value: Any) -> Any:
    """A value as the server would resolve it: any model, any file."""
    if isinstance(value, list):
        return [_wire(kind, item) for item in value]
    model = {"key": "k", "hash": "h", "name": "n", "base": "any", "type": "main"}
    stand_ins: Any = {
        "ModelIdentifierField": model,
        "ImageField": {"image_name": "a.png"},
        "VideoField": {"video_name": "a.mp4"},
    }
    return None if value is None else stand_ins.get(kind.name)
