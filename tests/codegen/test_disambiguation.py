"""Disambiguation: what distinguishes inputs and outputs of a workflow that would have the same name."""

from __future__ import annotations

import copy
import uuid
from typing import Any

import pytest

from invokable.codegen import ModulePlan, Options, plan_document
from invokable.schema import load
from invokable.workflow import OutlineItem
from invokable.workflow.headings import Surroundings, surroundings
from tests.examples import add_edge, add_field, add_node, example, node


def plan(document: Any, version: str = "6.14.2") -> ModulePlan:
    return plan_document(document, load(version), source="made.json", options=Options(lenient=True))


def inputs(document: Any) -> list[str]:
    return [planned.attribute for planned in plan(document).inputs]


def outputs(document: Any) -> list[str]:
    return [planned.attribute for planned in plan(document).outputs]


def new_id(name: str) -> str:
    """An id like the editor's, the same for the same name."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))


def bare() -> Any:
    """The text-to-image example, its image without a label and with an empty form."""
    document = example("sd15_text_to_image.json")
    node(document, "l2i")["label"] = ""
    root = document["form"]["rootElementId"]
    document["form"]["elements"] = {root: document["form"]["elements"][root]}
    document["form"]["elements"][root]["data"]["children"] = []
    return document


def twin(document: Any, data: Any, *, label: str = "") -> Any:
    """A second node like another, fed by the same edges; returns its `data`."""
    made = {
        **copy.deepcopy(data),
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{len(document['nodes'])}")),
        "label": label,
    }
    document["nodes"].append({"id": made["id"], "type": "invocation", "data": made, "position": {"x": 0, "y": 0}})
    for edge in [edge for edge in document["edges"] if edge["target"] == data["id"]]:
        document["edges"].append({**edge, "id": f"edge-{len(document['edges'])}", "target": made["id"]})
    return made


def write(document: Any, kind: str, text: str) -> None:
    """A heading or a text at the end of the form."""
    elements = document["form"]["elements"]
    root = elements[document["form"]["rootElementId"]]
    key = f"{kind}-{len(elements)}"
    elements[key] = {"id": key, "type": kind, "parentId": root["id"], "data": {"content": text}}
    root["data"]["children"].append(key)


def two_boards(first: str, second: str, label: str = "") -> Any:
    document = bare()
    decode = node(document, "l2i")
    decode["inputs"]["board"]["label"] = label
    write(document, "heading", first)
    add_field(document, decode["id"], "board")
    write(document, "heading", second)
    add_field(document, twin(document, decode)["id"], "board")
    return document


@pytest.mark.parametrize("label", ["", "Output Board"])
def test_headings_tell_boards_apart_and_the_images_that_go_there(label: str) -> None:
    document = two_boards("FLUX", "Refiner Output", label)
    assert inputs(document) == ["flux_board", "refiner_board"]
    assert outputs(document) == ["flux_image", "refiner_image"]


def test_a_heading_that_only_divides_the_form_tells_apart_when_nothing_else_does() -> None:
    document = two_boards("Output", "Advanced")
    twin_label = document["nodes"][-1]["data"]
    assert outputs(document) == ["image", "image_2"]
    twin_label["label"] = "Refined"
    assert outputs(document) == ["image", "refined"]
    assert inputs(document) == ["board", "refined_board"]


def test_the_author_s_name_for_the_node_is_preferred_to_a_number() -> None:
    document = bare()
    noise = node(document, "noise")
    noise["label"] = "Base"
    add_field(document, noise["id"], "width")
    add_field(document, twin(document, noise, label="Detail")["id"], "width")
    assert inputs(document) == ["base_width", "detail_width"]


def test_a_field_without_a_label_is_named_after_its_neighbour() -> None:
    document = bare()
    for number, name in enumerate(("High Noise", "Low Noise")):
        lora = add_node(document, new_id(name), "lora_loader", version="1.0.4", weight=0.75)
        lora["label"] = "" if number else "Apply Lightning LoRA (High Noise)"
        lora["inputs"]["lora"] = {"name": "lora", "label": f"Lightning LoRA ({name})", "description": ""}
        add_field(document, lora["id"], "lora")
        add_field(document, lora["id"], "weight")
    assert inputs(document) == [
        "lightning_lora_high_noise",
        "lightning_lora_high_noise_weight",
        "lightning_lora_low_noise",
        "lightning_lora_low_noise_weight",
    ]


def test_prompts_are_told_apart_by_what_they_feed() -> None:
    document = bare()
    document["edges"] = [edge for edge in document["edges"] if edge["targetHandle"] != "prompt"]
    for data in (entry["data"] for entry in document["nodes"] if entry["data"]["type"] == "compel"):
        add_field(document, data["id"], "prompt")
    assert inputs(document) == ["positive_prompt", "negative_prompt"]


def test_models_are_told_apart_by_the_family_of_their_node() -> None:
    document = bare()
    for family in ("flux_model_loader", "sdxl_model_loader"):
        loader = add_node(document, new_id(family), family, version="1.0.6")
        loader["inputs"]["model"] = {"name": "model", "label": "", "description": ""}
        add_field(document, loader["id"], "model")
    assert inputs(document) == ["flux_model", "sdxl_model"]


def test_main_and_refiner_model_are_told_apart_by_their_nodes_not_by_the_parts_that_others_take() -> None:
    document = bare()
    denoise, encode = node(document, "denoise_latents"), node(document, "compel")
    document["edges"] = []
    for kind, part in (("sdxl_model_loader", "clip"), ("sdxl_refiner_model_loader", "clip2")):
        loader = add_node(document, new_id(kind), kind, version="1.0.4")
        loader["inputs"]["model"] = {"name": "model", "label": "", "description": ""}
        add_field(document, loader["id"], "model")
        target = twin(document, encode)
        target["type"] = "sdxl_compel_prompt"
        add_edge(document, loader["id"], part, target["id"], part)
        add_edge(document, loader["id"], "unet", denoise["id"], "unet")
    assert inputs(document) == ["main_model", "refiner_model"]


def test_the_board_of_a_node_with_a_label_is_named_as_its_board() -> None:
    document = bare()
    saved = add_node(document, new_id("saved"), "save_image", version="1.2.2", board="auto")
    saved["label"] = "Poster"
    saved["inputs"]["image"] = {"name": "image", "label": "", "description": ""}
    add_field(document, saved["id"], "board")
    add_field(document, saved["id"], "image")
    assert inputs(document) == ["poster_board", "poster"]


@pytest.mark.parametrize("order", [("blank_image", "integer"), ("integer", "blank_image")])
def test_an_input_keeps_its_label_next_to_a_field_with_that_title(order: tuple[str, str]) -> None:
    document = bare()
    primitive = add_node(document, new_id("integer"), "integer", version="1.0.1", value=64)
    primitive["label"] = "W"
    primitive["inputs"]["value"]["label"] = "Width"
    add_node(document, new_id("blank_image"), "blank_image", version="1.2.2", width=64)
    fields = {"integer": "value", "blank_image": "width"}
    for kind in order:
        add_field(document, new_id(kind), fields[kind])
    assert dict(zip(order, inputs(document), strict=True)) == {"integer": "width", "blank_image": "blank_image_width"}


def test_fields_with_the_same_label_are_told_apart_by_their_titles() -> None:
    document = bare()
    for name in ("first", "second"):
        blank = add_node(document, new_id(name), "blank_image", version="1.2.2", width=64, height=64)
        for field in ("width", "height"):
            blank["inputs"][field]["label"] = "Size"
            add_field(document, blank["id"], field)
    assert inputs(document) == ["width_size", "height_size", "width_size_2", "height_size_2"]


def test_no_more_words_are_added_to_a_name_that_is_already_different() -> None:
    document = bare()
    for heading, values in (("Left", [1]), ("Right", [2, 3])):
        write(document, "heading", heading)
        for value in values:
            add_node(document, new_id(f"{value}"), "integer", version="1.0.1", value=value)
            add_field(document, new_id(f"{value}"), "value")
    assert inputs(document) == ["left_value", "right_value", "right_value_2"]


def test_a_single_output_without_a_label_is_named_after_its_kind_in_every_version() -> None:
    for version in ("5.0.2", "6.8.1", "6.14.2"):
        assert [planned.attribute for planned in plan(bare(), version).outputs] == ["image"]


def test_outputs_of_several_nodes_are_told_apart_by_what_the_nodes_did() -> None:
    document = bare()
    decode = node(document, "l2i")
    for node_type, version in (("img_resize", "1.2.2"), ("canny_edge_detection", "1.0.0")):
        made = add_node(document, new_id(node_type), node_type, version=version)
        made["isIntermediate"] = False
        made["inputs"] = {"image": {"name": "image", "label": "", "description": ""}}
        add_edge(document, decode["id"], "image", made["id"], "image")
    assert outputs(document) == ["decoded_image", "resized_image", "canny_edge_image"]


def test_outputs_of_similar_nodes_are_told_apart_by_what_comes_before_them() -> None:
    document = bare()
    decode = node(document, "l2i")
    second = twin(document, decode)
    denoise = twin(document, node(document, "denoise_latents"), label="Refiner")
    next(edge for edge in document["edges"] if edge["target"] == second["id"] and edge["targetHandle"] == "latents")[
        "source"
    ] = denoise["id"]
    assert outputs(document) == ["image", "refiner_image"]


def test_an_id_that_a_person_chose_is_preferred_to_a_number() -> None:
    document = bare()
    document["nodes"], document["edges"] = [], []
    for node_id in ("left_sum", "right_sum", "0c01f2a7-a406-47d5-bf09-a6345c6124e9"):
        add_node(document, node_id, "add", version="1.0.1", a=1, b=2)
    assert outputs(document) == ["left_sum", "right_sum", "value"]


def outline(*lines: str) -> tuple[OutlineItem, ...]:
    """An outline from lines such as `  heading Size`; fields are counted."""
    items, count = [], 0
    for line in lines:
        kind, _, text = line.strip().partition(" ")
        depth = (len(line) - len(line.lstrip())) // 2
        index = count if kind == "field" else None
        count += kind == "field"
        items.append(OutlineItem(kind, depth, text, index))  # type: ignore[arg-type]
    return tuple(items)


def unconnected(node_type: str, **values: Any) -> Any:
    """Two nodes without labels that feed nothing, shown in the form, each with one of two values in its only field."""
    document = bare()
    ((field, two),) = values.items()
    for number, value in enumerate(two):
        made = add_node(
            document, new_id(f"{number}"), node_type, version=load("6.14.2").nodes[node_type].version, **{field: value}
        )
        add_field(document, made["id"], field)
    return document


@pytest.mark.parametrize(
    ("node_type", "values", "names"),
    [
        ("string", {"value": ("a fox", "a dog")}, ["a_fox", "a_dog"]),
        ("string", {"value": ("a fox", "a text that is far too long to be a name")}, ["a_fox", "value"]),
        ("string_collection", {"collection": (["fox"], ["dog", "cat"])}, ["fox_collection", "dog_cat_collection"]),
        (
            "image",
            {"image": ({"image_name": "mask.png"}, {"image_name": f"{new_id('x')}.png"})},
            ["mask_image", "image"],
        ),
        (
            "model_identifier",
            {"model": [{"key": "k", "hash": "h", "name": name, "base": "any", "type": "vae"} for name in "AB"]},
            ["a_model", "b_model"],
        ),
        ("integer", {"value": (3, 4)}, ["value", "value_2"]),
    ],
)
def test_values_chosen_on_a_node_are_preferred_to_a_number(node_type: str, values: Any, names: list[str]) -> None:
    assert inputs(unconnected(node_type, **values)) == names


@pytest.mark.parametrize(
    ("second", "names"),
    [
        (
            {"step": -2},
            ["step_1_arithmetic_sequence_generator", "step_minus_2_arithmetic_sequence_generator"],
        ),
        ({"values": [9.5, 8]}, ["generator", "values_9_5_8_arithmetic_sequence_generator"]),
        ({}, ["generator", "generator_2"]),
    ],
)
def test_generator_settings_are_preferred_to_a_number(second: dict[str, Any], names: list[str]) -> None:
    first = {"type": "float_generator_arithmetic_sequence", "start": 0, "step": 1, "count": 3}
    assert inputs(unconnected("float_generator", generator=[first, first | second])) == names


def test_what_people_wrote_on_the_fields_of_a_node_tells_its_output() -> None:
    document = bare()
    decode = node(document, "l2i")
    other = twin(document, decode)
    for data, label in ((decode, "Rough"), (other, "Fine")):
        data["isIntermediate"] = False
        data["inputs"]["tile_size"] = {**data["inputs"]["tile_size"], "label": label}
    assert outputs(document) == ["rough_image", "fine_image"]


def test_a_heading_applies_to_what_follows_in_its_container() -> None:
    found = surroundings(
        outline(
            "heading Portrait",
            "container row",
            "  container column",
            "    heading Size",
            "    field width",
            "  container column",
            "    field steps",
            "    heading Sampling",
            "    divider",
            "    field seed",
            "field board",
            "heading Other",
        )
    )
    assert [found[index].headings for index in range(4)] == [
        ("Portrait", "Size"),
        ("Portrait",),
        ("Portrait", "Sampling"),
        ("Portrait",),
    ]


def test_a_divider_below_fields_ends_what_is_under_the_heading() -> None:
    lines = (
        "heading Prompts",
        "divider",
        "field prompt",
        "text Less of this.",
        "divider",
        "field width",
        "heading Other",
    )
    found = surroundings(outline(*lines))
    assert [found[index].headings for index in range(2)] == [("Prompts",), ()]
    assert found[1].texts == ()


def test_a_divider_between_containers_leaves_the_heading_around_them() -> None:
    lines = ("heading Model", "container row", "  field model", "  divider", "  field vae", "heading Other")
    found = surroundings(outline(*lines))
    assert [found[index].headings for index in range(2)] == [("Model",), ("Model",)]


def test_the_only_heading_outside_of_all_containers_is_the_title_of_the_form() -> None:
    lines = ("heading My workflow", "field prompt", "container column", "  heading Size", "  field width")
    found = surroundings(outline(*lines))
    assert [found[index].headings for index in range(2)] == [(), ("Size",)]


def test_of_very_many_headings_over_a_field_the_nearest_are_kept() -> None:
    nested = [f"{'  ' * depth}{line}" for depth in range(100) for line in (f"heading Level {depth}", "container row")]
    found = surroundings(outline(*nested, f"{'  ' * 100}field steps"))[0].headings
    assert found == tuple(f"Level {depth}" for depth in range(80, 100))


def test_texts_belong_to_the_field_right_below_them() -> None:
    found = surroundings(outline("text 4 steps for schnell.", "text 30 for dev.", "field steps", "field cfg"))
    assert found[0] == Surroundings((), ("4 steps for schnell.", "30 for dev."))
    assert found[1] == Surroundings()


def test_a_short_text_that_comes_first_is_the_title_of_its_container() -> None:
    found = surroundings(outline("text Not a title here", "container row", "  text Low noise", "  field weight"))
    assert found[0].headings == ("Low noise",)
