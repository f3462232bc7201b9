"""Limits are those of annotated-types to libraries that inspect them."""

from __future__ import annotations

from typing import Annotated, Any

import annotated_types
import pytest
from pydantic import TypeAdapter, ValidationError

from invokable.runtime import Ge, Gt, Le, Len, Lt, MultipleOf


@pytest.mark.parametrize(
    ("limit", "same", "good", "bad"),
    [
        (Ge(2), annotated_types.Ge(2), 2, 1),
        (Gt(2), annotated_types.Gt(2), 3, 2),
        (Le(2), annotated_types.Le(2), 2, 3),
        (Lt(2), annotated_types.Lt(2), 1, 2),
        (MultipleOf(8), annotated_types.MultipleOf(8), 16, 12),
    ],
)
def test_a_limit_holds_and_yields_the_librarys_own(limit: Any, same: object, good: int, bad: int) -> None:
    assert list(limit) == [same]
    adapter = TypeAdapter(Annotated[int, limit])
    assert adapter.validate_python(good) == good
    with pytest.raises(ValidationError):
        adapter.validate_python(bad)


def test_a_length_has_two_ends() -> None:
    adapter = TypeAdapter(Annotated[list[int], Len(1, 2)])
    assert adapter.validate_python([1, 2]) == [1, 2]
    for wrong in ([], [1, 2, 3]):
        with pytest.raises(ValidationError):
            adapter.validate_python(wrong)
