"""The graph and the embedded workflow."""

from __future__ import annotations

from typing import Any

import pytest

from tests.workflow.builders import (
    UNSET,
    edge,
    embedded_in,
    field_input,
    form,
    graph_edges,
    graph_node,
    node,
    read,
    workflow,
)

TEMPLATE = {
    "name": "saved_workflow_input::inner::a",
    "title": "Left",
    "fieldKind": "input",
    "input": "any",
    "required": False,
    "type": {"name": "IntegerField", "cardinality": "SINGLE", "batch": False},
    "default": 0,
    "minimum": 1,
    "ui_hidden": False,
}


def test_a_node_is_sent_with_its_cache_and_gallery_switches() -> None:
    document = workflow(node("i", "integer", value=1))
    document["nodes"][0]["data"] |= {"useCache": False, "isIntermediate": True}
    reading = read(document)
    assert reading.graph["nodes"] == {
        "i": {"type": "integer", "id": "i", "value": 1, "use_cache": False, "is_intermediate": True}
    }


def test_the_id_of_the_node_counts_not_the_one_in_its_data() -> None:
    document = workflow(node("i", "integer", value=1))
    document["nodes"][0]["data"]["id"] = "other"
    reading = read(document)
    assert graph_node(reading, "i") == {"value": 1}
    embedded = embedded_in(reading)
    assert embedded["nodes"][0]["data"]["id"] == "other"


def test_inputs_go_by_their_key_not_by_their_name() -> None:
    document = workflow(node("i", "integer"))
    document["nodes"][0]["data"]["inputs"] = {"value": field_input("anything", 3)}
    assert graph_node(read(document), "i") == {"value": 3}


@pytest.mark.parametrize(
    ("board", "sent"),
    [("auto", UNSET), ("none", UNSET), (UNSET, UNSET), ({"board_id": "b"}, {"board_id": "b"}), ("weird", "weird")],
)
def test_a_board_is_sent_only_if_one_is_chosen(board: Any, sent: Any) -> None:
    reading = read(workflow(node("p", "blank_image", board=board)))
    assert graph_node(reading, "p").get("board", UNSET) == sent


def test_the_text_auto_is_nothing_special_in_another_field() -> None:
    assert graph_node(read(workflow(node("s", "string", value="auto"))), "s") == {"value": "auto"}


def test_batch_and_generator_nodes_and_their_edges_stay_out_of_the_graph() -> None:
    nodes = (
        node("g", "integer_generator", generator={"type": "integer_generator_parse_string", "input": "1,2"}),
        node("b", "integer_batch", batch_group_id="None"),
        node("a", "add", a=7, b=8),
    )
    reading = read(workflow(*nodes, edges=[edge("g.integers", "b.integers"), edge("b.value", "a.a")]))
    assert list(reading.graph["nodes"]) == ["a"]
    assert graph_edges(reading) == []
    # The stale value stays: the batch replaces it when the server expands the batch.
    assert graph_node(reading, "a") == {"a": 7, "b": 8}


def called(**inputs: Any) -> dict[str, Any]:
    entry = node("c", "call_saved_workflow", workflow_id="w1", **inputs)
    entry["data"]["dynamicInputTemplates"] = {TEMPLATE["name"]: TEMPLATE}
    return entry


def test_the_inputs_of_a_called_workflow_are_gathered() -> None:
    reading = read(workflow(called(**{"saved_workflow_input::inner::a": 41, "workflow_inputs": 5})))
    assert graph_node(reading, "c") == {
        "workflow_id": "w1",
        "workflow_inputs": {"saved_workflow_input::inner::a": 41},
    }


def test_a_called_workflow_without_inputs_gets_an_empty_object() -> None:
    assert graph_node(read(workflow(called())), "c")["workflow_inputs"] == {}


def test_an_edge_into_a_called_workflow_removes_the_gathered_value() -> None:
    nodes = (called(**{"saved_workflow_input::inner::a": 41}), node("i", "integer", value=1))
    reading = read(workflow(*nodes, edges=[edge("i.value", "c.saved_workflow_input::inner::a")]))
    assert graph_node(reading, "c")["workflow_inputs"] == {}
    assert graph_edges(reading) == ["i.value > c.saved_workflow_input::inner::a"]


def test_a_field_of_a_called_workflow_may_be_in_the_form() -> None:
    where = "c.saved_workflow_input::inner::a"
    reading = read(workflow(called(**{"saved_workflow_input::inner::a": 41}), form=form(where)))
    item = reading.inputs[0]
    assert (item.label, item.value, item.template.limits.minimum) == ("Left", 41, 1)
    assert item.pointer == "/nodes/0/data/inputs/saved_workflow_input::inner::a/value"
