"""Older formats."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from invokable.workflow import WorkflowFileError
from tests.workflow.builders import Json, edge, embedded_in, form, graph_edges, graph_node, node, notes, read, workflow

V1_TYPES = {"add": {"a": "integer", "b": "integer"}, "main_model_loader": {"model": "MainModelField"}}


def v1_node(node_id: str, node_type: str, version: str | None = "1.0.0", **inputs: tuple[str, Any]) -> Json:
    """Return a node of format 1.0.0; each input is its type and value."""
    data = {
        "id": node_id,
        "type": node_type,
        "label": "",
        "notes": "",
        "isOpen": True,
        "isIntermediate": True,
        "embedWorkflow": False,
        "inputs": {
            name: {"id": name, "name": name, "fieldKind": "input", "label": "", "type": kind, "value": value}
            for name, (kind, value) in inputs.items()
        },
        "outputs": {"value": {"id": "o", "name": "value", "fieldKind": "output", "type": "integer"}},
    }
    if version:
        data["version"] = version
    return {"id": node_id, "type": "invocation", "data": data, "position": {"x": 0, "y": 0}, "width": 300}


def v1(*nodes: Json, **more: Any) -> Json:
    return {"nodes": list(nodes), "meta": {"version": "1.0.0"}} | more


def v2(*nodes: Json, **more: Any) -> Json:
    """Return a workflow of format 2.0.0 whose nodes were made by `v1_node` with type objects."""
    converted = copy.deepcopy(list(nodes))
    for entry in converted:
        data = entry["data"]
        data["useCache"] = True
        for field in [*data["inputs"].values(), *data["outputs"].values()]:
            field["type"] = {"name": field["type"], "isCollection": False, "isCollectionOrScalar": False}
    return workflow(*converted, meta={"version": "2.0.0", "category": "user"}) | more


def test_a_workflow_of_format_1_is_read() -> None:
    document = v1(
        v1_node("i", "integer", None, value=("integer", 5)),
        v1_node("a", "add", a=("integer", 1), b=("integer", 2)),
        notes("n"),
        edges=[edge("i.value", "a.a")],
        exposedFields=[{"nodeId": "a", "fieldName": "b"}],
    )
    reading = read(document)
    assert graph_node(reading, "a") == {"b": 2}
    assert graph_edges(reading) == ["i.value > a.a"]
    assert [(item.field, item.value) for item in reading.inputs] == [("b", 2)]
    embedded = embedded_in(reading)
    assert embedded["meta"] == {"category": "user", "version": "4.0.0"}
    assert embedded["nodes"][0]["data"]["nodePack"] == "invokeai"
    assert embedded["nodes"][0]["data"]["useCache"] is True


def test_a_node_pack_nobody_knows_is_called_so() -> None:
    reading = read(v1(v1_node("x", "made_up")), lenient=True)
    assert reading.workflow.invocations()[0].node_pack == "Unknown"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("integer", "5"),
        ("integer", 1.5),
        ("string", None),
        ("Scheduler", "super_euler"),
        ("MainModelField", {"model_name": "x", "base_model": "flux", "model_type": "main"}),
        ("LatentsCollection", [{"latents_name": ""}]),
        ("ColorField", {"r": 300, "g": 0, "b": 0, "a": 0}),
    ],
)
def test_a_value_that_does_not_fit_its_type_makes_format_1_unreadable(kind: str, value: Any) -> None:
    with pytest.raises(WorkflowFileError) as caught:
        read(v1(v1_node("i", "integer", value=(kind, value))), lenient=True)
    assert caught.value.pointer == "/nodes/0/data/inputs/value/value"


def test_a_field_type_that_format_1_does_not_have_is_refused() -> None:
    with pytest.raises(WorkflowFileError, match="not a field type") as caught:
        read(v1(v1_node("i", "integer", value=("interger", 1))), lenient=True)
    assert caught.value.suggestion == 'did you mean "integer"?'


def test_a_model_of_format_1_becomes_a_reference_by_name() -> None:
    old = {"model_name": "dreamy", "base_model": "sd-1", "model_type": "main"}
    reading = read(v1(v1_node("m", "main_model_loader", model=("MainModelField", old))))
    assert graph_node(reading, "m") == {"model": {"name": "dreamy", "base": "sd-1", "type": "main"}}


def test_a_model_without_a_type_takes_it_from_its_field_type() -> None:
    old = {"model_name": "soft", "base_model": "sd-1"}
    reading = read(v2(v1_node("l", "lora_loader", lora=("LoRAModelField", old))))
    assert graph_node(reading, "l")["lora"] == {"name": "soft", "base": "sd-1", "type": "lora"}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("IntegerField", "5"),
        ("SchedulerField", "super_euler"),
        ("CollectionField", [1]),
        ("MainModelField", {"model_name": "xy", "base_model": "sd-1", "model_type": "main"}),
    ],
)
def test_a_value_that_does_not_fit_its_type_is_dropped_from_format_2(kind: str, value: Any) -> None:
    document = v2(v1_node("i", "integer", version="1.0.1", value=(kind, value)))
    assert graph_node(read(document, lenient=True), "i") == {}
    with pytest.raises(WorkflowFileError, match="the editor cannot read the value of 'value' of node integer"):
        read(document)


def test_format_2_has_no_form() -> None:
    assert read(v2(v1_node("i", "integer", value=("IntegerField", 5)), form=form("i.value"))).inputs == ()


def test_format_2_demands_outputs() -> None:
    document = v2(v1_node("i", "integer", value=("IntegerField", 5)))
    del document["nodes"][0]["data"]["outputs"]
    with pytest.raises(WorkflowFileError) as caught:
        read(document, lenient=True)
    assert caught.value.pointer == "/nodes/0/data"


def test_format_3_is_format_4_under_another_name() -> None:
    document = workflow(node("i", "integer", value=5), form=form("i.value"), meta={"version": "3.0.0"})
    before = copy.deepcopy(document)
    reading = read(document)
    assert [item.value for item in reading.inputs] == [5]
    assert reading.workflow.category == "user"
    assert document == before


@pytest.mark.parametrize("version", ["5.0.0", "1.1.0", "04.0.0"])
def test_another_format_is_refused(version: str) -> None:
    with pytest.raises(WorkflowFileError, match="format") as caught:
        read(workflow(meta={"version": version}), lenient=True)
    assert (caught.value.pointer, caught.value.suggestion) == ("/meta/version", "a newer invokable may read it")
