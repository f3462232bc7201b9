"""A workflow with its values: validation and methods."""

from __future__ import annotations

import ast
import copy
import pickle
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy
import pytest
from generated_examples.colour_card import ColourCard
from generated_examples.sd15_text_to_image import SD15TextToImage
from PIL import Image as Pillow

from invokable import Board, Color, Image, Model, StaleWorkflowError, ValidationError, Workflow, WorkflowResult
from invokable.codegen.naming.names import RESULT_MEMBERS, WORKFLOW_MEMBERS
from invokable.runtime.values.arrays import alike
from invokable.runtime.values.reprs import short
from tests.examples import add_field, add_node, example, imported


def card(**values: Any) -> ColourCard:
    return ColourCard(**{"stamp": "stamp.png"} | values)


def test_all_invalid_values_are_reported_together_by_index_attribute_and_label() -> None:
    with pytest.raises(ValidationError) as caught:
        card(width=8, height="tall", blur_type="motion", stamp=7)
    assert [(problem.index, problem.attribute) for problem in caught.value.errors] == [
        (0, "width"),
        (1, "height"),
        (3, "stamp"),
        (7, "blur_type"),
    ]
    lines = str(caught.value).splitlines()
    assert lines[0] == "index 0, width (Width): 8 is less than 16"
    assert lines[1] == "index 1, height (Height): 'tall' is not an integer"


@pytest.mark.parametrize("width", [15, 2049, "7", True, 7.0, None, float("nan")])
def test_nothing_is_converted_and_limits_hold(width: object) -> None:
    with pytest.raises(ValidationError):
        card(width=width)


@pytest.mark.parametrize("width", [16, 2048])
def test_limits_are_inclusive(width: int) -> None:
    assert card(width=width).width == width


def test_an_assigned_value_is_validated_and_an_invalid_one_changes_nothing() -> None:
    made = card(width=100)
    with pytest.raises(ValidationError, match="2049 is more than 2048"):
        made.width = 2049
    assert made.width == 100
    made.width = 200
    assert made.width == 200


def test_an_unknown_input_is_refused_with_the_nearest_name() -> None:
    made: Any = card()
    with pytest.raises(AttributeError, match="did you mean 'width'"):
        made.widht = 3
    with pytest.raises(TypeError, match="widht"):
        card(widht=3)
    for give in (lambda: made.replace(widht=3), lambda: ColourCard.from_dict({"widht": 3})):
        with pytest.raises(TypeError, match=r"ColourCard has no input 'widht' \(did you mean 'width'\?\)"):
            give()


def test_an_input_cannot_be_deleted() -> None:
    made = card(width=100)
    with pytest.raises(AttributeError, match="cannot be deleted; assign a value to 'width'"):
        del made.width
    assert made.width == 100


def test_a_copy_can_be_changed_independently() -> None:
    made = card(width=100)
    for other in (made.copy(), copy.deepcopy(made), made.replace(), pickle.loads(pickle.dumps(made))):
        assert other == made
        other.width = 101
        assert made.width == 100
        assert other != made
    with pytest.raises(ValidationError):
        made.replace(width=1)


def test_copies_do_not_share_lists() -> None:
    document = example("colour_card.json")
    add_node(document, "n", "integer_collection", version="1.0.2", collection=[1, 2])
    add_field(document, "n", "collection")
    made = imported(document).ColourCard(stamp="x.png")
    for other in (made.copy(), made.replace(width=33)):
        other.collection.append(3)
        assert made.collection == [1, 2]
    given = [5]
    assert made.replace(collection=given).collection is given


def test_values_survive_their_json() -> None:
    made = SD15TextToImage(model=Model(name="m", base="sd-1"), positive_prompt="x", board=Board(id="b"))
    assert SD15TextToImage.from_dict(made.to_dict()) == made
    picture = card(stamp=b"\x00\x01", card_colour=Color(r=1, g=2, b=3))
    assert ColourCard.from_dict(picture.to_dict()) == picture
    stored = card(stamp=Image("x.png"))
    assert ColourCard.from_dict(stored.to_dict()).stamp == Image("x.png")


@pytest.mark.parametrize(
    ("attribute", "value", "words"),
    [
        ("card_colour", {"r": 1}, "cannot be read: .* missing 2 required"),
        ("card_colour", {"r": 1, "g": 2, "b": 300}, "cannot be read: a channel of a Color must be an integer"),
        ("card_colour", 5, "5 is not a Color"),
        ("stamp", {"image": "a.png"}, r"\{'image': 'a.png'\} cannot be read: it has no 'image_name'"),
        ("stamp", {"base64": "a"}, "cannot be read: "),
        ("stamp", {"base64": "ab!?"}, "cannot be read: "),
        ("board", {"id": "b"}, "cannot be read: it has no 'board_id'"),
    ],
)
def test_json_that_cannot_be_read_is_reported_with_all_other_problems(attribute: str, value: Any, words: str) -> None:
    with pytest.raises(ValidationError, match=words) as caught:
        ColourCard.from_dict({"stamp": "x.png", "radius": -1, "width": 1, attribute: value})
    indices = [problem.index for problem in caught.value.errors]
    assert indices == sorted([0, 6, {"card_colour": 2, "stamp": 3, "board": 8}[attribute]])
    (problem,) = (problem for problem in caught.value.errors if problem.attribute == attribute)
    assert problem.kind == type(value).__name__


def test_iteration_gives_index_attribute_and_value_in_form_order() -> None:
    rows = list(card(width=33))
    assert rows[0] == (0, "width", 33)
    assert [index for index, _, _ in rows] == list(range(9))


def test_a_repr_is_short_and_shows_no_content() -> None:
    shown = repr(card(stamp=b"secret" * 1000))
    assert "width=320" in shown
    assert "<6000 bytes>" in shown
    assert "secret" not in shown


@pytest.mark.parametrize(
    "text", ["", "a   b", " a\n\n\tb ", "it's", "x" * 38, ["a   b", "c\n  d"], {"k": "a   b"}], ids=repr
)
def test_a_short_value_is_shown_as_it_is(text: object) -> None:
    assert short(text) == repr(text)


@pytest.mark.parametrize("text", ["x" * 39, "a   " * 100, "\x00" * 40, "it's " * 20, "é" * 99, "\n" * 20], ids=ascii)
def test_of_a_long_text_the_beginning_is_shown_as_it_is(text: str) -> None:
    shown = short(text)
    assert shown.endswith("…")
    assert 35 <= len(shown) <= 40
    assert text.startswith(ast.literal_eval(shown[:-1]))


class Lines:
    def __repr__(self) -> str:
        return "<one\n   two>"


def test_a_value_with_a_repr_of_several_lines_is_shown_on_one() -> None:
    assert short(Lines()) == "<one two>"


def pixels(value: int, *shape: int) -> Any:
    return numpy.full(shape or (3, 4, 3), value, numpy.uint8)


@pytest.mark.parametrize(
    "make",
    [
        lambda: "a.png",
        lambda: Path("a.png"),
        lambda: b"png",
        lambda: Image("a.png"),
        lambda: pixels(1),
        lambda: numpy.asfortranarray(pixels(1)),
        lambda: Pillow.new("RGB", (4, 3), "red"),
    ],
)
def test_workflows_compare_by_value_for_every_kind_of_image(make: Callable[[], Any]) -> None:
    assert card(stamp=make()) == card(stamp=make())
    assert card(stamp=make()) != card(stamp=make(), width=64)
    assert card(stamp=make()) != card(stamp="b.png")
    assert card(stamp="b.png") != card(stamp=make())
    assert "\n" not in repr(card(stamp=make()))


def test_arrays_are_compared_by_shape_type_and_contents() -> None:
    one = card(stamp=pixels(1, 3, 4, 3))
    others = (pixels(2, 3, 4, 3), pixels(1, 4, 3, 3), pixels(1, 36), pixels(1, 3, 4, 3).astype(numpy.int16), "a.png")
    assert [one == card(stamp="b.png").replace(stamp=other) for other in others] == [False] * 5


@pytest.mark.parametrize("other", [[1], {"a": 1}, numpy.zeros(1)], ids=["list", "dict", "array"])
def test_a_value_of_another_kind_is_another_value(other: Any) -> None:
    for one in (None, 7, "text"):
        assert not alike(one, other)
        assert not alike(other, one)


def test_an_open_file_equals_only_itself() -> None:
    file = BytesIO(b"png")
    assert card(stamp=file) == card(stamp=file)
    assert card(stamp=file) != card(stamp=BytesIO(b"png"))


def test_an_array_is_shown_as_its_size_and_copied_with_its_workflow() -> None:
    made = card(stamp=pixels(1, 30, 40, 3))
    assert "stamp=<array 30 × 40 × 3>" in repr(made)
    other = made.copy()
    assert other == made
    copied: Any = other.stamp
    copied[0, 0, 0] = 9
    assert other != made
    assert pickle.loads(pickle.dumps(made)) == made


def test_a_number_of_numpy_is_shown_as_a_number() -> None:
    assert short(numpy.int64(5)) == repr(numpy.int64(5))


def test_a_workflow_has_no_hash_since_its_values_change() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(card())


def test_a_list_of_arrays_is_compared_item_by_item() -> None:
    assert alike([pixels(1), {"a": pixels(2)}], [pixels(1), {"a": pixels(2)}])
    assert not alike([pixels(1), {"a": pixels(2)}], [pixels(1), {"a": pixels(3)}])
    assert not alike([pixels(1)], [pixels(1), pixels(1)])


def test_the_names_reserved_from_inputs_and_outputs_are_the_public_ones() -> None:
    members = {*Workflow.__annotations__, *vars(Workflow)}
    assert {name for name in members if not name.startswith("_")} == WORKFLOW_MEMBERS
    members = {*WorkflowResult.__annotations__, *vars(WorkflowResult)}
    assert {name for name in members if not name.startswith("_")} == RESULT_MEMBERS


@pytest.mark.parametrize(
    ("constant", "value", "words"),
    [
        ("FORMAT", 99, "upgrade invokable"),
        ("FORMAT", None, "generate it again"),
        ("INDEX_MAP", ((0, "n", "width", "IntegerField"),), "INDEX_MAP was changed"),
    ],
)
def test_a_module_that_was_edited_or_has_another_format_is_refused(constant: str, value: object, words: str) -> None:
    module = imported(example("colour_card.json"))
    setattr(module, constant, value)
    with pytest.raises(StaleWorkflowError, match=words):
        module.ColourCard(stamp="x.png")
