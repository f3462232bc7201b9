"""Pins: what a module says about itself is read once, and must be consistent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from generated_examples import colour_card
from generated_examples.colour_card import ColourCard

from invokable import StaleWorkflowError, Workflow
from invokable.contract.fields import FieldType
from invokable.runtime.values.pins import pins_of
from invokable.schema import load
from tests.examples import example, imported, with_generator, workflow_class


def test_each_input_knows_its_index_node_field_type_and_label() -> None:
    pins = pins_of(ColourCard)
    assert [(pin.index, pin.node_id, pin.field, str(pin.type)) for pin in pins.inputs] == list(colour_card.INDEX_MAP)
    labels = {pin.attribute: pin.label for pin in pins.inputs}
    assert labels["card_colour"] == "Card colour"  # the user's label
    assert labels["blur_type"] == "Blur Type"  # derived from the field's name
    assert not any(pin.connected for pin in pins.inputs)


def test_each_output_knows_where_it_comes_from() -> None:
    (card,) = pins_of(ColourCard).outputs
    assert (card.attribute, card.field, card.type, card.many) == ("card", "image", FieldType("ImageField"), False)


@pytest.mark.parametrize(
    ("nullable", "document", "annotation"),
    [
        (False, example("colour_card.json"), "Image"),
        (True, example("colour_card.json"), "Image | None"),
        (True, with_generator(), "list[Image | None]"),
    ],
)
def test_an_output_knows_whether_it_may_be_null(nullable: bool, document: Any, annotation: str) -> None:
    schema = load("6.14.2")
    saving = "save_image"
    template = schema.nodes[saving]
    outputs = {"image": replace(template.outputs["image"], nullable=nullable)}
    schema = replace(schema, nodes={**schema.nodes, saving: replace(template, outputs=outputs)})
    flow_class = workflow_class(imported(document, schema=schema))
    assert flow_class.Result.__annotations__ == {"card": annotation}
    assert [pin.nullable for pin in pins_of(flow_class).outputs] == [nullable]


def test_a_field_that_a_batch_feeds_is_connected() -> None:
    pins = pins_of(workflow_class(imported(with_generator())))
    assert [pin.attribute for pin in pins.inputs if pin.connected] == ["width"]


def test_pins_are_read_once() -> None:
    assert pins_of(ColourCard) is pins_of(ColourCard)


def test_a_subclass_has_the_pins_of_its_base() -> None:
    class Mine(ColourCard):
        """My own card."""

    assert pins_of(Mine).inputs == pins_of(ColourCard).inputs
    assert Mine(stamp="x.png", width=17).width == 17


@pytest.mark.parametrize(
    ("old", "new"),
    [("Index(0)", "Index(1)"), ("Index(8)", "Index(80)"), ('"width", "IntegerField"', '"height", "IntegerField"')],
)
def test_an_index_that_was_moved_is_refused(old: str, new: str) -> None:
    from invokable.codegen import generate_module

    text = generate_module(example("colour_card.json"), load("6.14.2"), source="made.json").text
    assert old in text
    module: Any = imported(example("colour_card.json"))
    namespace = vars(module)
    exec(compile(text.replace(old, new, 1), "made.py", "exec"), namespace)
    with pytest.raises(StaleWorkflowError, match="INDEX_MAP"):
        namespace["ColourCard"](stamp="x.png")


def test_a_class_that_was_not_generated_is_refused() -> None:
    class Handmade(Workflow):
        """Not generated."""

    with pytest.raises(StaleWorkflowError, match="Handmade is not a generated workflow"):
        pins_of(Handmade)
