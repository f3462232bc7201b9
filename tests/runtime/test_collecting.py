"""Collecting: from what the nodes gave to the attributes of a result."""

from __future__ import annotations

from typing import Any

import pytest
from generated_examples.colour_card import OUTPUT_MAP, ColourCard

from invokable import WorkflowError
from invokable.contract.batch import BatchTable
from invokable.runtime import Color, Image, Video, WorkflowResult
from invokable.runtime.steps.collect import collect
from invokable.runtime.values.pins import Output, Pins, pins_of

NODE = OUTPUT_MAP[0][1]


def item(results: dict[str, Any], mapping: dict[str, list[str]], number: int = 1, **session: Any) -> dict[str, Any]:
    return {"item_id": number, "session": {"results": results, "source_prepared_mapping": mapping, **session}}


def picture(name: str) -> dict[str, Any]:
    return {"image": {"image_name": name}, "width": 4, "height": 3}


def collected(outputs: list[Output], *items: dict[str, Any]) -> Any:
    pins = Pins((), tuple(outputs), {}, "", {}, BatchTable(), None, {})
    return collect(WorkflowResult, pins, items, "batch", lambda path: path.encode())


def test_the_card_is_one_image_with_its_size_and_node() -> None:
    done = item({"e1": picture("a.png")}, {NODE: ["e1"]}, 7)
    result = collect(ColourCard.Result, pins_of(ColourCard), [done], "batch", lambda path: path.encode())
    assert isinstance(result, ColourCard.Result)
    assert (result.card.name, result.card.width, result.card.height, result.card.node_id) == ("a.png", 4, 3, NODE)
    assert result.card.bytes() == b"/api/v1/images/i/a.png/full"
    assert (result.images, result.videos, result.item_ids, result.batch_id) == ([result.card], [], [7], "batch")


def test_iterations_come_in_their_order_whatever_the_order_of_their_runs() -> None:
    results = {name: picture(f"{name}.png") for name in "cab"}
    done = item(results, {"n": ["c", "a", "b"]}, prepared_iteration_paths={"c": [2], "a": [0], "b": [1]})
    result = collected([Output("tiles", "n", "image", "ImageField", True)], done)
    assert [tile.name for tile in result.tiles] == ["a.png", "b.png", "c.png"]


def test_the_items_of_a_batch_come_in_the_order_of_their_values() -> None:
    items = [item({"e": picture(f"{number}.png")}, {"n": ["e"]}, number) for number in (3, 4, 5)]
    result = collected([Output("cards", "n", "image", "ImageField", True)], *items)
    assert [card.name for card in result.cards] == ["3.png", "4.png", "5.png"]
    assert result.item_ids == [3, 4, 5]


def test_every_kind_of_value_is_collected() -> None:
    results: dict[str, Any] = {
        "v": {"video": {"video_name": "v.mp4"}, "width": 8, "height": 8},
        "c": {"color": {"r": 1, "g": 2, "b": 3, "a": 4}},
        "t": {"value": "text"},
        "l": {"collection": [{"image_name": "1.png"}, {"image_name": "2.png"}]},
    }
    outputs = [
        Output("clip", "v", "video", "VideoField", False),
        Output("tint", "c", "color", "ColorField", False),
        Output("text", "t", "value", "StringField", False),
        Output("pages", "l", "collection", "ImageField[]", False),
    ]
    result = collected(outputs, item(results, {name: [name] for name in results}))
    assert result.clip == Video("v.mp4")
    assert result.tint == Color(r=1, g=2, b=3, a=4)
    assert result.text == "text"
    assert result.pages == [Image("1.png"), Image("2.png")]
    assert result.images == result.pages
    assert result.videos == [result.clip]


def test_a_node_that_did_not_run_is_named() -> None:
    with pytest.raises(WorkflowError, match="node 'n' gave no 'image'"):
        collected([Output("card", "n", "image", "ImageField", False)], item({}, {}))
    assert collected([Output("cards", "n", "image", "ImageField", True)], item({}, {})).cards == []
