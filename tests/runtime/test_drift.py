"""Drift: differences between the server's nodes and those a module was generated for are reported before a run."""

from __future__ import annotations

from typing import Any

import pytest
from generated_examples.colour_card import _GRAPH, NODES, ColourCard

from invokable.runtime.steps.resources.node_drift import drift
from invokable.runtime.values.pins import pins_of
from tests.runtime.driving import Driver, answer

LACKS = "img_blur: the server lacks this node; the module was generated for version 1.2.2"


def openapi(**changes: Any) -> dict[str, Any]:
    """A server's document with the nodes of the card; `changes` replace or remove a node's schema."""
    fields = {
        "blank_image": ["width", "height", "mode", "color"],
        "img_blur": ["image", "radius", "blur_type"],
        "img_paste": ["base_image", "image", "mask", "x", "y", "crop"],
        "save_image": ["image", "board"],
    }
    schemas: dict[str, Any] = {"Body": {"type": "object"}, "Odd": True}
    for node_type, version in NODES.items():
        names = ["id", "is_intermediate", "use_cache", *fields[node_type]]
        properties = {"type": {"default": node_type}} | {name: {} for name in names}
        schemas[node_type] = {"class": "invocation", "version": version, "properties": properties}
    for node_type, change in changes.items():
        schemas[node_type] = schemas[node_type] | change
    return {"components": {"schemas": schemas}}


def drifted(document: Any) -> list[str]:
    return Driver(lambda _: answer(document)).drive(drift(pins_of(ColourCard)))


def test_equal_nodes_are_no_drift() -> None:
    assert '"radius"' in _GRAPH
    assert drifted(openapi()) == []


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"img_blur": {"version": "2.0.0"}}, "img_blur: the server has version 2.0.0; the module expects 1.2.2"),
        (
            {"img_blur": {"class": ""}},
            "img_blur: the server lacks this node; the module was generated for version 1.2.2",
        ),
    ],
)
def test_nodes_with_another_version_and_missing_nodes_are_named(changes: Any, line: str) -> None:
    assert drifted(openapi(**changes)) == [line]


@pytest.mark.parametrize("field", ["radius", "image"])
def test_a_missing_field_that_the_workflow_sets_or_connects_is_named(field: str) -> None:
    document = openapi()
    del document["components"]["schemas"]["img_blur"]["properties"][field]
    assert drifted(document) == [f"img_blur: the server's node has no field {field!r}"]


def test_removing_an_unused_field_is_not_drift() -> None:
    document = openapi()
    del document["components"]["schemas"]["img_paste"]["properties"]["mask"]
    assert drifted(document) == []
