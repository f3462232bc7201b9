"""Resources: models, boards and files, found and sent before the workflow is."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
from generated_examples.colour_card import ColourCard
from generated_examples.sd15_text_to_image import SD15TextToImage

from invokable import ValidationError
from invokable.runtime import Board, BoardError, Image, LoRA, Model
from invokable.runtime.steps.protocol import Request, Response
from invokable.runtime.steps.resources import Known, complete_models, resolve
from invokable.runtime.values.pins import pins_of
from invokable.schema import load
from tests.examples import add_field, add_node, example, imported
from tests.runtime.driving import Driver, answer

MODELS = [
    {"key": "k1", "hash": "h1", "name": "dreams", "base": "sd-1", "type": "main", "variant": "normal"},
    {"key": "k2", "hash": "h2", "name": "dreams", "base": "sdxl", "type": "main", "variant": "normal"},
    {"key": "k3", "hash": "h3", "name": "ink", "base": "sd-1", "type": "lora"},
]
BOARDS = [
    {"board_id": "b1", "board_name": "foxes"},
    {"board_id": "b2", "board_name": "twice"},
    {"board_id": "b3", "board_name": "twice"},
]


def reply(request: Request) -> Response:
    if request.path == "/api/v2/models/":
        return answer({"models": MODELS})
    if request.path == "/api/v1/boards/":
        return answer(BOARDS)
    assert request.file is not None
    return answer({"image_name": f"{len(request.file[1])}.png"})


def resolved(flow: Any, known: Known | None = None, driver: Driver | None = None) -> dict[str, Any]:
    return (driver or Driver(reply)).drive(resolve(flow, pins_of(type(flow)), known or Known()))


@pytest.mark.parametrize(
    "model", ["dreams", Model(name="dreams"), Model(key="k1"), Model(hash="h1"), Model(name="dreams", base="sd-1")]
)
def test_a_model_is_found_by_key_by_hash_or_by_name(model: Model | str) -> None:
    wire = resolved(SD15TextToImage(model=model))
    assert wire["model"] == {"key": "k1", "hash": "h1", "name": "dreams", "base": "sd-1", "type": "main"}


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (Model(key="k9"), "no model k9"),
        (Model(name="dreams", base="sdxl"), "is a main model of sdxl; wanted: main of sd-1"),
        ("ink", "is a lora model of sd-1; wanted: main of sd-1"),
    ],
)
def test_a_model_that_does_not_fit_is_told_by_its_index(model: Model | str, words: str) -> None:
    with pytest.raises(ValidationError, match=words) as caught:
        resolved(SD15TextToImage(model=model))
    assert [problem.index for problem in caught.value.errors] == [0]


def test_models_are_listed_once_and_anew_when_one_is_missing() -> None:
    known, driver = Known(), Driver(reply)
    for _ in range(3):
        resolved(SD15TextToImage(model="dreams"), known, driver)
    assert driver.asked("GET") == ["/api/v2/models/"]
    with pytest.raises(ValidationError):
        resolved(SD15TextToImage(model="new"), known, driver)
    assert len(driver.asked("GET")) == 2


def test_loras_of_a_collection_are_found_with_their_weights() -> None:
    document = example("sd15_text_to_image.json")
    version = load("6.14.2").nodes["lora_collection_loader"].version
    add_node(document, "l", "lora_collection_loader", version=version, loras=[])
    add_field(document, "l", "loras")
    flow = imported(document).SD15TextToImage(model="dreams", loras=[LoRA("ink", 0.4), LoRA(Model(key="k3"))])
    wire = resolved(flow)["loras"]
    assert [(lora["lora"]["key"], lora["weight"]) for lora in wire] == [("k3", 0.4), ("k3", 0.75)]


@pytest.mark.parametrize(
    ("board", "wire"),
    [("foxes", {"board_id": "b1"}), (Board(id="b9"), {"board_id": "b9"}), ("none", "none"), ("auto", "auto")],
)
def test_a_board_is_found_by_name(board: Board | str, wire: Any) -> None:
    assert resolved(ColourCard(stamp=Image("x.png"), board=board))["board"] == wire


@pytest.mark.parametrize(("name", "words"), [("foxs", "did you mean 'foxes'"), ("twice", "of b2, b3")])
def test_a_board_that_is_not_there_or_not_alone_sends_nothing(name: str, words: str) -> None:
    driver = Driver(reply)
    with pytest.raises(BoardError, match=words):
        resolved(ColourCard(stamp=b"x", board=name), driver=driver)
    assert driver.asked("POST") == []


def test_every_kind_of_image_is_uploaded_with_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "stamp.webp"
    path.write_bytes(b"12345")
    picture = PIL.Image.new("RGB", (3, 2))
    png = BytesIO()
    picture.save(png, "PNG")
    kinds: list[tuple[Any, bytes]] = [
        (path, b"12345"),
        (str(path), b"12345"),
        (b"123", b"123"),
        (BytesIO(b"1234"), b"1234"),
        (picture, png.getvalue()),
    ]
    for value, content in kinds:
        driver = Driver(reply)
        assert resolved(ColourCard(stamp=value), driver=driver)["stamp"] == {"image_name": f"{len(content)}.png"}
        (request,) = (request for request in driver.requests if request.file)
        assert request.file is not None
        name, sent, kind = request.file
        assert sent == content
        assert (name, kind) == (("upload.webp", "image/webp") if "stamp" in str(value) else ("upload.png", "image/png"))
    driver = Driver(reply)
    assert resolved(ColourCard(stamp=Image("there.png")), driver=driver)["stamp"] == {"image_name": "there.png"}
    assert driver.asked("POST") == []


def test_equal_files_are_uploaded_once() -> None:
    document = example("colour_card.json")
    add_node(document, "i", "image", version=load("6.14.2").nodes["image"].version, image={"image_name": "i.png"})
    add_field(document, "i", "image")
    flow = imported(document).ColourCard(stamp=b"same", image=b"same")
    driver = Driver(reply)
    wire = resolved(flow, driver=driver)
    assert wire["stamp"] == wire["image"]
    assert len(driver.asked("POST")) == 1


def test_a_file_that_the_server_does_not_take_is_told_by_its_index() -> None:
    driver = Driver(lambda request: answer({"detail": "Not an image"}, 415) if request.file else reply(request))
    with pytest.raises(ValidationError, match="Not an image") as caught:
        resolved(ColourCard(stamp=b"text"), driver=driver)
    assert [problem.index for problem in caught.value.errors] == [3]


def test_models_of_an_old_workflow_are_completed_in_the_graph() -> None:
    old = {"name": "dreams", "base": "sdxl", "type": "main"}
    node: dict[str, Any] = {"id": "n", "type": "loader", "model": old}
    graph = {"nodes": {"n": node}, "edges": []}
    done = Driver(reply).drive(complete_models(graph, Known()))
    assert done["nodes"]["n"]["model"]["key"] == "k2"
    assert node["model"] is old
    node["model"] = {"name": "gone", "base": "sdxl", "type": "main"}
    with pytest.raises(ValidationError, match="no model gone"):
        Driver(reply).drive(complete_models(graph, Known()))
