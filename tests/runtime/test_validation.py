"""Validation: the messages for invalid values."""

from __future__ import annotations

import gc
from dataclasses import replace
from decimal import Decimal
from enum import IntEnum, StrEnum
from fractions import Fraction
from typing import Annotated, Any, Literal

import numpy
import pytest
from generated_examples.colour_card import ColourCard
from generated_examples.sd15_text_to_image import SD15TextToImage
from pydantic import TypeAdapter
from pydantic import ValidationError as Invalid
from pydantic_core import SchemaSerializer

from invokable import ValidationError
from invokable.contract.limits import Limits
from invokable.runtime import OneOf
from invokable.runtime.values.reprs import short
from invokable.runtime.values.validation import _strict
from invokable.schema import load
from tests.examples import add_field, add_node, example, imported, with_generator, workflow_class


def problem(flow_class: Any, **values: Any) -> str:
    """The message for one invalid value."""
    with pytest.raises(ValidationError) as caught:
        flow_class(**values)
    (found,) = caught.value.errors
    return str(found)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"width": 15}, "index 0, width (Width): 15 is less than 16"),
        ({"width": 2049}, "index 0, width (Width): 2049 is more than 2048"),
        ({"width": "wide"}, "index 0, width (Width): 'wide' is not an integer"),
        ({"width": None}, "index 0, width (Width): None is not an integer"),
        ({"radius": -0.5}, "index 6, radius (Radius): -0.5 is less than 0"),
        ({"radius": float("nan")}, "index 6, radius (Radius): nan is not a finite number"),
        ({"blur_type": "motion"}, "index 7, blur_type (Blur Type): 'motion' is not one of 'gaussian' or 'box'"),
        (
            {"blur_type": "gausian"},
            "index 7, blur_type (Blur Type): 'gausian' is not one of 'gaussian' or 'box' (did you mean 'gaussian'?)",
        ),
        ({"card_colour": "red"}, "index 2, card_colour (Card colour): 'red' is not a Color"),
        ({"board": 7}, "index 8, board (Board): 7 is not a board: its name, a Board, 'none' or 'auto'"),
    ],
)
def test_an_invalid_value_is_described_in_plain_words(values: dict[str, Any], words: str) -> None:
    assert problem(ColourCard, **{"stamp": "x.png"} | values) == words


@pytest.mark.parametrize(
    ("attribute", "limits", "value"),
    [
        ("cfg_scale", Limits(minimum=1.5), 1),
        ("cfg_scale", Limits(maximum=10), 10.5),
        ("cfg_scale", Limits(exclusive_minimum=0), 0),
        ("cfg_scale", Limits(exclusive_maximum=10), 10),
        ("cfg_scale", Limits(multiple_of=0.5), 7.7),
        ("cfg_scale", Limits(min_items=2), [7.5]),
        ("cfg_scale", Limits(max_items=2), [7.5, 7.5, 7.5]),
        ("positive_prompt", Limits(min_length=2), "a"),
        ("positive_prompt", Limits(max_length=2), "fox"),
    ],
    ids=lambda value: next(iter(value.to_json())) if isinstance(value, Limits) else "",
)
def test_a_value_beyond_a_limit_is_described_as_by_the_generator(attribute: str, limits: Limits, value: Any) -> None:
    document, schema = example("sd15_text_to_image.json"), load("6.14.2")
    node, field = {"cfg_scale": ("denoise_latents", "cfg_scale"), "positive_prompt": ("string", "value")}[attribute]
    template = schema.nodes[node]
    limited = replace(template.inputs[field], limits=limits)
    nodes = {**schema.nodes, node: replace(template, inputs={**template.inputs, field: limited})}
    flow_class = workflow_class(imported(document, schema=replace(schema, nodes=nodes)))
    values = {"model": "m", "positive_prompt": "ox", "negative_prompt": "ox", attribute: value}
    misfits: dict[type, Any] = {str: limits.misfit_of_text, list: limits.misfit_of_list}
    misfit = misfits.get(type(value), limits.misfit_of_number)(value)
    assert problem(flow_class, **values).endswith(f": {value!r} {misfit}")


@pytest.mark.parametrize("value", [256.0, numpy.int64(256), numpy.float64(256), 300, True, "256"])
def test_a_value_that_only_equals_a_choice_is_refused(value: Any) -> None:
    document = example("colour_card.json")
    add_node(document, "f", "flux_text_encoder", version="1.1.2", t5_max_seq_len=256)
    add_field(document, "f", "t5_max_seq_len")
    flow_class = imported(document).ColourCard
    words = problem(flow_class, stamp="x.png", t5_max_seq_len=value)
    assert words == f"index 9, t5_max_seq_len (T5 Max Seq Len): {value!r} is not one of 256 or 512"
    assert flow_class(stamp="x.png", t5_max_seq_len=512).t5_max_seq_len == 512


class Length(IntEnum):
    SHORT = 256


class Side(StrEnum):
    LEFT = "left"


@pytest.mark.parametrize(
    ("hint", "value"),
    [
        (Literal[256, 512], Length.SHORT),
        (Literal[0, "left"], Side.LEFT),
        (Annotated[float, OneOf(0.5, 1.0)], numpy.float64(0.5)),
    ],
)
def test_a_choice_may_have_a_subclass_of_its_type(hint: Any, value: object) -> None:
    assert TypeAdapter(_strict(hint)).validate_python(value, strict=True) is value


@pytest.mark.parametrize(
    ("hint", "right", "wrong"),
    [
        (Literal[1, 2] | None, [1, None], [1.0, True]),
        (list[Literal[1]] | None, [[1], None], [[1.0], 1]),
        (Literal[1] | list[Literal[1]], [1, [1]], [[1.0], True]),
        (Annotated[list[Annotated[Literal[True, "a"], 0]], 0], [[True, "a"]], [[1], True]),
        (Literal["a"] | list[Literal["a"]], ["a", ["a"]], ["b"]),
    ],
)
def test_choices_have_their_type_wherever_they_are(hint: Any, right: list[Any], wrong: list[Any]) -> None:
    adapter = TypeAdapter(_strict(hint))
    assert [adapter.validate_python(value, strict=True) for value in right] == right
    for value in wrong:
        with pytest.raises(Invalid):
            adapter.validate_python(value, strict=True)


@pytest.mark.parametrize("text", ["a \ud800", "\udfff"])
def test_text_that_is_not_unicode_is_refused_before_anything_is_sent(text: str) -> None:
    words = problem(SD15TextToImage, model="m", positive_prompt=text)
    assert (
        words == f"index 1, positive_prompt (Positive Prompt): {text!r} contains half of a character (a lone surrogate)"
    )
    ColourCard(stamp=f"{text}.png")  # a path may be any bytes
    SD15TextToImage(model="m", positive_prompt="\U0001f98a")


@pytest.mark.parametrize("number", [numpy.float32(7.5), Decimal("7.5"), Fraction(15, 2)])
def test_a_number_that_json_does_not_have_is_refused_before_the_run(number: Any) -> None:
    for value in (number, [7.5, number]):
        words = problem(SD15TextToImage, model="m", positive_prompt="a fox", cfg_scale=value)
        assert words.endswith(f"{short(value, 60)} is not a number, or a list")
    valid = SD15TextToImage(model="m", positive_prompt="a fox", cfg_scale=numpy.float64(7.5))
    assert valid.to_dict()["cfg_scale"] == 7.5


def test_long_values_are_truncated_and_bytes_are_not_shown() -> None:
    assert len(problem(ColourCard, stamp="x.png", width="9" * 10_000)) < 150
    for secret in (b"secret" * 1000, bytearray(b"secret" * 1000)):
        assert "<6000 bytes>" in problem(ColourCard, stamp="x.png", width=secret)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (numpy.zeros((2, 2)), "<array 2 × 2> is not an integer"),
        ([numpy.zeros((2, 2))], "[array([[0., 0.], [0., 0.]])] is not an integer"),
        (bytearray(b"secret" * 1000), "<6000 bytes> is not an integer"),
    ],
)
def test_a_value_is_described_on_one_line(value: Any, words: str) -> None:
    assert problem(ColourCard, stamp="x.png", width=value) == f"index 0, width (Width): {words}"


def test_the_invalid_item_of_a_list_is_named() -> None:
    words = problem(SD15TextToImage, model="m", cfg_scale=[7.5, "much"])
    assert words.startswith("index 6, cfg_scale (Cfg Scale): ")
    assert "is not a number, or a list" in words
    document = example("colour_card.json")
    add_node(document, "n", "integer_collection", version="1.0.2", collection=[1])
    add_field(document, "n", "collection")
    assert "a list, each item an integer" in problem(imported(document).ColourCard, stamp="x.png", collection=[1, "2"])


def test_a_value_for_a_connected_field_is_refused() -> None:
    flow_class = workflow_class(imported(with_generator()))
    assert "so this value would be ignored" in problem(flow_class, stamp="x.png", width=99)
    assert "is not an integer" in problem(flow_class, stamp="x.png", width=numpy.zeros((2, 2)))


def test_only_what_checks_values_is_kept() -> None:
    def kept() -> int:
        gc.collect()
        return sum(isinstance(found, SchemaSerializer) for found in gc.get_objects())

    ColourCard(stamp="x.png")  # pydantic has some of its own
    flow_class = workflow_class(imported(example("colour_card.json")))
    before = kept()
    flow_class(stamp="x.png")
    assert kept() == before
