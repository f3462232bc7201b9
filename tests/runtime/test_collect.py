"""Collect: from the results of nodes to the attributes of a result."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from generated_examples.colour_card import OUTPUT_MAP, ColourCard

from invokable import Color, Image, NotInvokeAIError, Submission, Video, WorkflowError, WorkflowResult
from invokable.contract.batch import BatchTable
from invokable.contract.fields import FieldType
from invokable.runtime.steps.exchange.answers import RunItem
from invokable.runtime.steps.runs.collect import ResultSpec, collect
from invokable.runtime.steps.runs.run_state import RunState
from invokable.runtime.steps.runs.tracker import EventTracker
from invokable.runtime.steps.runs.wait_state import WaitState
from invokable.runtime.values.pins import OutputPin, Pins, pins_of

NODE = OUTPUT_MAP[0][1]


def item(results: dict[str, Any], mapping: dict[str, list[str]], number: int = 1, **session: Any) -> RunItem:
    document = {"results": results, "source_prepared_mapping": mapping, **session}
    return RunItem.model_validate({"item_id": number, "batch_id": "b", "status": "completed", "session": document})


def output(attribute: str, node_id: str, field: str, kind: str, many: bool) -> OutputPin:
    return OutputPin(attribute, node_id, field, FieldType.parse(kind), many)


def picture(name: str) -> dict[str, Any]:
    return {"image": {"image_name": name}, "width": 4, "height": 3}


def ended(*items: RunItem) -> WaitState:
    ids = tuple(item.item_id for item in items)
    state = RunState(Submission("m:C", "batch", "d", len(items), ids))
    return WaitState(state, EventTracker(pins_of(ColourCard), None), ended={item.item_id: item for item in items})


def collected(outputs: list[OutputPin], *items: RunItem) -> Any:
    pins = Pins((), tuple(outputs), {}, "", {}, BatchTable(), None, {})
    return collect(ResultSpec(WorkflowResult, pins), ended(*items))


def test_the_card_is_one_image_with_its_size_and_node() -> None:
    done = item({"e1": picture("a.png")}, {NODE: ["e1"]}, 7)
    result = collect(ResultSpec(ColourCard.Result, pins_of(ColourCard)), ended(done))
    assert isinstance(result, ColourCard.Result)
    assert (result.card.name, result.card.width, result.card.height, result.card.node_id) == ("a.png", 4, 3, NODE)
    assert (result.images, result.videos, result.item_ids, result.batch_id) == ([result.card], [], [7], "batch")


@pytest.mark.parametrize(("many", "value"), [(False, None), (True, [None])])
def test_a_null_which_the_server_leaves_out_is_none(many: bool, value: object) -> None:
    done = item({"e": {"type": "text_output"}}, {"n": ["e"]})
    pin = replace(output("text", "n", "value", "StringField", many), nullable=True)
    assert collected([pin], done).text == value


def test_a_value_that_is_missing_although_it_cannot_be_null_is_reported() -> None:
    with pytest.raises(WorkflowError, match="'n' gave no 'value' although it ran; generate the module again"):
        collected([output("text", "n", "value", "StringField", False)], item({"e": {}}, {"n": ["e"]}))


def test_iterations_keep_their_order_whatever_the_order_of_execution() -> None:
    results = {name: picture(f"{name}.png") for name in "cab"}
    done = item(results, {"n": ["c", "a", "b"]}, prepared_iteration_paths={"c": [2], "a": [0], "b": [1]})
    result = collected([output("tiles", "n", "image", "ImageField", True)], done)
    assert [tile.name for tile in result.tiles] == ["a.png", "b.png", "c.png"]


def test_the_items_of_a_batch_are_in_the_order_of_their_values() -> None:
    items = [item({"e": picture(f"{number}.png")}, {"n": ["e"]}, number) for number in (3, 4, 5)]
    result = collected([output("cards", "n", "image", "ImageField", True)], *items)
    assert [card.name for card in result.cards] == ["3.png", "4.png", "5.png"]
    assert result.item_ids == [3, 4, 5]


@pytest.mark.parametrize("many", [False, True])
def test_an_item_of_another_workflow_is_not_taken_for_one_without_outputs(many: bool) -> None:
    pin = output("cards", "n", "image", "ImageField", many)
    graph = {"nodes": {"other": {"type": "save_image"}}}
    done = item({"e": picture("a.png")}, {"other": ["e"]}, graph=graph)
    with pytest.raises(WorkflowError, match="item 1 ran another workflow, without a node 'n'; attach with the class"):
        collected([pin], done)


def test_every_kind_of_value_is_collected() -> None:
    results: dict[str, Any] = {
        "v": {"video": {"video_name": "v.mp4"}, "width": 8, "height": 8},
        "c": {"color": {"r": 1, "g": 2, "b": 3, "a": 4}},
        "t": {"value": "text"},
        "l": {"collection": [{"image_name": "1.png"}, {"image_name": "2.png"}]},
    }
    outputs = [
        output("clip", "v", "video", "VideoField", False),
        output("tint", "c", "color", "ColorField", False),
        output("text", "t", "value", "StringField", False),
        output("pages", "l", "collection", "ImageField[]", False),
    ]
    result = collected(outputs, item(results, {name: [name] for name in results}))
    assert result.clip == Video("v.mp4")
    assert result.tint == Color(r=1, g=2, b=3, a=4)
    assert result.text == "text"
    assert result.pages == [Image("1.png"), Image("2.png")]
    assert result.images == result.pages
    assert result.videos == [result.clip]


def test_a_node_that_did_not_run_is_named() -> None:
    other = item({"e": {"value": 1}}, {"m": ["e"]})
    with pytest.raises(WorkflowError, match="node 'n' gave no 'image' because it did not run"):
        collected([output("card", "n", "image", "ImageField", False)], other)
    assert collected([output("cards", "n", "image", "ImageField", True)], other).cards == []


@pytest.mark.parametrize("many", [False, True])
def test_of_the_times_that_a_node_was_to_run_those_count_that_it_did(many: bool) -> None:
    done = item({"e1": picture("a.png")}, {"n": ["e1", "e2"]})
    result = collected([output("card", "n", "image", "ImageField", many)], done)
    assert result.images == [Image("a.png")]


def test_a_completed_item_without_any_result_is_not_a_result() -> None:
    whole, empty = item({"e": picture("a.png")}, {"n": ["e"]}, 1), item({}, {}, 2)
    with pytest.raises(NotInvokeAIError, match="item 2: completed, but without the result of any node"):
        collected([output("cards", "n", "image", "ImageField", True)], whole, empty)


@pytest.mark.parametrize("raw", [7, "a.png", {"name": "a.png"}, {"image_name": 7}, [{}]])
def test_a_value_of_another_shape_is_refused(raw: object) -> None:
    with pytest.raises(NotInvokeAIError, match="item 1, node n"):
        collected([output("card", "n", "image", "ImageField", False)], item({"e": {"image": raw}}, {"n": ["e"]}))


def test_a_choice_that_is_new_on_the_server_is_returned_as_it_is() -> None:
    done = item({"e": {"scheduler": "newest"}}, {"n": ["e"]})
    assert collected([output("scheduler", "n", "scheduler", "SchedulerField", False)], done).scheduler == "newest"


@pytest.mark.parametrize("channel", [-1, 256, 0.5, None])
def test_a_color_with_a_channel_out_of_range_is_refused(channel: object) -> None:
    raw = {"r": 0, "g": 255, "b": channel, "a": 255}
    with pytest.raises(NotInvokeAIError, match="item 1, node n"):
        collected([output("tint", "n", "color", "ColorField", False)], item({"e": {"color": raw}}, {"n": ["e"]}))
