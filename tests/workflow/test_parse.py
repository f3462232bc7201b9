"""What a file must contain to be a workflow."""

from __future__ import annotations

from typing import Any

import pytest

from invokable.workflow import WorkflowFileError, node_versions
from tests.workflow.builders import connector, edge, embedded_in, graph_node, node, notes, read, workflow


def mutated(path: str, value: Any = None, *, delete: bool = False) -> dict[str, Any]:
    """Return a workflow with one value replaced or deleted; the path is a JSON pointer."""
    document = workflow(
        node("i", "integer", value=1), node("f", "float", value=1), notes("n"), edges=[edge("i.value", "f.value")]
    )
    *parents, last = path.strip("/").split("/")
    place: Any = document
    for part in parents:
        place = place[int(part)] if isinstance(place, list) else place[part]
    if delete:
        del place[last]
    else:
        place[int(last) if isinstance(place, list) else last] = value
    return document


@pytest.mark.parametrize(
    "path",
    ["/name", "/author", "/exposedFields", "/nodes", "/edges", "/meta"]
    + [f"/nodes/0/data/{key}" for key in "id version label notes type inputs isOpen isIntermediate useCache".split()]
    + ["/nodes/0/data/inputs/value/name", "/nodes/2/data/notes", "/edges/0/type", "/edges/0/sourceHandle"],
)
def test_required_keys_must_be_present(path: str) -> None:
    with pytest.raises(WorkflowFileError) as caught:
        read(mutated(path, delete=True), lenient=True)
    parent = path.rpartition("/")[0]
    assert caught.value.pointer in (parent, "/meta/version")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("/id", None),
        ("/id", ""),
        ("/name", 5),
        ("/meta/version", "5.0.0"),
        ("/meta/version", 4),
        ("/meta/category", "project"),
        ("/nodes/0/type", "current_image"),
        ("/nodes/0/id", "  "),
        ("/nodes/0/position", None),
        ("/nodes/0/data/label", None),
        ("/nodes/0/data/nodePack", ""),
        ("/nodes/0/data/useCache", "yes"),
        ("/nodes/0/data/version", "1.2.2-beta"),
        ("/nodes/0/data/version", "1.2"),
        ("/nodes/0/data/version", "-1.0.0"),
        ("/nodes/0/data/inputs/value", None),
        ("/nodes/0/data/inputs/value/name", "\ufeff"),
        ("/nodes/2/data/type", "invocation"),
        ("/edges/0/type", "curved"),
        ("/edges/0/hidden", None),
        ("/edges/0/id", ""),
        ("/exposedFields", [{"nodeId": "i"}]),
        ("/exposedFields", [7]),
    ],
)
def test_keys_of_the_wrong_type_are_refused_with_their_location(path: str, value: Any) -> None:
    with pytest.raises(WorkflowFileError) as caught:
        read(mutated(path, value), lenient=True)
    assert caught.value.pointer is not None
    assert caught.value.pointer.startswith(path)


@pytest.mark.parametrize("document", [None, [], "text", 4, {}, {"meta": None}, {"workflow": workflow()}])
def test_json_that_is_not_a_workflow_is_refused(document: Any) -> None:
    with pytest.raises(WorkflowFileError):
        read(document)


def test_keys_with_a_default_may_be_missing() -> None:
    document = workflow(node("i", "integer", value=1))
    del document["nodes"][0]["position"], document["nodes"][0]["data"]["nodePack"], document["meta"]["category"]
    embedded = embedded_in(read(document))
    assert embedded["nodes"][0]["position"] == {"x": 0, "y": 0}
    assert embedded["nodes"][0]["data"]["nodePack"] == "invokeai"
    assert embedded["meta"] == {"version": "4.0.0", "category": "user"}


def test_names_are_trimmed_but_the_keys_of_inputs_are_not() -> None:
    document = workflow(node(" i ", " integer ", version="1.0.1", value=1), node("f", "float"))
    document["edges"] = [edge("i.value", "f.value", source=" i ", targetHandle="value\n")]
    reading = read(document)
    assert graph_node(reading, "i") == {"value": 1}
    assert reading.workflow.edges[0].target_handle == "value"


def test_a_label_that_is_not_text_counts_as_empty() -> None:
    document = workflow(node("i", "integer", value=1))
    document["nodes"][0]["data"]["inputs"]["value"] |= {"label": 5, "description": None}
    entry = read(document).workflow.invocations()[0].inputs["value"]
    assert (entry.label, entry.description) == ("", "")


@pytest.mark.parametrize("version", ["1.0.1.9", "1..1", "0x1.0.1", " 1.0.1", "1e0.0.1"])
def test_a_node_version_is_what_javascript_takes_for_three_numbers(version: str) -> None:
    reading = read(workflow(node("i", "integer", version=version, value=1)), lenient=True)
    assert graph_node(reading, "i") == {"value": 1}


def test_unknown_keys_are_left_out_of_the_embedded_workflow() -> None:
    document = workflow(node("i", "integer", value=1), connector("c"), extra=1)
    document["nodes"][0] |= {"width": 320}
    document["nodes"][0]["data"] |= {"outputs": {}}
    embedded = embedded_in(read(document))
    assert "extra" not in embedded
    assert embedded["nodes"][0].keys() == {"id", "type", "data", "position"}
    assert "outputs" not in embedded["nodes"][0]["data"]


def test_a_workflow_returns_once() -> None:
    document = workflow(node("a", "workflow_return"), node("b", "workflow_return"))
    with pytest.raises(WorkflowFileError, match="more than one") as caught:
        read(document, lenient=True)
    assert caught.value.pointer == "/nodes/1/data"


def test_two_nodes_with_one_id_are_refused_unless_lenient() -> None:
    document = workflow(node("i", "integer", value=1), node("i", "integer", value=2))
    with pytest.raises(WorkflowFileError, match="two nodes have the id 'i'") as caught:
        read(document)
    assert caught.value.suggestion == "--lenient reads it as the editor does, with a warning"
    assert read(document, lenient=True).warnings[0].pointer == "/nodes/1/id"


def test_node_versions_are_known_before_anything_is_checked() -> None:
    document = {"nodes": [node("i", "integer", version="1.0.0"), notes("n"), 7, {"type": "invocation", "data": {}}]}
    document["nodes"].append({"type": "invocation", "data": {"type": "add"}})
    assert node_versions(document) == [("integer", "1.0.0"), ("add", "1.0.0")]
    assert node_versions(["nothing"]) == []
