"""Outputs: which nodes have results, and whether one or many."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from invokable.workflow import read_workflow
from invokable.workflow.outputs import find_outputs, iteration_depths
from tests.counted import Counted
from tests.workflow.builders import Json, edge, form, node, read, schema, workflow

IMAGE = {"image_name": "a.png"}


def found(document: Json, extra: tuple[str, ...] = ()) -> list[tuple[str, str, bool]]:
    """The node and field of each output, and whether there are many."""
    return [(output.node_id, output.field, output.many) for output in find_outputs(read(document), extra)]


def saver(node_id: str, *, lasting: bool = True) -> Json:
    made = node(node_id, "save_image", image=IMAGE, board="auto")
    made["data"]["isIntermediate"] = not lasting
    return made


def test_a_node_whose_board_is_in_the_form_comes_first_even_an_intermediate_one() -> None:
    document = workflow(saver("a"), saver("b", lasting=False), form=form("b.board"))
    assert found(document) == [("b", "image", False), ("a", "image", False)]


def test_each_node_with_a_board_is_looked_up_rather_than_searched_for() -> None:
    ids = [f"n{number}" for number in range(200)]
    reading = read(workflow(*map(saver, ids), form=form(*(f"{node_id}.board" for node_id in ids))))
    inputs = tuple(replace(item, node_id=Counted(item.node_id)) for item in reading.inputs)
    Counted.compared = 0
    assert [output.node_id for output in find_outputs(replace(reading, inputs=inputs))] == ids
    assert Counted.compared < 10 * len(ids)


def test_intermediate_images_are_not_outputs() -> None:
    assert found(workflow(saver("a"), saver("b", lasting=False), form=form("a.image"))) == [("a", "image", False)]


def test_a_node_that_takes_it_from_an_edge_may_save_its_image() -> None:
    template = schema().nodes["save_image"]
    taken = replace(schema().nodes["boolean"].inputs["value"], name="is_intermediate")
    own = replace(template, inputs={**template.inputs, "is_intermediate": taken})
    document = workflow(
        node("b", "boolean", value=True),
        node("a", "save_image", image=IMAGE, board="auto", is_intermediate=True),
        edges=[edge("b.value", "a.is_intermediate")],
        form=form("a.image"),
    )
    reading = read_workflow(document, replace(schema(), nodes={**schema().nodes, "save_image": own}))
    assert [output.node_id for output in find_outputs(reading)] == ["a"]


def test_returned_values_follow() -> None:
    returned = node("r", "workflow_return")
    document = workflow(saver("a"), returned, form=form("a.image"))
    assert [node_id for node_id, _, _ in found(document)] == ["a", "r"]


def test_if_nothing_is_saved_the_last_nodes_are_the_outputs() -> None:
    document = workflow(
        node("i", "integer", value=1), node("x", "add", a=1, b=2), edges=[edge("i.value", "x.a")], form=form("x.b")
    )
    assert found(document) == [("x", "value", False)]


def test_the_configuration_adds_nodes() -> None:
    document = workflow(saver("a"), node("i", "integer", value=1), form=form("a.image"))
    assert found(document, extra=("i", "unknown")) == [("a", "image", False), ("i", "value", False)]


def test_the_first_output_of_a_node_without_images_counts() -> None:
    document = workflow(node("i", "ideal_size", width=512, height=512), form=form("i.width"))
    assert found(document) == [("i", "width", False)]


def test_a_batch_makes_every_output_many() -> None:
    batch = node("b", "integer_batch", batch_group_id="None", integers=[1, 2])
    target = node("t", "add", a=1, b=2)
    document = workflow(batch, target, saver("a"), edges=[edge("b.value", "t.a")], form=form("t.b"))
    assert found(document) == [("a", "image", True)]


def graph(kinds: str, *edges: str) -> Any:
    """A graph whose nodes are named after their types: `iterate1`, `collect2`, `add3`."""
    return {
        "nodes": {name: {"type": name.rstrip("0123456789")} for name in kinds.split()},
        "edges": [
            {"source": {"node_id": pair.split(">")[0]}, "destination": {"node_id": pair.split(">")[1]}}
            for pair in edges
        ],
    }


@pytest.mark.parametrize(
    ("made", "depths"),
    [
        (graph("add1 add2", "add1>add2"), {"add1": 0, "add2": 0}),
        (graph("iterate1 add2", "iterate1>add2"), {"iterate1": 1, "add2": 1}),
        (
            graph("iterate1 add2 collect3 add4", "iterate1>add2", "add2>collect3", "collect3>add4"),
            {"iterate1": 1, "add2": 1, "collect3": 0, "add4": 0},
        ),
        (
            graph("iterate1 iterate2 collect3 add4", "iterate1>iterate2", "iterate2>collect3", "collect3>add4"),
            {"iterate1": 1, "iterate2": 2, "collect3": 1, "add4": 1},
        ),
        (graph("collect1 add2", "collect1>add2"), {"collect1": 0, "add2": 0}),
        (
            graph("iterate1 collect2 add3", "iterate1>collect2", "collect2>add3", "iterate1>add3"),
            {"iterate1": 1, "collect2": 0, "add3": 1},
        ),
    ],
    ids=["flat", "iterated", "collected", "nested", "collect alone", "beside the collection"],
)
def test_an_iteration_opens_with_iterate_and_closes_with_collect(made: Any, depths: dict[str, int]) -> None:
    assert iteration_depths(made) == depths
