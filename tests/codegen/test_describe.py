"""Docstrings: the author's words or else the glossary's, and the field's location; the same from any schema."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from invokable.codegen import Options, generate_module, plan_document
from invokable.codegen.describing.descriptions import Descriptions
from invokable.codegen.describing.results import Results
from invokable.schema import load
from tests.codegen.test_disambiguation import bare, twin, two_boards, write
from tests.examples import add_edge, add_field, add_node, example, imported, node, with_generator, workflow_class

VERSIONS = load("6.14.2").nodes


def described(document: Any) -> dict[str, list[str]]:
    plan = plan_document(document, load("6.14.2"), source="made.json", options=Options(lenient=True))
    descriptions = Descriptions(plan)
    return {planned.attribute: descriptions.of(planned) for planned in plan.inputs}


def test_the_glossary_speaks_where_the_author_did_not() -> None:
    does, facts = described(example("sd15_text_to_image.json"))["steps"]
    assert does.startswith("The number of denoising steps")
    assert facts == 'Integer, 1 to 100. Default: 30. Index 5, on Denoise - SD1.5, SDXL, under "Sampling".'


def test_the_author_s_words_replace_it() -> None:
    document = bare()
    denoise = node(document, "denoise_latents")
    denoise["notes"] = "4 for schnell, 30 for dev"
    write(document, "text", "Fewer is faster")
    add_field(document, denoise["id"], "steps")
    assert described(document)["steps"][0] == "Fewer is faster. 4 for schnell, 30 for dev."


def test_a_type_that_the_annotation_shows_is_not_repeated() -> None:
    document = bare()
    write(document, "text", "How strong")
    add_field(document, node(document, "denoise_latents")["id"], "cfg_scale")
    assert described(document)["cfg_scale"] == ["How strong.", "Default: 7.5. Index 0, on Denoise - SD1.5, SDXL."]


def test_a_label_that_differs_from_the_attribute_is_shown_with_node_and_heading() -> None:
    found = described(two_boards("FLUX", "Refiner", "Output Board"))["refiner_board"]
    assert found[0] == "Output Board."
    assert found[-1].endswith('Index 1, on Latents to Image - SD1.5, SDXL, under "Refiner".')


def test_the_location_is_left_out_if_the_label_is_the_name() -> None:
    *_, facts = described(example("sd15_text_to_image.json"))["positive_prompt"]
    assert facts == 'Default: "a lighthouse at dusk, oil painting". Index 1.'


@pytest.mark.parametrize("label", ["Größe", "Gro\u0308ße", "Ｗｉｄｔｈ"])
def test_a_label_in_another_normal_form_is_the_name_too(label: str) -> None:
    document = bare()
    noise = node(document, "noise")
    noise["inputs"]["width"]["label"] = label
    add_field(document, noise["id"], "width")
    (texts,) = described(document).values()
    assert label not in " ".join(texts)


def test_a_prompt_says_which_conditioning_it_feeds() -> None:
    document = example("sd15_text_to_image.json")
    for made in document["nodes"]:
        for entry in made["data"].get("inputs", {}).values():
            entry["description"] = ""
    found = described(document)
    weights = 'Weights are written as "(fog)1.3" or "fog++" and "fog-".'
    to = "Feeds Prompt of Prompt - SD1.5, for the {} conditioning of Denoise - SD1.5, SDXL."
    assert found["positive_prompt"][0] == f"What the image shows. {weights} {to.format('positive')}"
    assert found["negative_prompt"][0] == f"What the image should not show. {weights} {to.format('negative')}"


def test_a_prompt_of_two_passes_names_both() -> None:
    document = bare()
    denoise = node(document, "denoise_latents")
    denoise["label"] = "Base pass"
    again = twin(document, denoise, label="Refining pass")
    for edge in [edge for edge in document["edges"] if edge["target"] == again["id"]]:
        edge["targetHandle"] = edge["targetHandle"].replace(
            "negative", "positive"
        )  # the positive prompt is the only one
    add_field(document, node(document, "compel")["id"], "prompt")
    found, *_ = described(document).values()
    assert "Feeds the positive conditioning of Base pass and Refining pass." in found[0]


def test_a_primitive_says_what_it_feeds_and_what_that_does() -> None:
    document = bare()
    made = add_node(document, "i", "integer", version=VERSIONS["integer"].version, value=20)
    made["label"] = "Effort"
    add_edge(document, "i", "value", node(document, "denoise_latents")["id"], "steps")
    add_field(document, "i", "value")
    does, facts = described(document)["effort"]
    assert does.startswith("The number of denoising steps")
    assert does.endswith("Feeds Steps of Denoise - SD1.5, SDXL.")
    assert facts == "Default: 20. Index 0, on Effort."


def test_a_value_used_in_a_calculation_shows_where_the_result_goes() -> None:
    document = bare()
    add_node(document, "i", "integer", version=VERSIONS["integer"].version, value=20)["label"] = "Half"
    add_node(document, "m", "mul", version=VERSIONS["mul"].version, a=1, b=2)
    add_edge(document, "i", "value", "m", "a")
    add_edge(document, "m", "value", node(document, "denoise_latents")["id"], "steps")
    add_field(document, "i", "value")
    assert described(document)["half"][0] == "Feeds Steps of Denoise - SD1.5, SDXL, through Multiply Integers."


def test_meanings_of_values_are_added_to_the_author_s_words() -> None:
    document = bare()
    add_node(
        document,
        "v",
        "extract_video_range",
        version=VERSIONS["extract_video_range"].version,
        start_frame=0,
        end_frame=-1,
    )
    write(document, "text", "Last one to keep")
    add_field(document, "v", "end_frame")
    assert described(document)["end_frame"][0] == (
        "Last one to keep. Frames are counted from 0; -1 is the last one, -2 the one before it."
    )


def test_optional_inputs_say_what_happens_if_omitted() -> None:
    document = bare()
    add_node(
        document,
        "f",
        "flux_model_loader",
        version=VERSIONS["flux_model_loader"].version,
        t5_encoder_model=None,
        vae_model=None,
    )
    for field in ("t5_encoder_model", "vae_model"):
        add_field(document, "f", field)
    add_node(document, "p", "img_paste", version=VERSIONS["img_paste"].version, mask=None)
    add_field(document, "p", "mask")
    found = described(document)
    assert "If omitted, the main model must be a complete pipeline" in found["t5_encoder"][-1]
    assert "If omitted, the VAE of the main model" in found["vae"][-1]
    assert "Optional. Index 2" in found["mask"][-1]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("", '""'),
        ("word " * 20, '"word word word word word word word word word word word..."'),
        ('say "a"', '"say \\"a\\""'),
    ],
)
def test_a_default_is_named_and_a_long_one_cut(value: str, said: str) -> None:
    document = example("sd15_text_to_image.json")
    node(document, "string")["inputs"]["value"]["value"] = value
    assert described(document)["positive_prompt"][-1] == f"Default: {said}. Index 1."


def test_the_default_of_a_list_has_no_item_type() -> None:
    document = bare()
    add_node(document, "i", "ip_adapter", version=VERSIONS["ip_adapter"].version, weight=[0.5, 1.0])
    add_field(document, "i", "weight")
    assert "Default: [0.5, 1]." in described(document)["weight"][-1]


def test_the_settings_of_a_generator_name_their_classes() -> None:
    settings = {"type": "integer_generator_random_distribution_uniform", "min": 0, "max": 9, "count": 4, "seed": 1}
    document = with_generator(settings)
    node(document, "integer_generator")["inputs"]["generator"]["label"] = ""
    does, facts = described(document)["generator"]
    assert does == "Feeds Width of Blank Image, through Integer Generator."
    assert facts.startswith("Settings of an integer generator. Accepts `IntegerSequence`, `IntegerRange`,")
    assert "Default: IntegerRandom(...)." in facts


def test_the_labels_of_a_dropdown_are_in_the_docstring() -> None:
    document = bare()
    add_node(document, "s", "string", version="1.0.1", value="a")
    options = [{"label": "First", "value": "a"}, {"label": "Second", "value": "b"}, {"label": "Again", "value": "a"}]
    add_field(document, "s", "value", {"type": "string-field-config", "component": "dropdown", "options": options})
    assert described(document)["value"][-1].startswith('One of "a" (First), "b" (Second).')


def test_the_outline_marks_what_an_edge_feeds() -> None:
    document = example("colour_card.json")
    add_node(document, "number", "integer", version="1.0.1", value=5)
    add_edge(document, "number", "value", node(document, "img_paste")["id"], "x")
    text = workflow_class(imported(document)).__doc__
    assert "4 `left`: integer; fed by an edge" in text
    assert "5 `top`: integer\n" in text


def test_a_number_of_lines_feeds_no_conditioning_but_a_text_around_them_does() -> None:
    document = bare()
    add_node(document, "f", "prompt_from_file", version=VERSIONS["prompt_from_file"].version, start_line=1)
    node(document, "prompt_from_file")["inputs"]["pre_prompt"] = {"name": "pre_prompt", "label": "", "description": ""}
    add_node(document, "i", "iterate", version=VERSIONS["iterate"].version)
    add_edge(document, "f", "collection", "i", "collection")
    encode = next(n["data"] for n in document["nodes"] if n["data"].get("type") == "compel")
    document["edges"] = [edge for edge in document["edges"] if edge["targetHandle"] != "prompt"]
    add_edge(document, "i", "item", encode["id"], "prompt")
    for field in ("start_line", "pre_prompt"):
        add_field(document, "f", field)
    found = described(document)
    assert "conditioning" not in found["start_line"][0]
    assert "Feeds the positive conditioning" in found["pre_prompt"][0]


def test_each_of_several_boards_names_its_output() -> None:
    found = described(two_boards("FLUX", "Refiner"))
    assert "For `flux_image` of the result." in found["flux_board"][-1]
    assert "of the result" not in described(example("colour_card.json"))["board"][-1]


def test_a_model_for_another_node_has_the_kind_that_node_takes() -> None:
    document = bare()
    add_node(document, "m", "model_identifier", version=VERSIONS["model_identifier"].version, model=None)
    add_node(document, "c", "controlnet", version=VERSIONS["controlnet"].version, control_model=None)
    add_edge(document, "m", "model", "c", "control_model")
    add_field(document, "m", "model")
    does, facts = described(document)["model"]
    assert does.startswith("The ControlNet, which makes the image follow the shape of a control image.")
    assert facts.startswith("ControlNet model of sd-1, sd-2 or sdxl.")
    assert "`model`: ControlNet model of sd-1, sd-2 or sdxl" in (workflow_class(imported(document)).__doc__ or "")


def outputs_described(document: Any) -> dict[str, str]:
    plan = plan_document(document, load("6.14.2"), source="made.json", options=Options(lenient=True))
    results = Results(plan.reading, plan.inputs, title=plan.title)
    return {planned.attribute: results.of(planned) for planned in plan.outputs}


def test_outputs_name_their_node_the_heading_over_it_and_their_board() -> None:
    assert outputs_described(two_boards("FLUX", "Refiner")) == {
        "flux_image": 'Latents to Image - SD1.5, SDXL, under "FLUX", saved to `flux_board`',
        "refiner_image": 'Latents to Image - SD1.5, SDXL, under "Refiner", saved to `refiner_board`',
    }


def test_an_output_names_the_nodes_that_it_feeds() -> None:
    document = bare()
    decode = node(document, "l2i")
    add_node(document, "p", "image", version=VERSIONS["image"].version, image=None)
    add_node(document, "s", "save_image", version=VERSIONS["save_image"].version, image=None)
    add_edge(document, decode["id"], "image", "p", "image")
    add_edge(document, "p", "image", "s", "image")
    add_field(document, decode["id"], "board")
    found, *_ = outputs_described(document).values()
    assert found == "Latents to Image - SD1.5, SDXL, saved to `board`; also feeds Save Image"


def test_a_label_of_spaces_is_none() -> None:
    document = bare()
    node(document, "l2i")["label"] = " \n "
    assert [*outputs_described(document).values()] == ["Latents to Image - SD1.5, SDXL"]


def test_an_input_that_the_form_shows_twice_has_two_indices() -> None:
    document = bare()
    for _ in range(3):
        add_field(document, node(document, "denoise_latents")["id"], "steps")
    assert described(document)["steps"][-1].endswith("Indices 0, 1 and 2, on Denoise - SD1.5, SDXL.")


@pytest.mark.parametrize("length", [48, 49, 50, 51, 80])
def test_a_title_that_is_cut_stands_below_in_full(length: int) -> None:
    document = example("colour_card.json") | {"name": "x" * length, "description": ""}
    text = generate_module(document, load("6.14.2"), source="made.json").text
    assert f"{'x' * length}." in text.split('"""')[1] or f"\n\n{'x' * length}\n" in text.split('"""')[1]


def test_an_output_of_many_says_one_per_what() -> None:
    assert outputs_described(with_generator())["card"].endswith("saved to `board`; one per run of the batch")


def test_images_models_and_boards_say_what_they_take() -> None:
    found = {**described(example("sd15_text_to_image.json")), **described(example("colour_card.json"))}
    assert "Main model of sd-1 or sd-2. Accepts the name of a model" in found["model"][-1]
    assert "Accepts a path, bytes, a file object, a Pillow image" in found["stamp"][-1]
    assert "Accepts the name of a board" in found["board"][-1]


def test_a_server_s_descriptions_change_no_byte() -> None:
    bundled = load("6.14.2")
    talkative = {
        name: replace(
            bundled.nodes[name],
            inputs={key: replace(field, description="Prose.") for key, field in bundled.nodes[name].inputs.items()},
        )
        for name in bundled.nodes
    }
    live = replace(bundled, nodes=talkative, origin="http://127.0.0.1:9090")
    document = example("sd15_text_to_image.json")
    texts = {generate_module(document, schema, source="x.json").text for schema in (bundled, live)}
    assert len(texts) == 1
