"""Hostile values and limits: every module that is written works, and warnings report what was left out."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invokable.codegen import GeneratedModule, Options, generate_module
from invokable.codegen.typing.limits import admits_a_number, usable_limits
from invokable.contract.limits import Limits
from invokable.schema.model import FieldType, InputTemplate
from invokable.workflow import WorkflowFileError, read_document
from tests.codegen.fuzz import SCHEMA, attempt, check_instance, documents, mutated, with_dynamic_inputs, within
from tests.effort import tries
from tests.examples import SHARED

SEQUENCE = {"type": "integer_generator_arithmetic_sequence", "start": 0, "step": 1, "count": 3}
FLOATS = {"type": "float_generator_linear_distribution", "start": 0, "end": 1, "count": 3}


def generated(field_type: str, **template: Any) -> GeneratedModule:
    """The module of a workflow with one field whose template is in the workflow."""
    document = with_dynamic_inputs()
    known = document["nodes"][0]["data"]["dynamicInputTemplates"]
    name = f"saved_workflow_input::n::{field_type}"
    for key in list(known):
        if key != name:
            del known[key]
            del document["nodes"][0]["data"]["inputs"][key]
    elements = document["form"]["elements"]
    for key, element in list(elements.items()):
        if element["type"] == "node-field" and element["data"]["fieldIdentifier"]["fieldName"] != name:
            elements[document["form"]["rootElementId"]]["data"]["children"].remove(key)
            del elements[key]
    for limit in ("minimum", "maximum", "multipleOf"):
        del known[name][limit]
    known[name] |= template
    return generate_module(document, SCHEMA, source="one.json", options=Options(lenient=True))


@pytest.mark.parametrize(
    ("field_type", "default", "words"),
    [
        ("ColorField", {"r": 999, "g": 0, "b": 0, "a": 1}, "not a color with channels from 0 to 255"),
        ("ColorField", {"r": 1, "g": 2, "b": 3}, "not a color"),
        ("ModelIdentifierField", {}, "names no model"),
        ("ModelIdentifierField", {"key": "", "name": "", "hash": "", "base": "sd-1"}, "names no model"),
        ("ModelIdentifierField", {"key": 5}, "not a model"),
        ("LoRAField", {"lora": {"key": "k"}, "weight": "heavy"}, "not a LoRA"),
        ("ImageField", {"image_name": ""}, "names no image"),
        ("BoardField", {"board_id": 5}, "names no board"),
        ("IntegerGeneratorField", SEQUENCE | {"a b": 1}, "has an unknown setting, 'a b'"),
        ("IntegerGeneratorField", SEQUENCE | {"start": "x"}, "has a start that is not an integer"),
        ("FloatGeneratorField", FLOATS | {"end": "x"}, "has an end that is not a finite number"),
        ("IntegerGeneratorField", {"type": SEQUENCE["type"], "step": 1, "count": 2}, "has no start"),
        ("IntegerGeneratorField", SEQUENCE | {"count": 10**9}, "at most 100000 items"),
        ("IntegerGeneratorField", FLOATS, "the type of another generator"),
        ("IntegerGeneratorField", {"board_id": "b"}, "has no type"),
        ("FloatGeneratorField", FLOATS | {"start": 1e308, "end": -1e308}, "too large"),
        ("FloatGeneratorField", FLOATS | {"values": ["x"]}, "not a list of finite numbers"),
        ("IntegerField", 2.5, "is 2.5, not an integer"),
        ("EnumField", "c", "not one of the choices"),
        ("StringField", 5, "is not text"),
        ("CLIPField", [[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]], "nested too deeply"),
        ("CLIPField", {"a": [{"b": 1}] * 600}, "contains more than 1000 values"),
    ],
)
def test_a_default_that_the_runtime_would_refuse_makes_the_input_required(
    field_type: str, default: object, words: str
) -> None:
    if field_type == "CLIPField":
        written = generated("StringField", default=default, type=_type(field_type))
    else:
        written = generated(field_type, default=default)
    (planned,) = written.plan.inputs
    assert planned.type.default is None
    (warning,) = written.warnings
    assert "is required: the workflow's value" in warning
    assert words in warning
    check_instance(written)


def _type(name: str) -> dict[str, object]:
    return {"name": name, "cardinality": "SINGLE", "batch": False}


@pytest.mark.parametrize(
    ("field_type", "limits", "left"),
    [
        ("IntegerField", {"multipleOf": 0}, Limits()),
        ("IntegerField", {"multipleOf": -8}, Limits()),
        ("IntegerField", {"multipleOf": 0.5}, Limits()),
        ("FloatField", {"multipleOf": 0}, Limits()),
        ("FloatField", {"multipleOf": 5e-324}, Limits()),
        ("FloatField", {"minimum": 3, "maximum": 2}, Limits()),
        ("FloatField", {"minimum": 1e308, "multipleOf": 0.1}, Limits()),
        ("IntegerField", {"exclusiveMinimum": 1, "exclusiveMaximum": 2}, Limits()),
        ("IntegerField", {"minimum": 1, "maximum": 7, "multipleOf": 8}, Limits()),
    ],
)
def test_limits_that_make_no_sense_are_left_out_with_a_warning(
    field_type: str, limits: dict[str, float], left: Limits
) -> None:
    written = generated(field_type, default=5, **limits)
    (planned,) = written.plan.inputs
    assert planned.type.limits == left
    (warning,) = written.warnings
    assert "is written without" in warning
    assert warning.startswith("/nodes/0/data/inputs/saved_workflow_input::n::")
    check_instance(written)


def test_the_limits_of_an_integer_are_integers() -> None:
    written = generated("IntegerField", default=5, minimum=0.5, exclusiveMaximum=9.5, multipleOf=1.0)
    assert written.plan.inputs[0].type.limits == Limits(minimum=1, maximum=9, multiple_of=1)
    check_instance(written)


def test_sizes_that_no_value_can_have_are_left_out() -> None:
    text = InputTemplate(
        name="t", title="T", type=FieldType("StringField"), input="any", limits=Limits(min_length=9, max_length=3)
    )
    assert usable_limits(text)[0] == Limits(max_length=3)


numbers = st.integers(-20, 20) | st.sampled_from([0.5, -2.5, 1e300, -1e300, 7.25])


@given(
    st.builds(
        Limits,
        minimum=st.none() | numbers,
        maximum=st.none() | numbers,
        exclusive_minimum=st.none() | numbers,
        exclusive_maximum=st.none() | numbers,
        multiple_of=st.none() | st.integers(1, 9) | st.just(0.5),
    ),
    st.booleans(),
)
def test_limits_are_kept_exactly_when_a_value_is_left(limits: Limits, whole: bool) -> None:
    template = InputTemplate(
        name="f", title="F", type=FieldType("IntegerField" if whole else "FloatField"), input="any", limits=limits
    )
    usable, dropped = usable_limits(template)
    assert not usable.misfit_of_number(within(usable, whole=whole))
    if not dropped:
        inside = [number for number in range(-30, 31) if not limits.misfit_of_number(number)]
        assert all(not usable.misfit_of_number(number) for number in inside)
        assert not inside or admits_a_number(limits, whole=whole)


def tried(seed: int, count: int) -> dict[str, int]:
    rng, seeds = random.Random(seed), documents()
    outcomes: dict[str, int] = {}
    for _ in range(count):
        outcome = attempt(mutated(rng.choice(seeds), rng))
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    return outcomes


def test_a_mutated_workflow_is_refused_or_its_module_works() -> None:
    outcomes = tried(seed=1, count=tries(120))
    assert outcomes.keys() <= {"written", "refused"}
    assert outcomes["written"] > tries(20)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3, 4, 5])  # side by side
def test_thousands_of_mutated_workflows_are_refused_or_their_modules_work(seed: int) -> None:
    outcomes = tried(seed=seed, count=1_000)
    assert outcomes.keys() <= {"written", "refused"}
    assert outcomes["written"] > 200


@pytest.mark.slow
@pytest.mark.skipif(not (SHARED / "corpus").is_dir(), reason="the corpus is not here: ../shared/corpus")
def test_the_runtime_accepts_every_default_of_the_corpus() -> None:
    made = 0
    for path in sorted((SHARED / "corpus").glob("*/workflow.json")):
        try:
            document = read_document(path.read_bytes())
            written = generate_module(document, SCHEMA, source=path.name, options=Options(lenient=True))
        except WorkflowFileError:
            continue
        check_instance(written)
        made += 1
    assert made > 50


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_no_infinite_number_gets_in(number: str) -> None:
    text = json.dumps(with_dynamic_inputs()).replace('"maximum": 100', f'"maximum": {number}')
    with pytest.raises(WorkflowFileError, match=r"JSON number|too large"):
        read_document(text.encode())
