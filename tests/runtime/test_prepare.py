"""Prepare: models, boards and files are found, and all problems are reported, before anything is sent."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path
from typing import Any

import PIL.Image
import pytest
from generated_examples.colour_card import ColourCard
from generated_examples.sd15_text_to_image import SD15TextToImage

from invokable import Board, ConnectionError, Image, LoRA, Model, Problem, ValidationError  # noqa: A004
from invokable.contract.models import ModelFilter
from invokable.runtime.client.reading import read_file
from invokable.runtime.steps.exchange.answers import ListedModel
from invokable.runtime.steps.exchange.protocol import ReadFile, Request, Response
from invokable.runtime.steps.resources.model_manager import find_model_record
from invokable.runtime.steps.resources.models import complete_models, find_model, matching
from invokable.runtime.steps.resources.server_cache import ServerCache
from invokable.runtime.steps.runs.prepare import Prepared, prepare
from invokable.runtime.values.pins import pins_of
from invokable.schema import load
from tests.examples import add_field, add_node, example, imported, node, with_generator, workflow_class
from tests.runtime.driving import Driver, answer, page

MODELS = [
    {"key": "k1", "hash": "h1", "name": "dreams", "base": "sd-1", "type": "main", "variant": "normal"},
    {"key": "k2", "hash": "h2", "name": "dreams", "base": "sdxl", "type": "main", "variant": "normal"},
    {"key": "k3", "hash": "h3", "name": "ink", "base": "sd-1", "type": "lora"},
    {"key": "k4", "hash": "h4", "name": "face", "base": "sd-1", "type": "ip_adapter"},
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
    if request.path == "/api/v1/app/version":
        return answer({"version": "6.14.2"})
    if request.file is None:
        return page()
    return answer({"image_name": f"{len(request.file.content)}.png", "width": 3, "height": 2}, 201)


def prepared(flow: Any, cache: ServerCache | None = None, driver: Driver | None = None) -> Prepared:
    return (driver or Driver(reply)).drive(prepare(flow, cache or ServerCache()))


def sent(flow: Any, attribute: str, driver: Driver | None = None, cache: ServerCache | None = None) -> Any:
    """The value of an attribute in the graph; "absent" if there is none."""
    (pin,) = (pin for pin in pins_of(type(flow)).inputs if pin.attribute == attribute)
    return prepared(flow, cache, driver).batch["graph"]["nodes"][pin.node_id].get(pin.field, "absent")


@pytest.mark.parametrize(
    "model", ["dreams", Model(name="dreams"), Model(key="k1"), Model(hash="h1"), Model(name="dreams", base="sd-1")]
)
def test_a_model_is_found_by_key_by_hash_or_by_name(model: Model | str) -> None:
    assert sent(SD15TextToImage(model=model), "model") == {
        "key": "k1",
        "hash": "h1",
        "name": "dreams",
        "base": "sd-1",
        "type": "main",
    }


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (Model(key="k9"), "no model k9"),
        (Model(name="dreams", base="sdxl"), "is a main model of sdxl; expected: main model of sd-1"),
        ("ink", "is a LoRA model of sd-1; expected: main model of sd-1"),
        ("face", "is an IP adapter model of sd-1; expected: main model of sd-1"),
    ],
)
def test_an_unsuitable_model_is_reported_by_index(model: Model | str, words: str) -> None:
    with pytest.raises(ValidationError, match=words) as caught:
        prepared(SD15TextToImage(model=model))
    assert [problem.index for problem in caught.value.errors] == [0]


def test_of_copies_of_a_model_the_first_is_used() -> None:
    copies = [ListedModel.model_validate({**MODELS[0], "key": key}) for key in ("k8", "k9")]
    assert matching(Model(hash="h1"), copies) == copies[:1]


def test_models_are_listed_once_and_again_if_one_is_missing() -> None:
    cache, driver = ServerCache(), Driver(reply)
    for _ in range(3):
        prepared(SD15TextToImage(model="dreams"), cache, driver)
    assert driver.asked("GET") == ["/api/v2/models/"]
    with pytest.raises(ValidationError):
        prepared(SD15TextToImage(model="new"), cache, driver)
    assert len(driver.asked("GET")) == 2


def test_a_list_of_models_counts_once_it_has_arrived() -> None:
    cache = ServerCache(models=[])
    began = cache.uploads.clock()
    listing = find_model_record("dreams", cache)
    next(listing)  # asks for the models
    found = Driver(reply).drive(find_model("dreams", ModelFilter(base=("sd-1",)), cache, since=began))
    assert found["key"] == "k1"


def test_loras_of_a_collection_are_found_with_their_weights() -> None:
    document = example("sd15_text_to_image.json")
    version = load("6.14.2").nodes["lora_collection_loader"].version
    add_node(document, "l", "lora_collection_loader", version=version, loras=[])
    add_field(document, "l", "loras")
    flow = imported(document).SD15TextToImage(model="dreams", loras=[LoRA("ink", 0.4), LoRA(Model(key="k3"))])
    wire = sent(flow, "loras")
    assert [(lora["lora"]["key"], lora["weight"]) for lora in wire] == [("k3", 0.4), ("k3", 0.75)]


@pytest.mark.parametrize(
    ("board", "wire"),
    [("foxes", {"board_id": "b1"}), (Board(id="b3"), {"board_id": "b3"}), ("none", "absent"), ("auto", "absent")],
)
def test_a_board_is_found_by_name_or_by_id(board: Board | str, wire: Any) -> None:
    assert sent(ColourCard(stamp=Image("x.png"), board=board), "board") == wire


@pytest.mark.parametrize(
    ("board", "words"),
    [("foxs", "did you mean 'foxes'"), ("twice", ": b2, b3"), (Board(id="b9"), "no board with the id 'b9'")],
)
def test_with_a_missing_or_ambiguous_board_nothing_is_sent(board: Board | str, words: str) -> None:
    driver = Driver(reply)
    with pytest.raises(ValidationError, match=words) as caught:
        prepared(ColourCard(stamp=b"x", board=board), driver=driver)
    assert [problem.index for problem in caught.value.errors] == [8]
    assert driver.asked("POST") == []


def test_all_problems_are_reported_together(tmp_path: Path) -> None:
    document = with_generator()
    node(document, "save_image")["inputs"]["board"]["label"] = "Album"
    flow = workflow_class(imported(document))(stamp=tmp_path / "missing.png", album="nowhere")
    flow.widths = {"type": "integer_generator_parse_string", "input": "x", "splitOn": ","}
    driver = Driver(reply)
    with pytest.raises(ValidationError) as caught:
        prepared(flow, driver=driver)
    assert str(caught.value).splitlines() == [
        f"index 3, stamp (Stamp): cannot read '{tmp_path / 'missing.png'}': No such file or directory",
        "index 8, album (Album): the server has no board 'nowhere'",
        "index 9, widths (Widths): the batch has no values",
    ]
    assert driver.asked("POST") == []


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
def test_settings_that_json_cannot_represent_are_refused_on_assignment(number: float) -> None:
    flow = workflow_class(imported(with_generator()))(stamp=Image("x.png"))
    settings = {"type": "float_generator_random_distribution_uniform", "min": 0, "max": number, "count": 2}
    with pytest.raises(ValidationError, match=r"index 9.*contains a number that is not finite"):
        flow.widths = settings


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
        (bytearray(b"123"), b"123"),
        (memoryview(b"0123")[1:], b"123"),
        (BytesIO(b"1234"), b"1234"),
        (picture, png.getvalue()),
    ]
    for value, content in kinds:
        driver = Driver(reply)
        assert sent(ColourCard(stamp=value), "stamp", driver) == {"image_name": f"{len(content)}.png"}
        (request,) = (request for request in driver.requests if request.file)
        assert request.file
        assert request.file.content == content
        webp = "stamp" in str(value)
        assert (request.file.suffix, request.file.content_type) == (
            (".webp", "image/webp") if webp else (".png", "image/png")
        )
        assert request.params == {"image_category": "user", "is_intermediate": "true"}
    driver = Driver(reply)
    assert sent(ColourCard(stamp=Image("there.png")), "stamp", driver) == {"image_name": "there.png"}
    assert driver.asked("POST") == []


def test_a_pipe_can_be_used_although_it_has_no_position() -> None:
    receiving, sending = os.pipe()
    os.write(sending, b"an image")
    os.close(sending)
    with open(receiving, "rb") as pipe:
        assert read_file(ReadFile(pipe, "image")).content == b"an image"


def test_a_file_object_can_be_used_again() -> None:
    file = BytesIO(b"--12345")
    file.seek(2)
    flow = ColourCard(stamp=file)
    for _ in range(2):
        assert sent(flow, "stamp") == {"image_name": "5.png"}


@pytest.mark.parametrize("empty", [b"", BytesIO()], ids=["bytes", "file"])
def test_an_empty_file_is_refused(empty: Any) -> None:
    with pytest.raises(ValidationError, match=r"index 3.*the image is empty"):
        prepared(ColourCard(stamp=empty))


@pytest.mark.parametrize("fate", [ConnectionError("broken", sent=True), answer({}, 503)])
def test_an_upload_is_retried(fate: Response | Exception) -> None:
    fates: list[Response | Exception] = [fate, fate]
    driver = Driver(lambda request: fates.pop() if request.file and fates else reply(request))
    assert sent(ColourCard(stamp=b"123"), "stamp", driver) == {"image_name": "3.png"}
    assert len(driver.asked("POST")) == 3


def test_values_are_validated_again_before_a_run() -> None:
    document = example("colour_card.json")
    add_node(document, "n", "integer_collection", version="1.0.2", collection=[1, 2])
    add_field(document, "n", "collection")
    flow = imported(document).ColourCard(stamp=Image("x.png"))
    flow.collection.append("three")
    with pytest.raises(ValidationError, match="'three'"):
        prepared(flow)


def test_a_model_that_an_old_workflow_knows_by_name_only_is_found_before_it_is_sent() -> None:
    module: Any = imported(example("sd15_text_to_image.json"))
    old = '"type": "old_loader", "id": "old", "model": {"name": "dreams", "base": "sdxl", "type": "main"}'
    module._GRAPH = module._GRAPH.replace('"nodes": {', '"nodes": {"old": {' + old + "}, ", 1)
    sent = prepared(module.SD15TextToImage(model="dreams")).batch["graph"]["nodes"]["old"]["model"]
    assert (sent["key"], sent["hash"]) == ("k2", "h2")


def test_the_submission_has_the_uploads_and_the_number_of_items() -> None:
    flow = workflow_class(imported(with_generator()))(stamp=b"123")
    submission = prepared(flow).submission
    assert (submission.uploads, submission.requested, submission.item_ids) == (("3.png",), 4, ())
    assert submission.workflow.endswith(":Counted")


def test_equal_files_are_uploaded_once() -> None:
    document = example("colour_card.json")
    add_node(document, "i", "image", version=load("6.14.2").nodes["image"].version, image={"image_name": "i.png"})
    add_field(document, "i", "image")
    flow = imported(document).ColourCard(stamp=b"same", image=b"same")
    driver = Driver(reply)
    nodes = prepared(flow, driver=driver).batch["graph"]["nodes"]
    assert nodes["i"]["image"] == {"image_name": "4.png"}
    assert sum(n.get("image") == {"image_name": "4.png"} for n in nodes.values()) == 2
    assert len(driver.asked("POST")) == 1


def test_a_run_that_ends_before_it_is_sent_uses_none_of_its_files() -> None:
    document = example("colour_card.json")
    add_node(document, "i", "image", version=load("6.14.2").nodes["image"].version, image={"image_name": "i.png"})
    add_field(document, "i", "image")
    flow = imported(document).ColourCard(stamp=b"1234", image=b"12345")

    def refuse(request: Request) -> Response:
        is_refused = request.file is not None and request.file.content == b"12345"
        return answer({"detail": "Not an image"}, 415) if is_refused else reply(request)

    cache = ServerCache()
    with pytest.raises(ValidationError, match="Not an image"):
        prepared(flow, cache, Driver(refuse))
    assert cache.uploads.forget(["4.png"], "another run") == ("4.png",)


def test_a_file_that_the_server_refuses_is_reported_by_index() -> None:
    driver = Driver(lambda request: answer({"detail": "Not an image"}, 415) if request.file else reply(request))
    with pytest.raises(ValidationError, match="Not an image") as caught:
        prepared(ColourCard(stamp=b"text"), driver=driver)
    assert [problem.index for problem in caught.value.errors] == [3]


def test_models_of_an_old_workflow_are_completed_in_the_graph() -> None:
    old = {"name": "dreams", "base": "sdxl", "type": "main"}
    loader: dict[str, Any] = {"id": "n", "type": "loader", "model": old}
    graph = {"nodes": {"n": loader}, "edges": []}
    problems: list[Problem] = []
    done = Driver(reply).drive(complete_models(graph, ServerCache(), problems))
    assert done["nodes"]["n"]["model"]["key"] == "k2"
    assert loader["model"] is old
    assert not problems
    loader["model"] = {"name": "gone", "base": "sdxl", "type": "main"}
    Driver(reply).drive(complete_models(graph, ServerCache(), problems))
    assert [str(problem) for problem in problems] == [
        "node 'n', field 'model': the server has no model gone of type main and base sdxl"
        " (the server has dreams, face, ink)"
    ]


def test_a_file_that_the_server_refuses_is_named(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(b"no picture")

    def refusing(request: Request) -> Response | Exception:
        return answer({"detail": "Not an image"}, 415) if request.path.endswith("/upload") else reply(request)

    for stamp, named in ((path, repr(str(path))), (str(path), repr(str(path))), (b"no picture", "the file")):
        with pytest.raises(ValidationError) as caught:
            prepared(ColourCard(stamp=stamp), driver=Driver(refusing))
        assert str(caught.value) == f"index 3, stamp (Stamp): the server refused {named}: Not an image"
