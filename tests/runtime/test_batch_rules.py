"""Rules of nodes that the schema does not have: a value that breaks one would block the server's queue."""

from __future__ import annotations

from typing import Any

import pytest

from invokable import ValidationError
from invokable.runtime.steps.runs.batch_rules import broken_rules
from invokable.testing import Simulator
from tests.examples import add_edge, add_field, add_node, example, imported, node, workflow_class


def _broken(fields: dict[str, Any], *groups: dict[str, list[Any]]) -> list[tuple[tuple[str, str], str]]:
    """What is wrong with these lists for the fields of one node, group by group."""
    data = [[{"node_path": "n", "field_name": name, "items": items} for name, items in g.items()] for g in groups]
    return list(broken_rules({"nodes": {"n": {"id": "n", **fields}}}, data))


def test_a_batch_value_that_its_node_refuses_is_reported_before_anything_is_sent() -> None:
    document = example("colour_card.json")
    add_node(document, "divisors", "integer_batch", version="1.0.0", batch_group_id="None", integers=[1])
    add_node(document, "divided", "integer_math", version="1.0.1", operation="DIV", a=640, b=1)
    add_edge(document, "divisors", "value", "divided", "b")
    add_edge(document, "divided", "value", node(document, "blank_image")["id"], "width")
    add_field(document, "divisors", "integers")
    flow = workflow_class(imported(document))(stamp=b"not read by the server", integers=[2, 0, 4])
    with Simulator() as server, pytest.raises(ValidationError) as caught:
        server.client().run(flow)
    (problem,) = caught.value.errors
    assert (problem.attribute, problem.index) == ("integers", 9)
    assert problem.message == "integer_math refuses b=0: Cannot divide by zero"
    assert not [request for request in server.requests if request.method == "POST"]


@pytest.mark.parametrize(
    ("fields", "lists", "reason"),
    [
        ({"type": "integer_math", "operation": "DIV", "a": 1, "b": 1}, {"b": [1, -1]}, ""),
        ({"type": "integer_math", "operation": "ADD", "a": 1, "b": 1}, {"b": [0]}, ""),
        ({"type": "integer_math", "b": 1}, {"b": [0]}, ""),
        ({"type": "integer_math", "operation": "MOD", "a": 1, "b": 1}, {"b": [0]}, "divide by zero"),
        ({"type": "float_math", "operation": "EXP", "a": 2.0, "b": 1.0}, {"a": [1.0, 0.0], "b": [-1.0, -1.0]}, "zero"),
        ({"type": "float_math", "operation": "EXP", "a": -2.0, "b": 1.0}, {"b": [0.5]}, "complex"),
        ({"type": "float_math", "operation": "EXP", "a": 1e300, "b": 1.0}, {"b": [2.0]}, "out of range"),
        ({"type": "range", "start": 0, "stop": 10, "step": 1}, {"start": [1, 5], "stop": [2, 6]}, ""),
        ({"type": "range", "start": 0, "stop": 10, "step": 1}, {"start": [10]}, "greater than start"),
    ],
)
def test_rules(fields: dict[str, Any], lists: dict[str, list[Any]], reason: str) -> None:
    broken = _broken(fields, lists)
    assert bool(broken) == bool(reason)
    assert all(reason in words and words.startswith(f"{fields['type']} refuses ") for _, words in broken)


def test_lists_of_one_group_are_zipped_and_groups_are_multiplied() -> None:
    fields = {"type": "range", "start": 0, "stop": 10, "step": 1}
    assert not _broken(fields, {"start": [1, 5], "stop": [2, 6]})
    assert _broken(fields, {"start": [1, 5]}, {"stop": [2, 6]}) == [
        (("n", "stop"), "range refuses stop=2: stop must be greater than start")
    ]
