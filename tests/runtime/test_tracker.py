"""Tracker: what events say about an item, and when that is complete."""

from __future__ import annotations

import base64
import math
from typing import Any

import pytest
from generated_examples.colour_card import ColourCard

from invokable import NodeFinished, Progress
from invokable.runtime.steps.exchange.protocol import ServerEvent
from invokable.runtime.steps.exchange.server_events import EVENT_NAMES, parse_event
from invokable.runtime.steps.runs.tracker import EventTracker, preview
from invokable.runtime.values.pins import pins_of
from tests.examples import add_edge, add_node, example, imported, node, workflow_class

PINS = pins_of(ColourCard)
NODES = list(PINS.graph["nodes"])


def complete(node_id: str, executed: str = "", item_id: int = 1) -> ServerEvent:
    result = {"image": {"image_name": f"{node_id}.png"}, "width": 4, "height": 3, "output_meta": None}
    content = {"id": executed or f"x-{node_id}", "type": "t", "invocation_source_id": node_id, "result": result}
    return ServerEvent("invocation_complete", item_id, content)


def ended(status: str = "completed", item_id: int = 1) -> ServerEvent:
    return ServerEvent("queue_item_status_changed", item_id, {"status": status})


def tracked(*events: ServerEvent, pins: Any = PINS) -> EventTracker:
    tracker = EventTracker(pins, None, item_ids=frozenset({1}))
    tracker.process(events)
    return tracker


def test_an_item_is_complete_after_the_events_of_its_nodes_and_its_end_in_any_order() -> None:
    events = [complete(node_id) for node_id in NODES]
    for several in ([*events, ended()], [ended(), *events], [*events, *events, ended(), ended()]):
        item = tracked(*several).completed_item(1)
        assert item is not None
        assert item.session.source_prepared_mapping == {node_id: [f"x-{node_id}"] for node_id in NODES}
        assert item.session.results[f"x-{NODES[0]}"]["image"] == {"image_name": f"{NODES[0]}.png"}
        assert "output_meta" not in item.session.results[f"x-{NODES[0]}"]


def test_late_events_of_a_finished_node_are_not_reported() -> None:
    started = ServerEvent("invocation_started", 1, complete(NODES[0]).content)
    progress = ServerEvent("invocation_progress", 1, {**complete(NODES[0]).content, "percentage": 0.5})
    tracker = EventTracker(PINS, None, item_ids=frozenset({1}))
    late = ServerEvent("invocation_progress", 1, {**progress.content, "percentage": 0.9})
    reported = [type(event).__name__ for event in tracker.process([progress, complete(NODES[0]), late, started])]
    assert reported == ["Started", "NodeStarted", "Progress", "NodeFinished"]


def test_progress_that_the_server_sends_twice_is_reported_once() -> None:
    half, done = (
        ServerEvent("invocation_progress", 1, {**complete(NODES[0]).content, "percentage": part}) for part in (0.5, 1.0)
    )
    tracker = EventTracker(PINS, None, item_ids=frozenset({1}))
    reported = tracker.process([half, half, done, done])
    assert [event.fraction for event in reported if isinstance(event, Progress)] == [0.5, 1.0]


@pytest.mark.parametrize("name", sorted(EVENT_NAMES))
@pytest.mark.parametrize("value", [None, 7, "x", True, [], [[]], [None], {}, {"a": []}, 1.5])
def test_an_event_of_another_shape_is_ignored(name: str, value: Any) -> None:
    members = ("status", "invocation_source_id", "result", "message", "percentage", "image", "invocation", "item_id")
    lists = ("canceled_item_ids", "retried_item_ids")
    for payload in (value, *({"item_id": 1, member: value} for member in (*members, *lists))):
        event = parse_event(name, payload)
        if event is not None:
            tracker = EventTracker(PINS, None, item_ids=frozenset({1}), retried_ids=frozenset({1}))
            tracker.process([event])
            assert not tracker.ended


def test_a_second_retry_of_an_item_shows_unknown_items() -> None:
    tracker = EventTracker(PINS, None, item_ids=frozenset({3}), retried_ids=frozenset({1}))
    retried, other = (ServerEvent("queue_items_retried", 0, {"retried_item_ids": [item_id]}) for item_id in (1, 2))
    tracker.process([retried, other])
    assert not tracker.has_unknown_items
    tracker.process([retried])
    assert tracker.has_unknown_items


@pytest.mark.parametrize("missing", range(len(NODES)))
def test_an_item_with_a_node_without_events_is_not_complete(missing: int) -> None:
    events = [complete(node_id) for number, node_id in enumerate(NODES) if number != missing]
    assert tracked(*events, ended()).completed_item(1) is None


@pytest.mark.parametrize("status", ["failed", "canceled", "in_progress"])
def test_an_item_that_was_not_completed_is_requested(status: str) -> None:
    tracker = tracked(*map(complete, NODES), ended(status))
    assert tracker.completed_item(1) is None
    assert (1 in tracker.ended) == (status != "in_progress")


def test_an_item_with_a_node_that_ran_twice_is_requested() -> None:
    assert tracked(*map(complete, NODES), complete(NODES[0], "again"), ended()).completed_item(1) is None


def test_iterations_are_requested_since_events_do_not_show_their_order() -> None:
    document = example("colour_card.json")
    add_node(document, "i", "iterate", version="1.1.0")
    add_node(document, "c", "integer_collection", version="1.0.0", collection=[1])
    add_edge(document, "c", "collection", "i", "collection")
    add_edge(document, "i", "item", node(document, "img_paste")["id"], "x")
    pins = pins_of(workflow_class(imported(document)))
    events = [complete(node_id) for node_id in pins.graph["nodes"]]
    assert tracked(*events, ended(), pins=pins).completed_item(1) is None


def test_a_joint_cancellation_ends_only_the_named_items() -> None:
    assert tracked(ServerEvent("queue_items_canceled", 0, {"canceled_item_ids": [2, 3]})).ended == {}
    assert tracked(ServerEvent("queue_items_canceled", 0, {"canceled_item_ids": [1, 3]})).ended == {1: "canceled"}


def test_items_of_other_runs_are_noticed() -> None:
    assert not tracked(ended()).has_unknown_items
    assert tracked(ended(item_id=2)).has_unknown_items
    enqueued = ServerEvent("batch_enqueued", 0, {})
    assert not tracked(enqueued).has_unknown_items
    assert tracked(enqueued, enqueued).has_unknown_items


@pytest.mark.parametrize(
    ("percentage", "fraction"),
    [
        *((None, None), (0, 0.0), (0.25, 0.25), (7, 1.0), ("x", None), (math.nan, None), (math.inf, 1.0)),
        pytest.param(10**400, 1.0, id="huge"),
    ],
)
def test_progress_is_a_fraction_or_unknown(percentage: Any, fraction: float | None) -> None:
    content = {"id": "x", "type": "t", "invocation_source_id": "n", "message": "m", "percentage": percentage}
    *_, event = EventTracker(PINS, None, item_ids=frozenset({1})).process(
        [ServerEvent("invocation_progress", 1, content)]
    )
    assert event == Progress(1, "n", "t", fraction, "m", None)


@pytest.mark.parametrize("size", [None, "64", 1.5, True, [64], {}], ids=repr)
def test_an_image_of_a_finished_node_has_a_whole_size_or_none(size: Any) -> None:
    result = {"image": {"image_name": "a.png"}, "width": size, "height": 32}
    content = {"id": "x", "type": "t", "invocation_source_id": "n", "result": result}
    tracker = EventTracker(PINS, None, item_ids=frozenset({1}))
    *_, event = tracker.process([ServerEvent("invocation_complete", 1, content)])
    assert isinstance(event, NodeFinished)
    assert [(image.name, image.width, image.height) for image in event.images] == [("a.png", None, 32)]


@pytest.mark.parametrize("name", [None, 5, True, ["a.png"], {}], ids=repr)
def test_an_image_without_a_name_is_not_reported(name: Any) -> None:
    result = {"image": {"image_name": name}, "video": {"video_name": name}}
    content = {"id": "x", "type": "t", "invocation_source_id": "n", "result": result}
    tracker = EventTracker(PINS, None, item_ids=frozenset({1}))
    *_, event = tracker.process([ServerEvent("invocation_complete", 1, content)])
    assert event == NodeFinished(1, "n", "t")


def test_a_preview_is_the_picture_in_the_data_url() -> None:
    data = base64.b64encode(b"picture").decode()
    found = preview({"width": 64, "height": 32, "dataURL": f"data:image/jpeg;base64,{data}"})
    assert found is not None
    assert (found.width, found.height, found.content_type, found.content) == (64, 32, "image/jpeg", b"picture")


@pytest.mark.parametrize(
    "image",
    [
        *(None, "x", {}, {"dataURL": "data:,%"}, {"width": 1, "height": 1, "dataURL": "a,b"}),
        {"width": math.inf, "height": 1, "dataURL": "data:,"},
        {"width": math.nan, "height": 1, "dataURL": "data:,"},
    ],
)
def test_anything_but_a_picture_is_not_a_preview(image: Any) -> None:
    assert preview(image) is None


@pytest.mark.parametrize("payload", [None, [], "x", 3, {"item_id": "x"}, {"invocation": []}, {"status": None}])
def test_an_invalid_payload_does_no_harm(payload: Any) -> None:
    for name in ("queue_item_status_changed", "invocation_complete", "invocation_progress", "queue_items_canceled"):
        event = parse_event(name, payload)
        assert event is None or tracked(event).ended == {}
