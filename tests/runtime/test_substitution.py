"""Substitution: values are put into their fields, and nothing else changes."""

from __future__ import annotations

import copy
import json
from typing import Any

from generated_examples import colour_card
from generated_examples.colour_card import ColourCard
from hypothesis import given
from hypothesis import strategies as st

from invokable import Color
from invokable.contract.fields import CALLED_INPUTS, DYNAMIC_INPUT
from invokable.runtime.steps.runs.substitution import substitute, wire_values
from invokable.runtime.values.pins import pins_of
from tests.examples import example, imported, with_generator, workflow_class
from tests.examples import node as node_of
from tests.workflow.builders import form, node, workflow

SHOWN = form("n.value", "a.a")
PASTE, BLUR = (
    next(node_id for node_id, made in pins_of(ColourCard).graph["nodes"].items() if made["type"] == node_type)
    for node_type in ("img_paste", "img_blur")
)
STAMP = {"stamp": {"image_name": "x.png"}}


def put(flow: ColourCard, resolved: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any] | None]:
    return substitute(pins_of(ColourCard), wire_values(flow, resolved))


def field_of(graph: dict[str, Any], node_type: str, field: str) -> Any:
    (node,) = (node for node in graph["nodes"].values() if node["type"] == node_type)
    return node.get(field, "absent")


@given(st.integers(16, 2048), st.integers(), st.floats(0, 100))
def test_values_are_put_into_their_fields_and_nothing_else_changes(width: int, left: int, radius: float) -> None:
    graph, embedded = put(ColourCard(stamp="x.png", width=width, left=left, radius=radius), STAMP)
    assert field_of(graph, "blank_image", "width") == width
    assert field_of(graph, "img_paste", "x") == left
    assert field_of(graph, "img_blur", "radius") == radius
    assert field_of(graph, "img_blur", "image") == {"image_name": "x.png"}
    untouched = json.loads(colour_card._GRAPH)
    assert graph["edges"] == untouched["edges"]
    shown = {(node_id, field) for _, node_id, field, _ in colour_card.INDEX_MAP}
    for node_id, fields in untouched["nodes"].items():
        for field, value in fields.items():
            assert (node_id, field) in shown or graph["nodes"][node_id][field] == value
    assert embedded is not None
    inputs = {(n["id"], name): f for n in embedded["nodes"] for name, f in n["data"].get("inputs", {}).items()}
    node_id = next(node_id for _, node_id, field, _ in colour_card.INDEX_MAP if field == "width")
    assert inputs[node_id, "width"]["value"] == width


def test_the_modules_own_graph_is_not_modified() -> None:
    pins = pins_of(ColourCard)
    before = copy.deepcopy((pins.graph, pins.workflow))
    put(ColourCard(stamp="x.png", width=17, card_colour=Color(r=1, g=2, b=3)), STAMP)
    assert (pins.graph, pins.workflow) == before


def test_a_node_of_the_workflow_is_only_copied_for_another_value() -> None:
    made = workflow_class(imported(workflow(node("n", "float", value=1.0), node("a", "add", a=1), form=SHOWN)))
    pins = pins_of(made)
    assert pins.workflow is not None
    before = pins.workflow["nodes"]

    def embedded(**values: float) -> list[Any]:
        _, found = substitute(pins, wire_values(made(**values), {}))
        assert found is not None
        return list(found["nodes"])

    assert embedded(a=1)[1] is before[1]
    assert embedded(a=2)[1]["data"]["inputs"]["a"]["value"] == 2
    assert repr(embedded(value=1.0)[0]["data"]["inputs"]["value"]["value"]) == "1.0"  # the module has 1


def test_a_field_without_a_value_has_none_in_the_workflow_either() -> None:
    made = workflow_class(imported(workflow(node("n", "float", value=1.0), node("a", "add", a=1), form=SHOWN)))
    _, embedded = substitute(pins_of(made), {("a", "a"): None})
    assert embedded is not None
    assert "value" not in embedded["nodes"][1]["data"]["inputs"]["a"]


def test_no_value_replaces_one_but_adds_nothing() -> None:
    graph, _ = substitute(pins_of(ColourCard), {(PASTE, "x"): None, (BLUR, "image"): None})
    assert graph["nodes"][PASTE]["x"] is None
    assert "image" not in graph["nodes"][BLUR]


def test_inputs_of_a_called_workflow_are_together() -> None:
    fields = [f"{DYNAMIC_INPUT}{name}" for name in ("x", "y")]
    graph, _ = substitute(pins_of(ColourCard), {(PASTE, field): 7 for field in fields})
    assert graph["nodes"][PASTE][CALLED_INPUTS] == dict.fromkeys(fields, 7)


def test_a_connected_field_is_not_sent() -> None:
    flow = workflow_class(imported(with_generator()))(stamp="x.png")
    assert "width" not in {field for _, field in wire_values(flow, STAMP)}


def test_the_board_of_the_workflow_is_not_used_if_none_is_wanted() -> None:
    document = example("colour_card.json")
    node_of(document, "save_image")["inputs"]["board"]["value"] = {"board_id": "b1"}
    made = imported(document).ColourCard
    for board, sent in (("none", "absent"), ({"board_id": "b2"}, {"board_id": "b2"})):
        graph, _ = substitute(pins_of(made), wire_values(made(stamp="x.png"), STAMP | {"board": board}))
        assert field_of(graph, "save_image", "board") == sent


def test_no_board_and_the_automatic_board_are_omitted_from_the_graph() -> None:
    for board in ("none", "auto"):
        graph, _ = put(ColourCard(stamp="x.png", board=board), STAMP | {"board": board})
        assert field_of(graph, "save_image", "board") == "absent"
    graph, _ = put(ColourCard(stamp="x.png", board="b"), STAMP | {"board": {"board_id": "1"}})
    assert field_of(graph, "save_image", "board") == {"board_id": "1"}
