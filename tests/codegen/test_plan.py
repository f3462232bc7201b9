"""Plan: names, aliases, batches and the outline of a module."""

from __future__ import annotations

import re
from typing import Any

import pytest

from invokable.codegen import generate_module
from invokable.codegen.plan import ModulePlan, Naming, plan_module
from tests.workflow.builders import Json, edge, field_element, form, node, read, schema, workflow


def planned(document: Json, **naming: Any) -> ModulePlan:
    return plan_module(read(document), document, source="made.json", naming=Naming(**naming))


def test_the_index_map_lists_every_place_that_shows_a_field() -> None:
    plan = planned(workflow(node("n", "add", a=1, b=2), form=form("n.a", "n.b", "n.a")))
    assert plan.index_map == (
        (0, "n", "a", "IntegerField"),
        (1, "n", "b", "IntegerField"),
        (2, "n", "a", "IntegerField"),
    )
    assert [item.indices for item in plan.inputs] == [(0, 2), (1,)]


def test_names_decided_elsewhere_are_used() -> None:
    document = workflow(node("n", "add", a=1, b=2), form=form("n.a", "n.b"))
    plan = planned(
        document, inputs={("n", "b"): "second"}, outputs={("n", "value"): "total"}, class_name="Sum", nodes={}
    )
    assert ([item.attribute for item in plan.inputs], plan.class_name) == (["a", "second"], "Sum")
    assert [output.attribute for output in plan.outputs] == ["total"]


@pytest.mark.parametrize(
    ("naming", "names"),
    [
        ({"nodes": {"p": "brick"}}, ["brick", "brick_roughness_map", "brick_displacement_map", "image"]),
        (
            {"nodes": {"p": "brick", "b": "brick_roughness_map"}},
            ["brick", "roughness_map", "brick_displacement_map", "brick_roughness_map"],
        ),
        (
            {"nodes": {"p": "brick"}, "outputs": {("b", "image"): "brick_displacement_map"}},
            ["brick", "brick_roughness_map", "displacement_map", "brick_displacement_map"],
        ),
        (
            {"nodes": {"p": "brick"}, "outputs": {("removed", "image"): "brick_roughness_map"}},
            ["brick", "brick_roughness_map", "brick_displacement_map", "image"],
        ),
    ],
)
def test_the_outputs_of_a_node_named_elsewhere_have_different_names(naming: Any, names: list[str]) -> None:
    nodes = [node("p", "pbr_maps", image={"image_name": "a.png"}), node("b", "blank_image", width=64)]
    plan = planned(workflow(*nodes, form=form("b.width")), **naming)
    assert [output.attribute for output in plan.outputs] == names


def test_the_class_is_named_after_the_workflow_or_else_the_file() -> None:
    document = workflow(node("n", "add", a=1), form=form("n.a"))
    assert planned(document).class_name == "Made"
    assert planned(document | {"name": "Two numbers"}).class_name == "TwoNumbers"


def dropdown(where: str, *options: str) -> Json:
    offered = [{"label": "", "value": option} for option in options]
    settings = {"type": "string-field-config", "component": "dropdown", "options": offered}
    return field_element(where, settings=settings)


def test_equal_long_choices_share_an_alias_and_short_ones_have_none() -> None:
    long = [f"a long choice {number}" for number in range(5)]
    nodes = [node(name, "string", value="x", label=name) for name in ("one", "two", "three", "four")]
    shown = [
        dropdown("one.value", *long),
        dropdown("two.value", *long),
        dropdown("three.value", "x", "y"),
        dropdown("four.value", *long, "more"),
    ]
    plan = planned(workflow(*nodes, form=form(*shown)))
    assert [item.alias for item in plan.inputs] == ["One", "One", None, "Four"]
    assert plan.aliases["One"] == (*long, "x")


def test_an_alias_that_several_inputs_share_is_named_after_their_field() -> None:
    nodes = [node(name, "denoise_latents", scheduler="euler", label=name) for name in ("Base", "Refiner")]
    plan = planned(workflow(*nodes, form=form("Base.scheduler", "Refiner.scheduler")))
    assert [(item.attribute, item.alias) for item in plan.inputs] == [
        ("base_scheduler", "Scheduler"),
        ("refiner_scheduler", "Scheduler"),
    ]


@pytest.mark.parametrize("iterated", [False, True])
def test_an_output_with_choices_is_one_of_them(iterated: bool) -> None:
    nodes = [node("s", "scheduler", scheduler="euler", label="Sampling")]
    if iterated:
        nodes += [node("i", "iterate"), node("l", "string_split", string="a"), node("c", "string_collection")]
    edges = [edge("c.collection", "i.collection"), edge("i.item", "s.scheduler")] if iterated else []
    plan = planned(workflow(*nodes, edges=edges, form=form("s.scheduler")), nodes={"s": "sampling"})
    (output,) = [output for output in plan.outputs if output.attribute == "sampling"]
    assert str(output.annotation) == ("list[Sampling]" if iterated else "Sampling")
    assert "dpmpp_2m_k" in plan.aliases["Sampling"]
    assert [item.alias for item in plan.inputs] == ["Sampling"]


def test_an_alias_is_named_unlike_every_attribute() -> None:
    nodes = [node("s", "scheduler", scheduler="euler"), node("n", "add", a=1, b=2)]
    plan = planned(workflow(*nodes, form=form("n.a")), nodes={"s": "采样", "n": "sum"})
    assert [output.attribute for output in plan.outputs] == ["采样", "sum"]
    assert [str(output.annotation) for output in plan.outputs] != ["采样", "int"]


def test_a_collection_that_feeds_many_fields_is_written_once() -> None:
    targets = [node(f"t{number}", "add", a=1, b=2) for number in range(3)]
    batch = node("b", "integer_batch", batch_group_id="None", integers=[1, 2])
    document = workflow(batch, *targets, edges=[edge("b.value", f"t{n}.a") for n in range(3)], form=form("t0.b"))
    table = planned(document).batch
    assert [(source.node_id, source.field, source.items) for source in table.sources] == [("b", "integers", [1, 2])]
    (group,) = table.groups
    assert [(target.node_id, target.source) for target in group] == [("t0", 0), ("t1", 0), ("t2", 0)]
    assert table.groups[0][0].check.type == "IntegerField"


def test_a_generator_is_written_as_its_settings() -> None:
    settings = {"type": "integer_generator_arithmetic_sequence", "start": 0, "step": 1, "count": 100_000}
    document = workflow(
        node("g", "integer_generator", generator=settings),
        node("b", "integer_batch", batch_group_id="None", integers=[]),
        node("t", "add", a=1, b=2),
        edges=[edge("g.integers", "b.integers"), edge("b.value", "t.a")],
        form=form("t.b"),
    )
    (source,) = planned(document).batch.sources
    assert (source.node_id, source.field, source.generator) == ("g", "generator", settings)
    assert not source.items


def test_type_checkers_know_the_type_of_an_empty_table() -> None:
    batch = node("b", "integer_batch", batch_group_id="None", integers=[1, 2])
    text = generate_module(workflow(batch, form=form("b.integers")), schema(), source="batch.json").text
    assert re.findall(r"^(\w+): Final\[.+\] = (?:\{\}|\(\n    #.*\n\))$", text, re.MULTILINE) == ["NODES", "OUTPUT_MAP"]
    assert not re.search(r": Final = (?:\{|\()\s*(?:#.*)?\s*[})]", text)
