"""Batches: one POST, many items, and the results in the order of the values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from invokable import Client
from invokable.runtime.values.settings import AllPrompts, BoardImages, IntegerSequence
from tests.examples import example, feed, imported, node, with_generator, workflow_class
from tests.live.provision import Server


def test_a_generator_makes_a_card_for_each_width(client: Client, stamp: Path) -> None:
    widths = IntegerSequence(type="integer_generator_arithmetic_sequence", start=96, step=-32, count=3)
    flow = workflow_class(imported(with_generator()))(stamp=stamp, height=32, widths=widths)
    result = client.run(flow, timeout=120)
    assert [card.pil().size for card in result.card] == [(96, 32), (64, 32), (32, 32)]
    assert len(result.item_ids) == 3
    assert result.images == result.card


@pytest.mark.usefixtures("models")
def test_dynamic_prompts_make_an_image_for_each(client: Client, server: Server) -> None:
    settings = AllPrompts(type="string_generator_dynamic_prompts_combinatorial", input="a {fox|hare}", maxPrompts=5)
    document = example("sd15_text_to_image.json")
    labels = {n["id"]: n["data"].get("inputs", {}).get("value", {}).get("label") for n in document["nodes"]}
    prompt = next(node_id for node_id, label in labels.items() if label == "Positive Prompt")
    feed(document, "string", settings, prompt, "value", label="Prompts")
    flow_class = workflow_class(imported(document))
    result = client.run(flow_class(model="tiny-sd15", width=64, height=64, steps=1), timeout=300)
    assert len(result.image) == 2
    told = [server.get(f"/api/v1/queue/default/i/{number}")["field_values"] for number in result.item_ids]
    assert [values[0]["value"] for values in told] == ["a fox", "a hare"]


def test_the_images_of_a_board_are_processed_one_by_one(client: Client, server: Server, stamp: Path) -> None:
    board = client.boards.create("stamps of a test")
    image = client.upload(stamp)
    server.post("/api/v1/board_images/", {"board_id": board.id, "image_name": image.name})
    settings = BoardImages(type="image_generator_images_from_board", category="assets", board_id=board.id)
    document: Any = example("colour_card.json")
    # In a file, the editor interprets settings with a board as a board alone, so they are set at run time.
    stored = BoardImages(type="image_generator_images_from_board", category="assets")
    feed(document, "image", stored, node(document, "img_blur")["id"], "image", label="Stamps")
    result = client.run(workflow_class(imported(document))(width=96, height=64, stamps=settings), timeout=120)
    assert [card.pil().size for card in result.card] == [(96, 64)]
