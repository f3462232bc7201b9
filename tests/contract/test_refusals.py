"""What a server refuses, in whose words, and how nodes fail: the same on the simulator and on real servers."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.live.provision import Server

QUEUE = "/api/v1/queue/default"


def enqueue(server: Server, *nodes: dict[str, Any], edges: tuple[str, ...] = (), **body: Any) -> httpx.Response:
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
def test_a_value_that_a_node_does_not_take(server: Server, node: Any, where: list[Any], message: str) -> None:
    answer = enqueue(server, node)

    (detail,) = answer.json()["detail"]
    assert answer.status_code == 422
    assert detail["loc"] == ["body", "batch", "graph", "nodes", "n0", node["type"], *where]
    assert detail["msg"] == message


def test_null_for_a_parameter_with_a_default_is_the_default(server: Server) -> None:
    assert enqueue(server, {"type": "add"}, prepend=None).status_code == 200


def test_a_server_that_cannot_check_a_value_fails(server: Server) -> None:
    answer = enqueue(server, {"type": "image_panel_layout", "num_cols": 0, "panel_col_idx": 0})

    assert (answer.status_code, answer.text) == (500, "Internal Server Error")
