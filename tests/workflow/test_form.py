"""The form: its tree, its order, its labels."""

from __future__ import annotations

from typing import Any

import pytest

from invokable.workflow import Reading, WorkflowFileError
from tests.workflow.builders import (
    UNSET,
    Json,
    connector,
    edge,
    embedded_in,
    field_element,
    field_input,
    form,
    graph_node,
    node,
    read,
    workflow,
)

NODES = (node("i", "integer", value=1), node("f", "float", value=1.5), node("s", "string", value="x"))


def shown(*elements: Any, nodes: tuple[Json, ...] = NODES) -> list[tuple[int, tuple[int, ...], str]]:
    reading = read(workflow(*nodes, form=form(*elements)))
    return [(item.index, item.aliases, f"{item.node_id}.{item.field}") for item in reading.inputs]


def test_fields_are_counted_depth_first_through_containers() -> None:
    assert shown("s.value", [["f.value"], {"type": "divider"}], "i.value") == [
        (0, (), "s.value"),
        (1, (), "f.value"),
        (2, (), "i.value"),
    ]


def test_a_field_shown_again_is_an_alias_of_the_first() -> None:
    assert shown("s.value", "i.value", ["s.value"], "s.value") == [(0, (2, 3), "s.value"), (1, (), "i.value")]


def test_the_outline_lists_what_the_form_shows() -> None:
    heading = {"type": "heading", "data": {"content": "Colours"}}
    note = {"type": "text", "data": {"content": "Pick one"}}
    reading = read(workflow(*NODES, form=form(heading, [note, "i.value"], {"type": "divider"}, "i.value")))
    assert [(item.kind, item.depth, item.text, item.index) for item in reading.outline] == [
        ("heading", 0, "Colours", None),
        ("container", 0, "column", None),
        ("text", 1, "Pick one", None),
        ("field", 1, "Value", 0),
        ("divider", 0, "", None),
        ("field", 0, "Value", 1),
    ]


@pytest.mark.parametrize(
    ("label", "expected"), [("", "Value"), ("Prompt", "Prompt"), (" ", " "), ("  Prompt ", "  Prompt ")]
)
def test_a_label_is_the_users_or_else_the_title(label: str, expected: str) -> None:
    labelled = node("s", "string")
    labelled["data"]["inputs"]["value"] = field_input("value", "x", label=label, description="what to paint")
    item = read(workflow(labelled, form=form("s.value"))).inputs[0]
    assert (item.label, item.user_label, item.description) == (expected, label, "what to paint")


def test_an_input_has_its_node_value_and_location() -> None:
    reading = read(workflow(*NODES, node("a", "add", a=1, b=2, label="Sum"), form=form("a.b")))
    item = reading.inputs[0]
    assert (item.node_type, item.node_label, item.node_title) == ("add", "Sum", "Add Integers")
    assert (item.value, item.pointer) == (2, "/nodes/3/data/inputs/b/value")
    assert item.template.type.name == "IntegerField"


def test_a_connected_field_stays_in_the_form() -> None:
    nodes = (*NODES, node("a", "add", a=1, b=2))
    reading = read(workflow(*nodes, edges=[edge("i.value", "a.a")], form=form("a.a", "a.b")))
    assert [item.connected for item in reading.inputs] == [True, False]


def test_an_edge_from_a_batch_node_connects_too() -> None:
    batch = node("b", "integer_batch", batch_group_id="None", integers=[1])
    reading = read(workflow(node("a", "add", a=1), batch, edges=[edge("b.value", "a.a")], form=form("a.a")))
    assert reading.inputs[0].connected


@pytest.mark.parametrize(
    ("group", "choices"), [("Group 2", ("Group 2",)), ("Group 9", ("Group 9",)), (UNSET, ("None",))]
)
def test_the_group_of_a_batch_cannot_be_changed(group: Any, choices: tuple[str, ...]) -> None:
    nodes = [node("b", "integer_batch", batch_group_id=group, integers=[1]), node("a", "add", a=1)]
    reading = read(workflow(*nodes, edges=[edge("b.value", "a.a")], form=form("b.batch_group_id")))
    assert reading.inputs[0].template.options == choices


def test_the_name_in_a_node_s_own_template_does_not_matter() -> None:
    batch = node("b", "integer_batch", group="None", integers=[1])
    kind = {"name": "StringField", "cardinality": "SINGLE", "batch": False}
    template = {"name": "batch_group_id", "title": "Group", "type": kind, "input": "any", "required": False}
    batch["data"]["dynamicInputTemplates"] = {"group": template}
    assert read(workflow(batch, form=form("b.group"))).inputs[0].field == "group"


@pytest.mark.parametrize("nodes", [[], [connector("c2")]])
def test_a_connector_that_nothing_feeds_does_not_connect(nodes: list[Any]) -> None:
    edges = [edge("c1.out", "a.a"), *(edge("c2.out", "c1.in") for _ in nodes)]
    document = workflow(node("a", "add", a=1), connector("c1"), *nodes, edges=edges, form=form("a.a"))
    reading = read(document)
    assert not reading.inputs[0].connected
    assert graph_node(reading, "a") == {"a": 1}


def test_a_generator_feeds_the_values_of_a_batch_through_connectors() -> None:
    settings = {"type": "integer_generator_parse_string", "input": "1", "splitOn": ","}
    nodes = [
        node("g", "integer_generator", generator=settings),
        connector("c"),
        node("b", "integer_batch", batch_group_id="None", integers=[]),
    ]
    edges = [edge("g.integers", "c.in"), edge("c.out", "b.integers")]
    reading = read(workflow(*nodes, edges=edges, form=form("b.integers", "g.generator")))
    assert [item.connected for item in reading.inputs] == [True, False]


def test_number_settings_limit_the_field_they_are_meant_for() -> None:
    integer = {"type": "integer-field-config", "min": 2, "max": 9}
    reading = read(
        workflow(
            *NODES,
            form=form(
                field_element("i.value", settings=integer),
                field_element("f.value", settings=integer),
                field_element("s.value", settings={"min": 3}),
            ),
        )
    )
    assert [(item.minimum, item.maximum) for item in reading.inputs] == [(2, 9), (None, None), (None, None)]


def test_a_dropdown_gives_its_options_with_what_they_show() -> None:
    options = [{"label": "Red", "value": "r"}, {"label": "", "value": "g"}, {"label": "", "value": ""}]
    settings = {"type": "string-field-config", "component": "dropdown", "options": options}
    reading = read(
        workflow(
            *NODES, form=form(field_element("s.value", settings=settings), field_element("i.value", settings=settings))
        )
    )
    assert reading.inputs[0].options == (("r", "Red"), ("g", "g"), ("", "Option 3"))
    assert reading.inputs[1].options == ()
    texts = node("t", "string_collection", collection=["r", "b"])
    reading = read(workflow(texts, form=form(field_element("t.collection", settings=settings))))
    assert reading.inputs[0].options == ()


def assert_no_form(reading: Reading) -> None:
    assert (reading.inputs, reading.outline) == ((), ())
    embedded = embedded_in(reading)
    assert embedded["form"]["elements"]["root"]["data"] == {"layout": "column", "children": []}


@pytest.mark.parametrize("empty", [None, {}])
def test_an_empty_form_counts_as_missing(empty: Any) -> None:
    assert_no_form(read(workflow(*NODES, form=empty)))


@pytest.mark.parametrize(
    ("broken", "pointer"),
    [
        ([], "/form"),
        ({"rootElementId": "root", "elements": []}, "/form/elements"),
        ({"elements": {}, "rootElementId": ""}, "/form/rootElementId"),
        ({"elements": {"root": {"id": "root", "type": "tabs"}}, "rootElementId": "root"}, "/form/elements/root/type"),
        (
            form(field_element("i.value", settings={"type": "string-field-config", "component": "dropdown"})),
            "/form/elements/el1/data/settings",
        ),
        (form(field_element("i.value", settings={"type": "slider"})), "/form/elements/el1/data/settings"),
        (
            form("s.value", field_element("i.value", showDescription=None)),
            "/form/elements/el2/data/showDescription",
        ),
        (form({"type": "divider", "data": {}}), "/form/elements/el1/data"),
        (form({"type": "heading", "data": {}}), "/form/elements/el1/data"),
        (form({"type": "heading", "data": {"content": 7}}), "/form/elements/el1/data/content"),
        (form({"type": "heading", "data": []}), "/form/elements/el1/data"),
        (form({"type": ["heading"], "data": {}}), "/form/elements/el1/type"),
        ({"elements": {"root": 7}, "rootElementId": "root"}, "/form/elements/root"),
        ({"elements": {"root": {"id": " ", "type": "container"}}, "rootElementId": "root"}, "/form/elements/root/id"),
        (
            {
                "elements": {"r": {"id": "r", "type": "container", "data": {"layout": "row", "children": ["a", 7]}}},
                "rootElementId": "r",
            },
            "/form/elements/r/data/children/1",
        ),
    ],
)
def test_a_form_of_wrong_types_counts_as_missing_if_lenient(broken: Any, pointer: str) -> None:
    document = workflow(*NODES, form=broken)
    with pytest.raises(WorkflowFileError, match="cannot read this part of the form") as caught:
        read(document)
    assert caught.value.pointer == pointer
    reading = read(document, lenient=True)
    assert [warning.pointer for warning in reading.warnings] == [pointer]
    assert_no_form(reading)


def broken_tree(change: str) -> Json:
    tree = form("i.value", ["f.value"])
    elements = tree["elements"]
    match change:
        case "out of reach":
            elements["lost"] = {"id": "lost", "type": "divider", "parentId": "el0"}
        case "missing child":
            elements["el0"]["data"]["children"].append("ghost")
        case "no parent":
            del elements["el1"]["parentId"]
        case "wrong parent":
            elements["el1"]["parentId"] = "el2"
        case "parent is a field":
            elements["el1"]["parentId"] = "el1"
        case "root missing":
            tree["rootElementId"] = "roof"
        case "root is a field":
            tree["rootElementId"] = "el1"
        case "root has a parent":
            elements["el0"]["parentId"] = "el2"
        case "circle":
            elements["el2"]["data"]["children"].append("el0")
    return tree


@pytest.mark.parametrize(
    "change",
    [
        "out of reach",
        "missing child",
        "no parent",
        "wrong parent",
        "parent is a field",
        "root missing",
        "root is a field",
        "root has a parent",
        "circle",
    ],
)
def test_a_broken_tree_makes_the_file_unreadable(change: str) -> None:
    exposed = [{"nodeId": "i", "fieldName": "value"}]
    with pytest.raises(WorkflowFileError, match="the form's") as caught:
        read(workflow(*NODES, form=broken_tree(change), exposedFields=exposed), lenient=True)
    assert caught.value.pointer is not None
    assert caught.value.pointer.startswith("/form/")


def test_a_form_that_shows_itself_without_end_is_refused() -> None:
    elements: Json = {"c0": {"id": "c0", "type": "container", "data": {"layout": "row", "children": []}}}
    for number in range(1, 60):
        parent, key = f"c{number - 1}", f"c{number}"
        elements[parent]["data"]["children"] = [key, key]
        elements[key] = {
            "id": key,
            "type": "container",
            "parentId": parent,
            "data": {"layout": "row", "children": []},
        }
    with pytest.raises(WorkflowFileError, match="more than"):
        read(workflow(*NODES, form={"rootElementId": "c0", "elements": elements}))


def test_exposed_fields_make_the_form_of_a_workflow_without_one() -> None:
    exposed = [{"nodeId": node_id, "fieldName": "value"} for node_id in ("s", "i", "s")]
    reading = read(workflow(*NODES, exposedFields=exposed))
    assert [(item.index, item.aliases, item.node_id) for item in reading.inputs] == [(0, (2,), "s"), (1, (), "i")]
    embedded = embedded_in(reading)
    elements = list(embedded["form"]["elements"].values())
    assert elements[2]["data"] == {
        "fieldIdentifier": {"nodeId": "i", "fieldName": "value"},
        "showDescription": False,
        "settings": {"type": "integer-field-config", "showShuffle": False, "component": "number-input"},
    }


def test_exposed_fields_beside_a_form_are_ignored() -> None:
    exposed = [{"nodeId": "s", "fieldName": "value"}]
    reading = read(workflow(*NODES, exposedFields=exposed, form=form("i.value")))
    assert [item.node_id for item in reading.inputs] == ["i"]


def test_a_workflow_without_a_form_is_read_with_no_inputs() -> None:
    assert read(workflow(*NODES)).inputs == ()


def test_removed_elements_leave_a_form_that_can_be_loaded_again() -> None:
    reading = read(workflow(*NODES, form=form("ghost.value", "i.value")), lenient=True)
    embedded = embedded_in(reading)
    again = read(embedded)
    assert [item.node_id for item in again.inputs] == ["i"]


def test_the_embedded_workflow_reads_the_same_again() -> None:
    document = workflow(*NODES, node("a", "add", version="1.0.0"), id="w1", form=form("i.value", [["a.b"]]))
    first = read(document)
    embedded = embedded_in(first)
    assert "id" not in embedded
    again = read(embedded)
    assert (again.graph, again.inputs, embedded_in(again)) == (first.graph, first.inputs, embedded_in(first))
