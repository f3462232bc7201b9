"""Where the value of a field goes, through primitives, calculations and connectors; and the sides of a prompt."""

from __future__ import annotations

from invokable.workflow.feeding import Fed, Feeding
from tests.workflow.builders import Json, connector, edge, node, read, workflow


def fed(document: Json, start: str) -> list[str]:
    """The fields that use the value of `node.field`, each with the node that changed it."""
    return [said(one) for one in Feeding(read(document)).fed_by(*start.split("."))]


def said(one: Fed) -> str:
    return f"{one.node.id}.{one.field}" + (f" by {one.through.id}" if one.through else "")


def test_a_node_that_works_with_its_value_feeds_only_itself() -> None:
    document = workflow(node("n", "noise", seed=1), node("d", "denoise_latents"), edges=[edge("n.noise", "d.noise")])
    assert fed(document, "n.seed") == ["n.seed"]
    assert not Feeding(read(document)).passes_on("n", "seed")


def test_a_primitive_hands_its_value_on_as_it_is() -> None:
    document = workflow(
        node("i", "integer", value=512),
        node("n", "noise", width=1, height=1),
        edges=[edge("i.value", "n.width"), edge("i.value", "n.height")],
    )
    assert fed(document, "i.value") == ["n.width", "n.height"]
    assert Feeding(read(document)).passes_on("i", "value")


def test_a_calculation_makes_another_value_of_it() -> None:
    document = workflow(
        node("i", "integer", value=512),
        node("a", "add", a=1, b=1),
        node("m", "mul", a=1, b=1),
        node("n", "noise", width=1),
        edges=[edge("i.value", "a.a"), edge("a.value", "m.a"), edge("m.value", "n.width")],
    )
    assert fed(document, "i.value") == ["n.width by a"]
    assert fed(document, "m.b") == ["n.width by m"]


def test_a_model_is_kept_by_the_node_that_works_with_it() -> None:
    document = workflow(
        node("t", "text_llm", prompt="a fox", text_llm_model=None),
        node("c", "compel", prompt=""),
        edges=[edge("t.value", "c.prompt")],
    )
    assert fed(document, "t.prompt") == ["c.prompt by t"]
    assert fed(document, "t.text_llm_model") == ["t.text_llm_model"]


def test_of_an_image_only_the_image_counts_and_a_node_that_paints_is_no_primitive() -> None:
    document = workflow(
        node("p", "image", image=None),
        node("n", "noise", width=1),
        node("c", "normal_map", image=None),
        node("s", "save_image", image=None),
        edges=[edge("p.width", "n.width"), edge("p.image", "c.image"), edge("c.image", "s.image")],
    )
    assert fed(document, "p.image") == ["c.image"]
    assert [said(one) for one in Feeding(read(document)).fed_from("c", "image")] == ["s.image"]


def test_connectors_are_bends_in_a_wire() -> None:
    document = workflow(
        node("i", "integer", value=512),
        connector("x"),
        connector("y"),
        node("n", "noise", width=1),
        edges=[edge("i.value", "x.in"), edge("x.out", "y.in"), edge("y.out", "n.width")],
    )
    assert fed(document, "i.value") == ["n.width"]


def test_a_value_that_feeds_nothing_and_a_node_that_is_not_there() -> None:
    document = workflow(node("i", "integer", value=1))
    assert fed(document, "i.value") == []
    assert fed(document, "gone.value") == []


def two_passes() -> Json:
    return workflow(
        node("p", "string", value=""),
        node("j", "string_join", string_left="", string_right=""),
        node("e", "compel", prompt=""),
        node("f", "compel", prompt=""),
        node("c", "collect"),
        node("first", "denoise_latents"),
        node("second", "denoise_latents"),
        edges=[
            edge("p.value", "e.prompt"),
            edge("p.value", "j.string_left"),
            edge("j.value", "f.prompt"),
            edge("e.conditioning", "c.item"),
            edge("c.collection", "first.positive_conditioning"),
            edge("e.conditioning", "second.positive_conditioning"),
            edge("f.conditioning", "second.negative_conditioning"),
            edge("first.latents", "second.latents"),
        ],
    )


def test_the_sides_of_a_prompt_are_the_passes_it_conditions() -> None:
    feeding = Feeding(read(two_passes()))
    names = {side: [node.id for node in nodes] for side, nodes in feeding.sides("e").items()}
    assert names == {"positive": ["second", "first"]}
    assert {side: [node.id for node in nodes] for side, nodes in feeding.sides("f").items()} == {"negative": ["second"]}
    assert feeding.sides("first") == feeding.sides("p") == {}
    assert fed(two_passes(), "p.value") == ["e.prompt", "f.prompt by j"]
