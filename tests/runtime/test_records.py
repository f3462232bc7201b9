"""Records: the server's descriptions of something; later ones are of the same thing."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from invokable import ModelInstall, QueueItem, User


@pytest.mark.parametrize(
    "record", [ModelInstall(id=1, status="running"), QueueItem(item_id=1, status="pending"), User(user_id="1")]
)
def test_a_record_is_known_by_its_id_alone(record: Any) -> None:
    by_id, *others = (field.name for field in fields(record))
    for name in others:
        assert replace(record, **{name: "changed"}) == record
    assert replace(record, **{by_id: 2}) != record
