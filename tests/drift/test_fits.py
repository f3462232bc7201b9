"""Fits: whether an input accepts everything that another accepts, and if not, in which aspect."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invokable.contract.interface.accepted import Accepted, Many, One, read_annotation
from invokable.contract.interface.fits import contains, misfits
from invokable.contract.limits import Limits
from invokable.contract.models import ModelFilter

REACH = range(-60, 61)
small = st.none() | st.integers(-20, 20)
integers = st.builds(
    Limits,
    minimum=small,
    maximum=small,
    exclusive_minimum=small,
    exclusive_maximum=small,
    multiple_of=st.none() | st.integers(1, 6),
)
halves = st.none() | st.integers(-8, 8).map(lambda n: n / 2)
floats = st.builds(Limits, minimum=halves, maximum=halves, exclusive_minimum=halves, exclusive_maximum=halves)


@given(integers, integers)
def test_integers_are_contained_exactly_when_each_is(outer: Limits, inner: Limits) -> None:
    allowed = [number for number in REACH if not inner.misfit_of_number(number)]
    assert contains(outer, inner, whole=True) == (not any(outer.misfit_of_number(number) for number in allowed))


@given(floats, floats)
def test_numbers_are_contained_exactly_when_each_is(outer: Limits, inner: Limits) -> None:
    allowed = [number for number in (n / 4 for n in REACH) if not inner.misfit_of_number(number)]
    fits = not any(outer.misfit_of_number(number) for number in allowed)
    assert contains(outer, inner, whole=False) == fits or not allowed  # limits that allow nothing are never written


@pytest.mark.parametrize(
    ("given", "accepting", "aspects"),
    [
        ("int", "float", ""),
        ("float", "int", "type"),
        ("bool", "int", "type"),
        ("int", "int | list[int]", ""),
        ("int | list[int]", "int", "type"),
        ("list[int]", "list[float]", "type"),
        ("Annotated[int, Ge(0)]", "Annotated[int, Gt(-1)]", ""),
        ("Annotated[float, Ge(0)]", "Annotated[float, Gt(0)]", "limits"),
        ("Annotated[float, Gt(0)]", "Annotated[float, Ge(0)]", ""),
        ("Annotated[int, Ge(8)]", "Annotated[int, Ge(8), MultipleOf(8)]", "limits"),
        ("Annotated[int, Ge(0), MultipleOf(16)]", "Annotated[int, Ge(0), MultipleOf(8)]", ""),
        ("Annotated[float, MultipleOf(0.5)]", "Annotated[float, MultipleOf(0.25)]", ""),
        ("float", "Annotated[float, MultipleOf(0.25)]", "limits"),
        ("int", "Annotated[float, MultipleOf(0.25)]", ""),
        ("Annotated[int, Ge(0)] | None", "Annotated[int, Ge(0)]", "none"),
        ("Literal['a']", "Literal['a', 'b']", ""),
        ("Literal['a', 'b']", "Literal['a']", "choices"),
        ("Literal['a', 'b']", "str", ""),
        ("str", "Literal['a']", "choices"),
        ("Literal[1, True]", "Literal[1]", "type"),
        ("Literal['a', '']", "Annotated[str, Len(1)]", "limits"),
        ("Literal[64, 128]", "Annotated[int, Ge(64), MultipleOf(32)]", ""),
        ("Literal[64, 128]", "Annotated[float, Le(128)]", ""),
        ("Literal[32, 64]", "Annotated[int, Ge(64)]", "limits"),
        ("list[Literal['a']]", "list[Literal['a', 'b']]", "choices"),
        ("Annotated[list[int], Len(0, 2)]", "list[int]", ""),
        ("list[int]", "Annotated[list[int], Len(1)]", "limits"),
        ("list[Annotated[int, Ge(1)]]", "list[Annotated[int, Ge(0)]]", ""),
        ("list[Annotated[int, Ge(0)]]", "list[Annotated[int, Ge(1)]]", "limits"),
        ("Annotated[float, OneOf(0.5, 1)]", "Annotated[float, OneOf(0.5, 1, 2.5)]", ""),
        ("Annotated[float, OneOf(0.5, 1, 2.5)]", "Annotated[float, OneOf(0.5, 1)]", "choices"),
        ("Annotated[float, OneOf(0.5, 1)]", "float", ""),
        ("Annotated[float, OneOf(0.5, 1)]", "Annotated[float, Ge(1)]", "limits"),
        ("float", "Annotated[float, OneOf(0.5, 1)]", "choices"),
        ("Annotated[str | float, OneOf('a', 0.5)]", "Annotated[str | float | bool, OneOf('a', 0.5, True)]", ""),
        ("list[Annotated[float, OneOf(0.5)]]", "list[Annotated[float, OneOf(0.5, 1)]]", "choices"),
        ("Annotated[float, OneOf(0.5)] | None", "Annotated[float, OneOf(0.5)]", "none"),
        ("str", "BoardInput", "type"),
        ("str", "JsonValue", ""),
        ("ImageInput", "JsonValue", "type"),
        ("JsonValue", "str", "type"),
        ("list[int] | None", "JsonValue", ""),
        ("ModelInput", "Annotated[ModelInput, ModelFilter(type=('main',))]", "models"),
        ("Annotated[ModelInput, ModelFilter(base=('flux',), type=('main',))]", "ModelInput", ""),
        ("my.Type", "my.Type", ""),
        ("my.Type", "my.Other", "type"),
    ],
)
def test_what_fits(given: str, accepting: str, aspects: str) -> None:
    assert misfits(read_annotation(given), read_annotation(accepting)) == set(aspects.split())


def test_an_annotation_is_read_as_the_generator_writes_it() -> None:
    assert read_annotation(
        "Annotated[Annotated[int, Ge(1)] | Annotated[list[int], Len(2, 3)], Index(0)] | None"
    ) == Accepted(
        one=One("int", limits=Limits(minimum=1)),
        many=Many(One("int"), Limits(min_items=2, max_items=3)),
        none=True,
    )
    assert read_annotation("Annotated[ModelInput, ModelFilter(base=('sd-1', 'sd-2'))]").one == One(
        "ModelInput", models=ModelFilter(base=("sd-1", "sd-2"))
    )


@pytest.mark.parametrize("step", ["0", "-8", "0.0"])
def test_a_step_that_no_number_can_follow_is_refused(step: str) -> None:
    with pytest.raises(ValueError, match="a step is not more than 0"):
        read_annotation(f"Annotated[int, MultipleOf({step})]")


def test_every_integer_is_a_multiple_of_one_half() -> None:
    given, accepting = (
        read_annotation("Annotated[int, Ge(1), MultipleOf(0.5)]"),
        read_annotation("Annotated[int, Ge(1)]"),
    )
    assert misfits(accepting, given) == misfits(given, accepting) == set()
