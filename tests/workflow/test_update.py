"""Nodes of other versions."""

from __future__ import annotations

import pytest

from invokable.workflow import WorkflowFileError
from tests.workflow.builders import (
    UNSET,
    edge,
    embedded_in,
    field_element,
    form,
    graph_node,
    node,
    read,
    schema,
    workflow,
)

IMAGES = [{"image_name": "a.png"}, {"image_name": "b.png"}]


def test_a_node_of_the_same_version_keeps_its_gaps() -> None:
    assert graph_node(read(workflow(node("a", "add", b=UNSET))), "a") == {}


@pytest.mark.parametrize("version", ["1.0.0", "1.9.9"])
def test_a_node_of_another_version_gets_the_defaults_it_lacks(version: str) -> None:
    reading = read(workflow(node("a", "add", version=version, b=5)))
    assert graph_node(reading, "a") == {"a": 0, "b": 5}
    assert reading.workflow.invocations()[0].version == schema().nodes["add"].version


def test_an_update_puts_the_fields_in_the_order_of_the_template() -> None:
    reading = read(workflow(node("a", "add", version="1.0.0", b=5, a=4)))
    assert list(reading.workflow.invocations()[0].inputs) == ["a", "b"]


def test_an_update_pads_what_is_shorter_than_the_default() -> None:
    # The default of a LoRA list is empty, so nothing is added to a list that is not.
    loras = node("l", "lora_collection_loader", version="1.0.9", loras=UNSET)
    assert graph_node(read(workflow(loras)), "l")["loras"] == []


def test_an_update_leaves_the_settings_of_another_generator_alone() -> None:
    settings = {"type": "float_generator_random_distribution_uniform", "min": 0, "max": 1, "count": 3, "seed": 5}
    document = workflow(node("g", "float_generator", "1.0.1", generator=settings), form=form("g.generator"))
    reading = read(document)
    assert reading.inputs[0].value == settings
    assert embedded_in(reading)["nodes"][0]["data"]["inputs"]["generator"]["value"] == settings


def test_a_node_that_is_too_old_is_sent_as_it_is_with_a_warning() -> None:
    reading = read(workflow(node("a", "add", version="0.9.0", b=5)))
    assert graph_node(reading, "a") == {"b": 5}
    assert reading.warnings[0].message.endswith("too old to be updated to 1.0.1; it is sent unchanged")


@pytest.mark.parametrize("version", ["2.0.0", "0x1.0.0"])
def test_a_node_of_a_later_version_is_refused_unless_lenient(version: str) -> None:
    document = workflow(node("a", "add", version=version, label="Sum", b=5))
    with pytest.raises(WorkflowFileError, match=r"'Sum' \(add\)") as caught:
        read(document)
    assert caught.value.pointer == "/nodes/0/data/version"
    assert graph_node(read(document, lenient=True), "a") == {"b": 5}


def test_the_images_of_an_old_image_collection_move_to_their_new_field() -> None:
    collection = node("c", "image_collection", version="1.0.1", collection=IMAGES)
    reading = read(workflow(collection, form=form("c.collection")))
    assert graph_node(reading, "c") == {"collection": [], "images": IMAGES}
    assert [(item.field, item.value) for item in reading.inputs] == [("images", IMAGES)]


def test_images_stay_where_they_are_if_the_new_field_has_some() -> None:
    collection = node("c", "image_collection", version="1.0.1", collection=IMAGES, images=IMAGES[:1])
    reading = read(workflow(collection, form=form(field_element("c.collection"))))
    assert graph_node(reading, "c") == {"collection": IMAGES, "images": IMAGES[:1]}


def test_images_stay_where_they_are_if_the_old_field_is_connected() -> None:
    nodes = (node("c", "image_collection", version="1.0.1", collection=IMAGES), node("k", "collect"))
    reading = read(workflow(*nodes, edges=[edge("k.collection", "c.collection")]))
    assert "images" not in graph_node(reading, "c") or graph_node(reading, "c")["images"] != IMAGES
