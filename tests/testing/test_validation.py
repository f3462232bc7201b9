"""What the simulator refuses, like a real server: the cases were tried on InvokeAI 6.14.2."""

from __future__ import annotations

from typing import Any

import pytest

from tests.testing.asking import ADD, QUEUE, Asking, datum, edge

BATCH = ["body", "batch"]
GRAPH = [*BATCH, "graph"]
INT_PARSING = "Input should be a valid integer, unable to parse string as an integer"


def node(node_type: str, **fields: Any) -> dict[str, Any]:
    return {"a": {"id": "a", "type": node_type, **fields}}


def adds(*ids: str) -> dict[str, Any]:
    return {node_id: {"id": node_id, "type": "add"} for node_id in ids}


@pytest.mark.parametrize(
    ("data", "loc", "message"),
    [
        ([[datum([1, 2]), datum([1], field="b")]], ["data"], "Zipped batch items must all have the same length"),
        ([[datum(["a", 2])]], ["data"], "All items in a batch must have the same type"),
        ([[datum([1])], [datum([2])]], ["data"], "Each batch data must have unique node_id and field_name"),
        ([[datum([1], "zz")]], [], "Node zz not found in graph"),
        ([[datum([1], field="zz")]], [], "Field zz not found in node c"),
    ],
)
def test_batch_data_that_does_not_add_up(ask: Asking, data: Any, loc: list[str], message: str) -> None:
    answer = ask.post(data=data)

    (detail,) = answer.json()["detail"]
    assert answer.status_code == 422
    assert detail["type"] == "value_error"
    assert detail["loc"] == BATCH + loc
    assert detail["msg"] == f"Value error, {message}"
    assert detail["ctx"] == {"error": {}}


@pytest.mark.parametrize("item", [None, {"r": 1}])
def test_batch_items_of_kinds_that_batches_do_not_take(ask: Asking, item: Any) -> None:
    answer = ask.post(data=[[datum([item])]])

    details = answer.json()["detail"]
    assert answer.status_code == 422
    assert [detail["loc"][7] for detail in details] == [
        *("str", "float", "int", "ImageField", "VideoField"),
        "list[union[str,float,int,ImageField,VideoField]]",
    ]


@pytest.mark.parametrize(
    ("data", "enqueued", "requested"),
    [
        ([], 1, 1),
        ([[]], 0, 0),
        ([[datum([])]], 0, 0),
        ([[datum([True, False])]], 2, 2),
        ([[datum([1.5, 2])]], 2, 2),
        ([[datum([[1, 2], ["a"]])]], 2, 2),
    ],
)
def test_batch_data_that_is_taken(ask: Asking, data: Any, enqueued: int, requested: int) -> None:
    answer = ask.enqueue(data=data)

    assert (answer["enqueued"], answer["requested"]) == (enqueued, requested)


@pytest.mark.parametrize(
    ("nodes", "edges", "message"),
    [
        ({"d": {"id": "c", "type": "add"}}, [], "Node ids must match, got d and c"),
        (adds("a", "b"), [edge("a", "value", "b", "a"), edge("b", "value", "a", "a")], "Graph contains cycles"),
        (adds("a"), [edge("a", "value", "a", "a")], "Graph contains cycles"),
        (adds("a"), [edge("a", "value", "b", "a")], "Edge destination node b does not exist in the graph"),
        (adds("a"), [edge("b", "value", "a", "a")], "Edge source node b does not exist in the graph"),
        (adds("a", "b"), [edge("a", "x", "b", "a")], "Edge source field x does not exist in node a"),
        (adds("a", "b"), [edge("a", "value", "b", "x")], "Edge destination field x does not exist in node b"),
        (
            {**node("blank_image"), **adds("b")},
            [edge("a", "image", "b", "a")],
            "Edge source and target types do not match (a.image -> b.a)",
        ),
        (
            {**node("float"), **adds("b")},
            [edge("a", "value", "b", "a")],
            "Edge source and target types do not match (a.value -> b.a)",
        ),
        (node("iterate"), [], "Invalid iterator node (a): Iterator must have a collection input edge"),
        (
            node("collect"),
            [],
            "Invalid collector node (a): Collector must have at least one item or collection input edge",
        ),
        (
            {**node("collect"), **adds("b"), "s": {"id": "s", "type": "string"}},
            [edge("b", "value", "a", "item"), edge("s", "value", "a", "item")],
            "Invalid collector node (a): Collector input collection items must be of a single type",
        ),
    ],
)
def test_graphs_that_cannot_run(ask: Asking, nodes: Any, edges: list[Any], message: str) -> None:
    answer = ask.post(nodes, edges)

    (detail,) = answer.json()["detail"]
    assert answer.status_code == 422
    assert (detail["type"], detail["loc"]) == ("value_error", GRAPH)
    assert detail["msg"] == f"Value error, {message}"


@pytest.mark.parametrize(
    ("nodes", "kind", "where"),
    [
        (node("zzz"), "union_tag_invalid", ["a"]),
        ({"a": {"id": "a"}}, "union_tag_not_found", ["a"]),
        ({"a": 3}, "model_attributes_type", ["a"]),
        (node("add", a="x"), "int_parsing", ["a", "add", "a"]),
        (node("add", a=1.5), "int_from_float", ["a", "add", "a"]),
        (node("add", a=None), "int_type", ["a", "add", "a"]),
        (node("float", value="x"), "float_parsing", ["a", "float", "value"]),
        (node("string", value=True), "string_type", ["a", "string", "value"]),
        (node("boolean", value=2), "bool_parsing", ["a", "boolean", "value"]),
        (node("blank_image", mode="CMYK"), "literal_error", ["a", "blank_image", "mode"]),
        (node("noise", width=7), "multiple_of", ["a", "noise", "width"]),
        (node("noise", width=0), "greater_than", ["a", "noise", "width"]),
        (node("img_blur", radius=-1), "greater_than_equal", ["a", "img_blur", "radius"]),
        (node("img_blur", image="x"), "model_type", ["a", "img_blur", "image"]),
        (node("img_blur", image={}), "missing", ["a", "img_blur", "image", "image_name"]),
        (node("integer_collection", collection=[1, "x"]), "int_parsing", ["a", "integer_collection", "collection", 1]),
        (node("integer_collection", collection=5), "list_type", ["a", "integer_collection", "collection"]),
        (node("blank_image", board="none"), "model_type", ["a", "blank_image", "board"]),
        (node("add", is_intermediate="x"), "bool_parsing", ["a", "add", "is_intermediate"]),
        (node("metadata_item_linked"), "value_error", ["a", "metadata_item_linked"]),
    ],
)
def test_nodes_and_values_that_do_not_fit(ask: Asking, nodes: Any, kind: str, where: list[Any]) -> None:
    answer = ask.post(nodes)

    (detail,) = answer.json()["detail"]
    assert answer.status_code == 422
    assert (detail["type"], detail["loc"]) == (kind, [*GRAPH, "nodes", *where])


def test_the_words_and_the_context_of_a_refusal(ask: Asking) -> None:
    (parsing,) = ask.post(node("add", a="x")).json()["detail"]
    (literal,) = ask.post(node("blank_image", mode="CMYK")).json()["detail"]
    (limit,) = ask.post(node("img_blur", radius=-1)).json()["detail"]
    (unknown,) = ask.post(node("zzz")).json()["detail"]

    where = [*GRAPH, "nodes", "a", "add", "a"]
    assert parsing == {"type": "int_parsing", "loc": where, "msg": INT_PARSING, "input": "x"}
    assert literal["msg"] == "Input should be 'RGB' or 'RGBA'"
    assert literal["ctx"] == {"expected": "'RGB' or 'RGBA'"}
    assert (limit["msg"], limit["ctx"]) == ("Input should be greater than or equal to 0", {"ge": 0.0})
    assert "'img_blur'" in unknown["msg"]
    assert unknown["ctx"]["tag"] == "zzz"


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        (node("add", a="5"), {"a": 5}),
        (node("add", a="5.0"), {"a": 5}),
        (node("add", a=5.0), {"a": 5}),
        (node("add", a=True), {"a": 1}),
        (node("float", value="1.5"), {"value": 1.5}),
        (node("string", value=5), {"value": "5"}),
        (node("boolean", value="yes"), {"value": True}),
        (node("img_blur", image={"image_name": "q", "z": 1}), {"image": {"image_name": "q"}}),
        (node("img_blur"), {"image": None, "radius": 8.0, "blur_type": "gaussian", "board": None}),
        (node("main_model_loader"), {"model": None}),
        (node("add", unknown=1), {"a": 0, "b": 0}),
    ],
)
def test_nodes_come_back_as_the_server_holds_them(ask: Asking, given: Any, taken: dict[str, Any]) -> None:
    echoed = ask.enqueue(given)["batch"]["graph"]["nodes"]["a"]

    assert "unknown" not in echoed
    for name, value in taken.items():
        assert (echoed[name], type(echoed[name])) == (value, type(value))


@pytest.mark.parametrize(
    ("nodes", "edges"),
    [
        (adds("a", "d", "b"), [edge("a", "value", "b", "a"), edge("d", "value", "b", "a")]),
        ({**adds("b"), **node("float")}, [edge("b", "value", "a", "value")]),
        ({**adds("b"), **node("string")}, [edge("b", "value", "a", "value")]),
        ({**adds("b"), **node("integer_collection")}, [edge("a", "collection", "b", "a")]),
        ({}, []),
    ],
)
def test_surprising_values_that_the_server_accepts(ask: Asking, nodes: Any, edges: list[Any]) -> None:
    assert ask.post(nodes, edges).status_code == 200


@pytest.mark.parametrize(
    ("batch", "kind", "where"),
    [
        ({"runs": 0}, "greater_than_equal", "runs"),
        ({"runs": 1.5}, "int_from_float", "runs"),
        ({"runs": None}, "int_type", "runs"),
        ({"batch_id": None}, "string_type", "batch_id"),
        ({"data": "x"}, "list_type", "data"),
    ],
)
def test_members_of_a_batch(ask: Asking, batch: dict[str, Any], kind: str, where: str) -> None:
    (detail,) = ask.post(**batch).json()["detail"]

    assert (detail["type"], detail["loc"]) == (kind, [*BATCH, where])


def test_bodies_that_are_not_a_batch(ask: Asking) -> None:
    def refused(**body: Any) -> list[tuple[str, list[Any]]]:
        answer = ask.http.post(f"{QUEUE}/enqueue_batch", **body)
        assert answer.status_code == 422
        return [(detail["type"], detail["loc"]) for detail in answer.json()["detail"]]

    broken = {"content": b'{"batch": {', "headers": {"content-type": "application/json"}}
    assert refused(json={}) == [("missing", BATCH)]
    assert refused(json={"batch": {"runs": 1}}) == [("missing", GRAPH)]
    assert refused(json=[1]) == [("missing", BATCH), ("missing", ["body", "prepend"])]
    assert refused(content=b"abc") == [("missing", BATCH)]
    assert refused(**broken) == [("json_invalid", ["body", 11])]
    assert refused(json={"batch": {"graph": {"nodes": ADD}}, "prepend": "zz"}) == [
        ("bool_parsing", ["body", "prepend"])
    ]


def test_a_workflow_must_be_whole(ask: Asking) -> None:
    details = ask.post(workflow={"name": "x"}).json()["detail"]

    assert [detail["loc"][-1] for detail in details] == [
        *("author", "description", "version", "contact", "tags", "notes"),
        *("exposedFields", "meta", "nodes", "edges"),
    ]


def test_nodes_that_the_editor_expands_break_the_server(ask: Asking) -> None:
    answer = ask.post(node("integer_batch"))

    assert answer.status_code == 500
    assert (answer.headers["content-type"], answer.text) == ("text/plain; charset=utf-8", "Internal Server Error")
