"""Limits are those of annotated-types to libraries that inspect them."""

from __future__ import annotations

from typing import Annotated, Any

import annotated_types
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from invokable.contract.limits import is_multiple
from invokable.runtime import Ge, Gt, Le, Len, Lt, MultipleOf, OneOf
from tests.effort import tries


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


def test_one_of_some_values_is_what_a_literal_would_be() -> None:
    adapter = TypeAdapter(Annotated[str | float, OneOf("auto", 0.5, 1)])
    for good in ("auto", 0.5, 1, 1.0):
        assert adapter.validate_python(good) == good
    for bad in ("0.5", True, None, 0.7, [0.5]):
        with pytest.raises(ValidationError, match=r"'auto', 0\.5 or 1") as caught:
            adapter.validate_python(bad)
        assert [error["type"] for error in caught.value.errors()] == ["literal_error"]
    assert repr(OneOf("auto", 0.5)) == "OneOf('auto', 0.5)"
    assert OneOf(0.5) == OneOf(0.5) != OneOf(1.5)
    assert OneOf(2) != Ge(2)
    assert OneOf(1, 0) != OneOf(True, False)  # otherwise typing takes an annotation with one for that with the other


@given(
    step=st.sampled_from([0.05, 0.1, 0.25, 0.3, 1.0, 3.7, 8.0]) | st.floats(1e-6, 1e6),
    times=st.integers(-(10**6), 10**6),
    beside=st.sampled_from([0.0, 1e-12, 9e-10, 1.1e-9, -1.1e-9, 1e-3]),
)
@settings(max_examples=tries(500))
def test_the_generator_and_pydantic_agree_on_multiples(step: float, times: int, beside: float) -> None:
    value = times * step + beside
    try:
        TypeAdapter(Annotated[float, MultipleOf(step)]).validate_python(value)
    except ValidationError:
        assert not is_multiple(value, step)
    else:
        assert is_multiple(value, step)


def test_a_number_beyond_every_float_is_no_multiple_of_one() -> None:
    assert not is_multiple(10**400, 0.1)
    assert is_multiple(8 * 10**400, 8)


def test_a_length_has_two_ends() -> None:
    adapter = TypeAdapter(Annotated[list[int], Len(1, 2)])
    assert adapter.validate_python([1, 2]) == [1, 2]
    for wrong in ([], [1, 2, 3]):
        with pytest.raises(ValidationError):
            adapter.validate_python(wrong)
