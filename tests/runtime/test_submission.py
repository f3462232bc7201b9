"""Submission: as plain data, which may have been edited on its way."""

from __future__ import annotations

import json
from typing import Any

import pytest

from invokable import Submission

STORED = Submission("package.module:Portrait", "a batch", "a destination", 2, (7, 8), ("a.png",))


def test_a_stored_submission_is_the_same() -> None:
    assert Submission.from_json(json.loads(json.dumps(STORED.to_json()))) == STORED


@pytest.mark.parametrize(
    "change",
    [
        {"workflow": None},
        {"batch_id": 7},
        {"destination": ["a"]},
        {"requested": "2"},
        {"requested": True},
        {"item_ids": ["7"]},
        {"item_ids": "78"},
        {"item_ids": 7},
        {"uploads": [None]},
        {"more": 1},
    ],
    ids=str,
)
def test_an_edited_submission_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        Submission.from_json(STORED.to_json() | change)


@pytest.mark.parametrize("value", [None, [], "a", {}, {"batch_id": "a"}], ids=str)
def test_anything_else_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        Submission.from_json(value)
