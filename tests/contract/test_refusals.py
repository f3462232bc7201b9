"""What a server refuses, in whose words, and how nodes fail: the same on the simulator and on real servers."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from tests.live.provision import Server

QUEUE = "/api/v1/queue/default"


def enqueued(server: Server, *nodes: dict[str, Any], edges: tuple[str, ...] = (), **body: Any) -> httpx.Response:
    """Enqueue nodes `n0`, `n1` and so on; an edge is written `n0.value -> n1.a`."""
    ends = [[end.partition(".") for end in edge.split(" -> ")] for edge in edges]
    graph = {
        "nodes": {f"n{position}": {"id": f"n{position}", **node} for position, node in enumerate(nodes)},
        "edges": [
            {
                "source": {"node_id": source, "field": output},
                "destination": {"node_id": destination, "field": field},
            }
            for (source, _, output), (destination, _, field) in ends
        ],
    }
    return httpx.post(
        f"{server.url}{QUEUE}/enqueue_batch", json={"batch": {"graph": graph}, **body}, timeout=30, verify=False
    )


@pytest.mark.parametrize(
    ("node", "where", "message"),
    [
        ({"type": "img_blur", "metadata": [1]}, ["metadata"], "Input should be a valid dictionary"),
        ({"type": "merge_metadata", "collection": [[]]}, ["collection", 0], "Input should be a valid dictionary"),
        (
            {"type": "lscale", "latents": "x"},
            ["latents"],
            "Input should be a valid dictionary or instance of LatentsField",
        ),
        ({"type": "lscale", "latents": {}}, ["latents", "latents_name"], "Field required"),
        (
            {"type": "ideal_size", "unet": "x"},
            ["unet"],
            "Input should be a valid dictionary or instance of UNetField",
        ),
        ({"type": "range", "stop": -1}, ["stop"], "Value error, stop must be greater than start"),
        ({"type": "integer_math", "operation": "DIV", "b": 0}, ["b"], "Value error, Cannot divide by zero"),
        (
            {"type": "image_panel_layout", "num_cols": 2, "panel_col_idx": 2},
            ["panel_col_idx"],
            "Value error, panel_col_idx must be between 0 and 1",
        ),
        (
            {
                "type": "crop_image_to_bounding_box",
                "bounding_box": {"x_min": 2, "x_max": 1, "y_min": 0, "y_max": 0},
            },
            ["bounding_box"],
            "Value error, x_min (2) is greater than x_max (1).",
        ),
        ({"type": "add", "a": "1e3"}, ["a"], "Input should be a valid integer, unable to parse string as an integer"),
    ],
)
def test_a_value_that_a_node_does_not_take(newest: Server, node: Any, where: list[Any], message: str) -> None:
    answer = enqueued(newest, node)

    (detail,) = answer.json()["detail"]
    assert answer.status_code == 422
    assert detail["loc"] == ["body", "batch", "graph", "nodes", "n0", node["type"], *where]
    assert detail["msg"] == message


def test_null_for_a_parameter_with_a_default_is_the_default(newest: Server) -> None:
    assert enqueued(newest, {"type": "add"}, prepend=None).status_code == 200


def test_a_server_that_cannot_check_a_value_fails(newest: Server) -> None:
    answer = enqueued(newest, {"type": "image_panel_layout", "num_cols": 0, "panel_col_idx": 0})

    assert (answer.status_code, answer.text) == (500, "Internal Server Error")


MISMATCH = "Edge source and target types do not match (n0.{} -> n1.{})"


@pytest.mark.parametrize(
    ("nodes", "edges", "message"),
    [
        # An input that may be null takes no other type, not even one that would become its own.
        (("integer", "lscale"), ["value -> scale_factor"], MISMATCH.format("value", "scale_factor")),
        (("integer", "metadata_item"), ["value -> label"], MISMATCH.format("value", "label")),
        (("integer", "add"), ["value -> is_intermediate"], MISMATCH.format("value", "is_intermediate")),
        (("integer", "string"), ["type -> value"], MISMATCH.format("type", "value")),
        (("workflow_return_value", "add"), ["value -> a"], MISMATCH.format("value", "a")),
        (("if", "iterate"), ["value -> collection"], "Invalid iterator node (n1): Iterator input must be a collection"),
        (
            ("integer", "collect", "float_collection"),
            ["value -> item", "n1.collection -> n2.collection"],
            "Invalid collector node (n1): Collector outputs must connect to a collection input with a matching type",
        ),
        (
            ("if", "collect", "float_collection"),
            ["value -> item", "n1.collection -> n2.collection"],
            "Invalid collector node (n1): Collector outputs must connect to a collection input with a matching type",
        ),
        # A boolean is an integer.
        (("boolean", "add"), ["value -> a"], None),
        (("boolean", "collect", "integer"), ["value -> item", "n2.value -> n1.item"], None),
        (("integer", "float"), ["value -> value"], None),
    ],
)
def test_an_edge_between_types(newest: Server, nodes: tuple[str, ...], edges: list[str], message: str | None) -> None:
    whole = tuple(edge if edge.startswith("n") else "n0.{} -> n1.{}".format(*edge.split(" -> ")) for edge in edges)
    answer = enqueued(newest, *({"type": node_type} for node_type in nodes), edges=whole)

    refusals = [detail["msg"] for detail in answer.json().get("detail", ())]
    assert refusals == ([] if message is None else [f"Value error, {message}"])


BOX = "1 validation error for BoundingBoxField\n  Value error, x_min (0) is greater than x_max (-9)."


@pytest.mark.parametrize(
    ("nodes", "edges", "error_type", "message"),
    [
        ([{"type": "bounding_box", "x_max": -9}], [], "ValidationError", BOX),
        (
            [{"type": "tile_to_properties"}],
            [],
            "MissingInputException",
            "Node tile_to_properties missing value or connection for field tile",
        ),
        (
            [{"type": "noise", "noise_type": "FLUX", "width": 8, "height": 16}],
            [],
            "ValueError",
            "FLUX noise width and height must be a multiple of 16",
        ),
        ([{"type": "random_range", "size": -1}], [], "ValueError", "negative dimensions are not allowed"),
        ([{"type": "if"}, {"type": "range"}], ["n0.value -> n1.start"], "NodeInputError", "invalid incoming input"),
    ],
)
def test_a_node_that_fails(
    newest: Server, nodes: list[dict[str, Any]], edges: list[str], error_type: str, message: str
) -> None:
    (item_id,) = enqueued(newest, *nodes, edges=tuple(edges)).json()["item_ids"]
    deadline = time.monotonic() + 60
    while (item := newest.get(f"{QUEUE}/i/{item_id}"))["status"] in ("pending", "in_progress"):
        assert time.monotonic() < deadline
        time.sleep(0.01)

    assert item["error_type"] == error_type
    assert message in item["error_message"]


@pytest.mark.parametrize(
    ("node", "data"),
    [
        ({"type": "range", "start": 20}, None),
        ({"type": "range", "stop": 10}, {"field_name": "start", "items": [20]}),
        ({"type": "integer_math", "operation": "DIV"}, {"field_name": "b", "items": [0]}),
    ],
)
def test_an_item_that_the_server_cannot_read(newest: Server, node: dict[str, Any], data: dict[str, Any] | None) -> None:
    graph = {"nodes": {"n0": {"id": "n0", **node}}, "edges": []}
    batch = {"graph": graph, "data": data and [[{"node_path": "n0", **data}]]}
    (item_id,) = newest.post(f"{QUEUE}/enqueue_batch", {"batch": batch})["item_ids"]

    answer = httpx.get(f"{newest.url}{QUEUE}/i/{item_id}", timeout=30, verify=False)
    newest.put(f"{QUEUE}/clear")

    assert answer.status_code == 500
    assert f"1 validation error for GraphExecutionState\ngraph.nodes.n0.{node['type']}." in answer.json()["detail"]
