"""The execution engine compared with a real server: the same graphs, the same structure, the same pixels."""

from __future__ import annotations

import copy
import io
import json
import time
import urllib.request
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from tests.examples import SHARED
from tests.live.graphs import ON_IMAGES, WITH_OTHERS, WITHOUT_IMAGES
from tests.live.provision import ProvisionError, Server
from tests.testing.execution.comparing import differences
from tests.testing.execution.pipelines import text_to_image
from tests.testing.execution.running import SCHEMA, Memory, Run, graph

CORPUS = SHARED / "corpus"
SECONDS = 120.0
ITEMS_OF_A_GROUP = 2
"""Some batches of the corpus have thousands of items; the first few are enough."""
GROUPS = 3


# ------------------------------------------------------------------ the corpus


def _needs_a_model(folder: Path) -> bool:
    nodes = json.loads((folder / "graph.json").read_text(encoding="utf-8"))["nodes"].values()
    templates = [SCHEMA.nodes[node["type"]] for node in nodes if node["type"] in SCHEMA.nodes]
    fields = [field for template in templates for field in template.inputs.values()]
    return any(field.type.name == "ModelIdentifierField" and field.required for field in fields)


@cache
def _model_free() -> list[str]:
    if not CORPUS.is_dir():
        return []
    folders = [path.parent for path in sorted(CORPUS.glob("*/graph.json"))]
    return [folder.name for folder in folders if not _needs_a_model(folder)]


def _batch(name: str) -> dict[str, Any]:
    folder = CORPUS / name
    data_file = folder / "batch_data.json"
    data = json.loads(data_file.read_text(encoding="utf-8")) if data_file.exists() else []
    groups = [[{**datum, "items": datum["items"][:ITEMS_OF_A_GROUP]} for datum in group] for group in data or []]
    document = json.loads((folder / "graph.json").read_text(encoding="utf-8"))
    return {"graph": document, "runs": 1, **({"data": groups[:GROUPS]} if groups else {})}


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here: ../shared/corpus")
@pytest.mark.parametrize("name", _model_free())
def test_a_workflow_of_the_corpus_runs_the_same(name: str, server: Server) -> None:
    batch = _batch(name)
    try:
        items = _run_on(server, batch)
    except ProvisionError as error:
        pytest.skip(f"the server refuses to enqueue it: {str(error)[:120]}")
    for item in items:
        ours = Run(_substituted(batch["graph"], item["field_values"]))
        _assert_alike(server, item, ours)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here: ../shared/corpus")
def test_the_corpus_has_workflows_to_compare() -> None:
    assert len(_model_free()) >= 40


def _substituted(document: dict[str, Any], values: list[dict[str, Any]]) -> dict[str, Any]:
    changed = copy.deepcopy(document)
    for value in values:
        changed["nodes"][value["node_path"]][value["field_name"]] = value["value"]
    return changed


# -------------------------------------------------------------------- one node


def _name(nodes: dict[str, dict[str, Any]]) -> str:
    last = nodes.get("node", {"type": "+".join(node["type"] for node in nodes.values())})
    return "-".join(str(value) for value in last.values() if isinstance(value, str))


@pytest.mark.parametrize("node", ON_IMAGES, ids=lambda node: _name({"node": node}))
@pytest.mark.parametrize("mode", ["RGB", pytest.param("RGBA", marks=pytest.mark.slow)])
def test_a_node_makes_the_same_image(
    node: dict[str, Any], mode: str, server: Server, given: Callable[[str], Any]
) -> None:
    field = "image" if "image" in SCHEMA.nodes[node["type"]].inputs else "mask"
    _compare(server, {"given": given(mode), "node": node}, [f"given.image -> node.{field}"])


@pytest.mark.parametrize(("nodes", "edges"), WITH_OTHERS, ids=[_name(nodes) for nodes, _ in WITH_OTHERS])
def test_nodes_together_make_the_same_image(
    nodes: dict[str, dict[str, Any]], edges: list[str], server: Server, given: Callable[[str], Any]
) -> None:
    _compare(server, {"given": given("RGBA"), **nodes}, edges)


@pytest.mark.slow
@pytest.mark.parametrize(("nodes", "edges"), WITHOUT_IMAGES, ids=[_name(nodes) for nodes, _ in WITHOUT_IMAGES])
def test_a_graph_has_the_same_results(nodes: dict[str, dict[str, Any]], edges: list[str], server: Server) -> None:
    _compare(server, nodes, edges)


def _compare(server: Server, nodes: dict[str, dict[str, Any]], edges: list[str]) -> None:
    document = graph(nodes, *edges)
    (item,) = _run_on(server, {"graph": document, "runs": 1})
    services = Memory()
    for name, image in _uploaded.items():
        services.keep(image, name)
    _assert_alike(server, item, Run(document, services))


_uploaded: dict[str, Image.Image] = {}


@pytest.fixture(scope="module")
def given(server: Server) -> Callable[[str], dict[str, Any]]:
    """An image node with a picture in a certain mode: a gradient, shapes, and in RGBA all degrees of transparency."""

    @cache
    def node(mode: str) -> dict[str, Any]:
        name = _upload(server, _sample(mode))
        _uploaded[name] = _sample(mode)
        return {"type": "image", "image": {"image_name": name}}

    return node


def _sample(mode: str) -> Image.Image:
    size = (64, 48)
    red, green = Image.linear_gradient("L").resize(size), Image.linear_gradient("L").rotate(90).resize(size)
    image = Image.merge("RGB", (red, green, Image.radial_gradient("L").resize(size)))
    draw = ImageDraw.Draw(image)
    draw.rectangle((10, 8, 30, 20), fill=(200, 30, 60))
    draw.ellipse((36, 20, 56, 44), fill=(20, 60, 220))
    if mode == "RGBA":
        image.putalpha(Image.linear_gradient("L").rotate(180).resize(size))
        image.paste((200, 30, 60, 255), (12, 10, 20, 16))
    return image


# ----------------------------------------------------------------- with models


def test_a_workflow_with_models_has_the_same_structure(server: Server, models: dict[str, dict[str, Any]]) -> None:
    document = text_to_image(_identifier(models["tiny-sd15"]), _identifier(models["tiny-sd15-lora"]), steps=2)
    (item,) = _run_on(server, {"graph": document, "runs": 1})
    _assert_alike(server, item, Run(document))


def test_a_missing_model_is_reported_with_the_same_message(server: Server) -> None:
    model = {"key": "gone", "hash": "none", "name": "none", "base": "sd-1", "type": "main"}
    for node_type in ("main_model_loader", "sdxl_model_loader", "model_identifier"):
        document = graph({"node": {"type": node_type, "model": model}})
        (item,) = _run_on(server, {"graph": document, "runs": 1})
        _assert_alike(server, item, Run(document, Memory(models=[])))


def _identifier(model: dict[str, Any]) -> dict[str, Any]:
    return {name: model[name] for name in ("key", "hash", "name", "base", "type")}


# ------------------------------------------------------------------ the server


def _run_on(server: Server, batch: dict[str, Any]) -> list[dict[str, Any]]:
    answer = server.post("/api/v1/queue/default/enqueue_batch", {"batch": batch, "prepend": False})
    return [_finished(server, item_id) for item_id in sorted(answer["item_ids"])]


def _finished(server: Server, item_id: int) -> dict[str, Any]:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        item: dict[str, Any] = server.get(f"/api/v1/queue/default/i/{item_id}")
        if item["status"] in {"completed", "failed", "canceled"}:
            return item
        time.sleep(0.1)
    raise TimeoutError(f"item {item_id} is not done after {SECONDS:.0f} s")


def _assert_alike(server: Server, item: dict[str, Any], ours: Run) -> None:
    def load(name: str) -> Image.Image:
        with urllib.request.urlopen(f"{server.url}/api/v1/images/i/{name}/full", timeout=30) as answer:
            return Image.open(io.BytesIO(answer.read()))

    assert differences(item["session"], ours.document, load, ours.services.load_image) == []
    failure = ours.failed
    assert item.get("error_type") == (failure.error_type if failure else None)
    if failure and failure.exec_id not in failure.error_message:
        assert item["error_message"] == failure.error_message


def _upload(server: Server, image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    body = (
        b'--edge\r\nContent-Disposition: form-data; name="file"; filename="given.png"\r\n'
        b"Content-Type: image/png\r\n\r\n" + buffer.getvalue() + b"\r\n--edge--\r\n"
    )
    request = urllib.request.Request(
        f"{server.url}/api/v1/images/upload?image_category=user&is_intermediate=true",
        body,
        {"Content-Type": "multipart/form-data; boundary=edge"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return str(json.load(answer)["image_name"])
