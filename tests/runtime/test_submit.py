"""Submit: which items are kept if a batch has arrived more than once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invokable.runtime.steps.exchange.answers import RunItem
from invokable.runtime.steps.runs.duplicates import choose_items
from invokable.runtime.values.submission import items_in, new_batch_id

Row = list[tuple[str, str, Any]]


def listed(*values: Sequence[Any], canceled: Sequence[int] = ()) -> list[RunItem]:
    """Items as the server lists them, with ids starting at 1."""
    return [
        RunItem.model_validate(
            {
                "item_id": number,
                "batch_id": "b",
                "status": "canceled" if number in canceled else "pending",
                "field_values": [{"node_path": "n", "field_name": "f", "value": value} for value in row],
            }
        )
        for number, row in enumerate(values, start=1)
    ]


def rows(*values: Any) -> list[Row]:
    return [[("n", "f", value)] for value in values]


def test_the_earliest_item_for_each_value_is_kept() -> None:
    # First partially, then completely, then partially again.
    assert choose_items(listed(["a"], ["a"], ["b"], ["a"]), 2, rows("a", "b")) == ([1, 3], [2, 4])


def test_a_batch_without_one_of_the_values_is_given_up() -> None:
    assert choose_items(listed(["a"], ["a"]), 2, rows("a", "b")) == ([], [1, 2])


def test_a_value_that_is_in_a_batch_twice_has_two_items() -> None:
    assert choose_items(listed(["a"], ["a"], ["a"], ["a"]), 2, rows("a", "a")) == ([1, 2], [3, 4])


@pytest.mark.parametrize(
    ("sent", "back"),
    [
        (1, 1.0),
        (True, 1.0),
        ("1", "1"),
        ({"image_name": "x.png"}, {"image_name": "x.png", "extra": None}),
        ([1, 2], [1.0, 2.0]),
    ],
)
def test_values_are_compared_in_the_form_that_the_server_returns(sent: Any, back: Any) -> None:
    assert choose_items(listed([back], [back]), 1, rows(sent)) == ([1], [2])


def test_text_is_not_a_number() -> None:
    assert choose_items(listed(["a"], [1]), 2, rows("a", "1")) == ([], [1, 2])


def test_an_item_without_values_matches_a_workflow_without_a_batch() -> None:
    assert choose_items(listed([], []), 1, [[]]) == ([1], [2])


@given(st.lists(st.integers(0, 5), min_size=1, max_size=8), st.integers(1, 3), st.integers(0, 8))
def test_each_row_gets_its_own_item(values: list[int], copies: int, part: int) -> None:
    items = listed(*([value] for value in values * copies + values[:part]))
    kept, surplus = choose_items(items, len(values), rows(*values))
    of_item = {item.item_id: item.field_values[0].value for item in items if item.field_values}
    assert [of_item[item] for item in kept] == values
    assert sorted([*kept, *surplus]) == sorted(of_item)


def test_of_items_without_values_as_before_6_0_the_latest_complete_batch_is_kept() -> None:
    items = [item.model_copy(update={"field_values": None}) for item in listed(["a"], ["a"], ["b"])]
    assert choose_items(items, 2, rows("a", "b")) == ([2, 3], [1])


def test_another_process_assumes_complete_batches() -> None:
    assert choose_items(listed(["a"], ["b"], ["a"], ["b"]), 2, None) == ([1, 2], [3, 4])
    assert choose_items(listed(["a"], ["a"], ["b"]), 2, None) == ([2, 3], [1])
    assert choose_items(listed(["a"]), 2, None) == ([1], [])


def test_another_process_keeps_items_that_are_not_canceled() -> None:
    twice = (["a"], ["b"], ["a"], ["b"])
    assert choose_items(listed(*twice, canceled=[1, 4]), 2, None) == ([3, 2], [1, 4])
    assert choose_items(listed(*twice, canceled=[1, 2, 3, 4]), 2, None) == ([1, 2], [3, 4])


@given(st.integers(1, 2**32 - 1))
def test_a_batch_id_contains_the_number_of_items(items: int) -> None:
    batch_id = new_batch_id(items)
    assert (UUID(batch_id).version, str(UUID(batch_id))) == (8, batch_id)
    assert items_in(batch_id) == items
    assert new_batch_id(items) != batch_id


@pytest.mark.parametrize("batch_id", ["7f8d3c52-6d0b-4e6a-9d3e-0d6c1c0a0003", "nightly", ""])
def test_another_clients_batch_id_contains_no_number(batch_id: str) -> None:
    assert items_in(batch_id) == 0
