"""How the values of inputs are read and sent."""

from __future__ import annotations

from typing import Any

import pytest

from invokable.workflow import WorkflowFileError
from tests.workflow.builders import MODEL, UNSET, connector, edge, embedded_in, graph_node, node, read, workflow

LORA = {"lora": MODEL | {"type": "lora"}, "weight": 0.5}


def sent(value: Any, node_type: str = "integer", field: str = "value") -> Any:
    """Return the value that is sent, or UNSET for none."""
    reading = read(workflow(node("n", node_type, **{field: value})), lenient=True)
    return graph_node(reading, "n").get(field, UNSET)


@pytest.mark.parametrize(
    "value",
    [
        5,
        1.5,
        -3,
        2**60,
        [1, 2],
        [],
        [1, 1.5],
        "7",
        ["a"],
        True,
        {"image_name": "a.png"},
        [{"image_name": "a.png"}],
        {"video_name": "a.mp4"},
        {"board_id": "b"},
        {"style_preset_id": "s"},
        {"system_prompt_id": "s"},
        MODEL,
        MODEL | {"submodel_type": None},
        [LORA],
        {"r": 0, "g": 0, "b": 0, "a": 255},
    ],
)
def test_a_known_kind_of_value_is_sent_whatever_the_type_of_its_field(value: Any) -> None:
    assert sent(value) == value


@pytest.mark.parametrize(
    ("value", "stripped"),
    [
        ({"image_name": " a.png ", "image_url": "u"}, {"image_name": "a.png"}),
        (MODEL | {"extra": 1}, MODEL),
        ([{"lora": LORA["lora"], "weight": 1, "on": True}], [{"lora": LORA["lora"], "weight": 1}]),
        ({"image_name": "a", "board_id": "b"}, {"image_name": "a"}),
        ({"r": 1, "g": 2, "b": 3, "a": 4, "space": "rgb"}, {"r": 1, "g": 2, "b": 3, "a": 4}),
    ],
)
def test_unknown_keys_of_a_value_are_stripped(value: Any, stripped: Any) -> None:
    assert sent(value) == stripped


@pytest.mark.parametrize(
    "value",
    [
        None,
        [True],
        [{"a": 1}],
        [1, "a"],
        [[1]],
        {"type": "something"},
        {"foo": 1},
        {},
        LORA,
        {"r": 300, "g": 0, "b": 0, "a": 255},
        {"image_name": " "},
        MODEL | {"key": ""},
        MODEL | {"base": "made-up"},
        MODEL | {"submodel_type": "made-up"},
    ],
)
def test_an_unknown_kind_of_value_is_not_sent(value: Any) -> None:
    assert sent(value) is UNSET


def test_whole_floats_are_integers_as_javascript_prints_them() -> None:
    assert repr(sent(5.0)) == "5"
    assert repr(sent(-0.0)) == "0"


def test_an_old_reference_to_a_model_is_kept_for_the_runtime_to_look_up() -> None:
    old = {"model_name": "dreamy", "base_model": "sd-1", "model_type": "main"}
    kept = {"name": "dreamy", "base": "sd-1", "type": "main"}
    assert sent(old, "main_model_loader", "model") == kept
    reading = read(workflow(node("n", "main_model_loader", model=old)))
    assert reading.warnings == ()
    embedded = embedded_in(reading)
    assert embedded["nodes"][0]["data"]["inputs"]["model"]["value"] == kept


def test_an_old_reference_without_a_type_takes_it_from_the_field() -> None:
    old = {"model_name": "soft", "base_model": "sd-1"}
    assert sent(old, "lora_loader", "lora") == {"name": "soft", "base": "sd-1", "type": "lora"}


def test_a_float_generator_without_a_type_is_the_first_that_fits() -> None:
    def read_generator(value: Any) -> Any:
        reading = read(workflow(node("n", "float_generator", generator=value)))
        return reading.workflow.invocations()[0].inputs["generator"].value

    assert read_generator({"start": 2}) == {
        "type": "float_generator_arithmetic_sequence",
        "start": 2,
        "step": 0.1,
        "count": 10,
    }
    assert read_generator({"start": "x"}) == {
        "type": "float_generator_random_distribution_uniform",
        "min": 0,
        "max": 1,
        "count": 10,
    }


def test_core_metadata_takes_any_extra_and_null_too() -> None:
    extras: dict[str, Any] = {"mine": {"deep": [1, None]}, "nothing": None, "loras": [{"model": 1}]}
    reading = read(workflow(node("m", "core_metadata", **extras)))
    assert graph_node(reading, "m") == extras


def test_a_dropped_value_is_an_error_unless_an_edge_replaces_it() -> None:
    broken = node("f", "float", value={"foo": 1})
    with pytest.raises(WorkflowFileError, match="'value' of node float") as caught:
        read(workflow(broken))
    assert caught.value.pointer == "/nodes/0/data/inputs/value/value"
    wired = read(workflow(broken, node("i", "integer", value=1), edges=[edge("i.value", "f.value")]))
    assert [warning.pointer for warning in wired.warnings] == ["/nodes/0/data/inputs/value/value"]


def test_a_value_taken_for_a_generator_is_an_error() -> None:
    broken = workflow(node("i", "integer", value={"start": "x"}))
    message = "^the editor cannot read the value of 'value' of node integer.*; expected a value of type IntegerField$"
    with pytest.raises(WorkflowFileError, match=message) as caught:
        read(broken)
    assert "set it in the editor" in (caught.value.suggestion or "")


def test_null_means_not_set_and_is_not_an_error() -> None:
    assert read(workflow(node("i", "integer", value=None), connector("c"))).warnings == ()
