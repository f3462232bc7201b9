"""The generated examples, checked down to the pixels."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from generated_examples.colour_card import ColourCard
from generated_examples.sd15_text_to_image import SD15TextToImage
from PIL import Image

from invokable import (
    APIError,
    Client,
    Color,
    ConnectionError,  # noqa: A004
    NotInvokeAIError,
    Policy,
    RunCanceled,
    RunFailed,
    StaleWorkflowError,
    Submission,
    ValidationError,
)
from invokable.runtime.steps.resources.run_items import QUEUE
from tests.contract.interrupts import interrupted
from tests.contract.pixels import pixel
from tests.examples import add_edge, example, imported, node, with_generator, workflow_class
from tests.live.provision import Server, free_port

CARD = (12, 140, 77)
STAMP = (250, 200, 10)


def card(stamp: Any, **values: Any) -> ColourCard:
    colour = Color(r=CARD[0], g=CARD[1], b=CARD[2], a=255)
    place: dict[str, Any] = {"left": 20, "top": 10, "radius": 0}
    return ColourCard(**{"width": 96, "height": 64, "card_colour": colour, "stamp": stamp} | place | values)


def picture(client: Client, workflow: ColourCard | SD15TextToImage, folder: Path) -> Image.Image:
    image = client.run(workflow).card if isinstance(workflow, ColourCard) else client.run(workflow).image
    return Image.open(image.save(folder))


def near(found: tuple[int, ...], expected: tuple[int, ...], *, runs: int = 1) -> bool:
    # The blur node computes in floats and truncates, so some values are one less.
    return all(abs(a - b) <= runs for a, b in zip(found, expected, strict=True))


# ----------------------------------------------------------------- Colour Card


def test_the_card_has_the_requested_size_and_colour(client: Client, stamp: Path, tmp_path: Path) -> None:
    image = picture(client, card(stamp), tmp_path / "out")
    assert image.size == (96, 64)
    corners = [(0, 0), (95, 0), (0, 63), (95, 63)]
    assert [pixel(image, at) for at in corners] == [CARD] * 4


def test_the_stamp_lies_where_it_was_placed(client: Client, stamp: Path, tmp_path: Path) -> None:
    image = picture(client, card(stamp), tmp_path / "out")
    inside = [(20, 10), (59, 10), (40, 25), (20, 39), (59, 39)]
    outside = [(19, 10), (20, 9), (60, 39), (59, 40)]
    assert all(near(pixel(image, at), STAMP) for at in inside)
    assert [pixel(image, at) for at in outside] == [CARD] * 4


def test_a_stamp_that_extends_beyond_the_card_is_cropped(client: Client, stamp: Path, tmp_path: Path) -> None:
    image = picture(client, card(stamp, left=80, top=50), tmp_path / "out")
    assert image.size == (96, 64)
    assert near(pixel(image, (95, 63)), STAMP)


@pytest.mark.parametrize("blur_type", ["gaussian", "box"])
def test_the_radius_blurs_only_the_stamp(client: Client, tmp_path: Path, blur_type: str) -> None:
    stripes = Image.new("RGB", (40, 30), (0, 0, 0))
    stripes.paste((255, 255, 255), (0, 0, 20, 30))
    image = picture(client, card(stripes, radius=4.0, blur_type=blur_type), tmp_path / "out")
    assert 40 < pixel(image, (39, 25))[0] < 215  # white before
    assert pixel(image, (19, 25)) == CARD


@pytest.mark.parametrize("kind", ["path", "text", "bytes", "pil"])
def test_an_image_can_be_given_as(kind: str, client: Client, stamp: Path, tmp_path: Path) -> None:
    given = {
        "path": stamp,
        "text": str(stamp),
        "bytes": stamp.read_bytes(),
        "pil": Image.open(stamp),
    }[kind]
    image = picture(client, card(given), tmp_path / "out")
    assert near(pixel(image, (40, 25)), STAMP)


def test_a_result_can_be_the_input_of_the_next_run(client: Client, stamp: Path, tmp_path: Path) -> None:
    first = client.run(card(stamp)).card
    image = picture(client, card(first, left=0, top=0, width=120, height=70), tmp_path / "out")
    assert image.size == (120, 70)
    assert near(pixel(image, (40, 25)), STAMP, runs=2)
    assert pixel(image, (119, 69)) == CARD


def test_the_result_is_put_on_the_board(client: Client, server: Server, stamp: Path) -> None:
    name = f"cards {uuid.uuid4()}"
    board = server.post(f"/api/v1/boards/?board_name={quote(name)}", {})["board_id"]
    found = client.run(card(stamp, board=name)).card
    assert server.get(f"/api/v1/boards/{board}/image_names") == [found.name]


def test_the_saved_image_contains_the_workflow_with_its_values(client: Client, stamp: Path, tmp_path: Path) -> None:
    image = picture(client, card(stamp, width=88), tmp_path / "out")
    assert '"Colour Card"' in image.info["invokeai_workflow"]
    assert '"value":88' in image.info["invokeai_workflow"].replace(" ", "")


# --------------------------------------------------------- SD1.5 Text to Image


def text_to_image(**values: Any) -> SD15TextToImage:
    defaults: dict[str, Any] = {"model": "tiny-sd15", "width": 64, "height": 64, "steps": 2}
    return SD15TextToImage(**(defaults | values))


@pytest.mark.usefixtures("models")
def test_an_image_from_a_prompt_has_the_requested_size(client: Client, tmp_path: Path) -> None:
    image = picture(client, text_to_image(width=72, positive_prompt="a fox"), tmp_path / "out")
    assert image.size == (72, 64)


@pytest.mark.usefixtures("models")
def test_the_seed_determines_the_image(client: Client, tmp_path: Path) -> None:
    one, again, other = (
        picture(client, text_to_image(seed=seed), tmp_path / str(number)).tobytes()
        for number, seed in enumerate([5, 5, 6])
    )
    assert one == again
    assert one != other


@pytest.mark.usefixtures("models")
@pytest.mark.parametrize("scheduler", ["ddim", "euler_a"])
def test_a_scheduler_can_be_chosen(client: Client, tmp_path: Path, scheduler: str) -> None:
    chosen = picture(client, text_to_image(scheduler=scheduler), tmp_path / "a").tobytes()
    default = picture(client, text_to_image(), tmp_path / "b").tobytes()
    assert chosen != default


def test_tiny_models_have_their_base_and_type(
    models: dict[str, dict[str, str]],
) -> None:
    found = {(model["name"], model["base"], model["type"]) for model in models.values()}
    assert found >= {
        ("tiny-sd15", "sd-1", "main"),
        ("tiny-sdxl", "sdxl", "main"),
        ("tiny-sd15-vae", "sd-1", "vae"),
        ("tiny-sdxl-vae", "sdxl", "vae"),
        ("tiny-sd15-lora", "sd-1", "lora"),
        ("tiny-sdxl-lora", "sdxl", "lora"),
        ("tiny-sd15-controlnet-canny", "sd-1", "controlnet"),
        ("tiny-sd15-t2i-adapter", "sd-1", "t2i_adapter"),
        ("tinyembed", "sd-1", "embedding"),
        ("tiny-esrgan-x2", "any", "spandrel_image_to_image"),
    }


# ------------------------------------------------------------------------ errors


def queue_total(server: Server) -> int:
    return int(server.get("/api/v1/queue/default/status")["queue"]["total"])


def test_a_value_outside_its_limits_is_refused_before_anything_is_sent(client: Client, server: Server) -> None:
    before = queue_total(server)
    with pytest.raises(ValidationError) as caught:
        client.run(text_to_image(width=63, steps=0))
    assert [problem.attribute for problem in caught.value.errors] == ["width", "steps"]
    assert queue_total(server) == before


def test_a_failing_node_is_named_with_the_servers_message(client: Client, stamp: Path) -> None:
    # The node's schema has no limit here, but the image library does.
    with pytest.raises(RunFailed) as caught:
        client.run(card(stamp, left=2**40))
    assert caught.value.node_type == "img_paste"
    assert caught.value.error_type == "OverflowError"
    assert "greater than maximum" in caught.value.error_message
    assert "Traceback" in caught.value.traceback
    assert caught.value.item_id > 0


def test_one_failing_item_of_a_batch_keeps_the_results_of_the_others(client: Client, stamp: Path) -> None:
    document = with_generator()
    document["edges"] = [edge for edge in document["edges"] if edge["source"] != "b"]
    add_edge(document, "b", "value", node(document, "img_paste")["id"], "x")
    flow_class = workflow_class(imported(document))
    widths = {"type": "integer_generator_arithmetic_sequence", "start": 0, "step": 2**40, "count": 2}
    with pytest.raises(RunFailed, match="1 of 2 items failed") as caught:
        client.run(flow_class(stamp=stamp, widths=widths))
    assert (caught.value.failed, caught.value.total) == (1, 2)
    (card,) = caught.value.partial.card  # type: ignore[union-attr]
    assert card.pil().size == (320, 200)


def test_another_client_can_attach_to_a_run(server: Server, client: Client, stamp: Path) -> None:
    stored = json.dumps(client.submit(card(stamp)).submission.to_json())
    with Client(server.url) as other:
        result = other.attach(ColourCard, Submission.from_json(json.loads(stored))).result(timeout=60)
        assert result.card.pil().size == (96, 64)


def test_an_interrupted_run_is_canceled(server: Server, client: Client, stamp: Path) -> None:
    server.put(f"{QUEUE}/processor/pause")
    try:
        with pytest.raises(KeyboardInterrupt):
            interrupted(lambda: client.run(card(stamp)), after=1.0)
        newest = server.get(f"{QUEUE}/item_ids?order_dir=DESC")["item_ids"][0]
        assert server.get(f"{QUEUE}/i/{newest}")["status"] == "canceled"
    finally:
        server.put(f"{QUEUE}/processor/resume")


def test_a_removed_queue_item_is_reported(server: Server, client: Client, stamp: Path) -> None:
    server.put(f"{QUEUE}/processor/pause")
    try:
        job = client.submit(card(stamp))
        server.put(f"{QUEUE}/clear")
        with pytest.raises(RunCanceled, match="no longer in the server's queue"):
            job.result(timeout=30)
    finally:
        server.put(f"{QUEUE}/processor/resume")


def test_nodes_of_a_module_that_the_server_lacks_are_named(client: Client, stamp: Path) -> None:
    document = example("colour_card.json")
    module: Any = imported(document)
    module._GRAPH = module._GRAPH.replace('"img_blur"', '"img_blurred"')
    module.NODES = {"img_blurred": "1.0.0"}
    with pytest.raises(StaleWorkflowError, match="img_blurred: the server lacks this node") as caught:
        client.run(module.ColourCard(stamp=stamp))
    assert caught.value.submission


def test_a_refused_request_has_the_servers_status_and_message(client: Client) -> None:
    with pytest.raises(APIError) as caught:
        client.boards.create("x" * 301)
    assert caught.value.status == 422
    assert "300 characters" in caught.value.detail


def test_an_unreachable_server_is_a_connection_error(stamp: Path) -> None:
    with (
        Client(f"http://127.0.0.1:{free_port()}", policy=Policy(retries=1)) as client,
        pytest.raises(ConnectionError),
    ):
        client.run(card(stamp))


def test_an_address_below_the_servers_root_is_refused(server: Server, stamp: Path) -> None:
    with (
        Client(f"{server.url}/gallery", policy=Policy(retries=1)) as client,
        pytest.raises(NotInvokeAIError),
    ):
        client.run(card(stamp))
