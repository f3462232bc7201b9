"""The order in which a batch's data becomes items."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from invokable.testing.server.batches import expand, size
from tests.effort import tries

GROUPS = st.lists(
    st.integers(0, 4).flatmap(
        lambda length: st.lists(st.lists(st.integers(), min_size=length, max_size=length), min_size=1, max_size=3)
    ),
    max_size=3,
)


@settings(max_examples=tries(60))
@given(groups=GROUPS, runs=st.integers(1, 3))
def test_groups_are_zipped_inside_and_multiplied_among_each_other(groups: list[list[list[int]]], runs: int) -> None:
    data = [
        [{"node_path": f"n{g}", "field_name": f"f{d}", "items": items} for d, items in enumerate(group)]
        for g, group in enumerate(groups)
    ]

    items = [[value["value"] for value in values] for values in expand(data, runs)]

    combinations = itertools.product(*(zip(*group, strict=True) for group in groups))
    one_run = [[value for values in combination for value in values] for combination in combinations]
    assert items == one_run * runs
    assert size(data, runs) == len(items)


def test_the_last_group_turns_fastest_and_runs_are_outermost() -> None:
    def datum(node: str, items: list[Any]) -> dict[str, Any]:
        return {"node_path": node, "field_name": "value", "items": items}

    data = [[datum("a", [1, 2]), datum("b", ["x", "y"])], [datum("c", [10, 20])]]

    items = [tuple(value["value"] for value in values) for values in expand(data, 2)]

    once = [(1, "x", 10), (1, "x", 20), (2, "y", 10), (2, "y", 20)]
    assert items == once + once


def test_without_data_there_is_an_item_a_run() -> None:
    assert list(expand(None, 2)) == list(expand([], 2)) == [[], []]
    assert (size(None, 2), size([], 2), size([[]], 2)) == (2, 2, 0)
