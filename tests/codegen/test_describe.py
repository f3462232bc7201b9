"""Docstrings: the author's words, else the glossary's; where the field is in the editor; the same from any schema."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from invokable.codegen import Options, generate_module, plan_document
from invokable.codegen.describing.descriptions import Descriptions
from invokable.schema import load
from tests.codegen.test_telling import bare, two_boards, write
from tests.examples import add_field, example, node


def described(document: Any) -> dict[str, list[str]]:
    plan = plan_document(document, load("6.14.2"), source="made.json", options=Options(lenient=True))
    descriptions = Descriptions(plan)
    return {planned.attribute: descriptions.of(planned) for planned in plan.inputs}


def test_the_glossary_speaks_where_the_author_did_not() -> None:
    does, facts = described(example("sd15_text_to_image.json"))["steps"]
    assert does.startswith("How often the image is refined")
    assert facts == 'Integer, 1 to 100. Index 5, on Denoise - SD1.5, SDXL, under "Sampling".'


def test_the_author_s_words_stand_in_its_place() -> None:
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
    assert described(document)["cfg_scale"] == ["How strong.", "Index 0, on Denoise - SD1.5, SDXL."]


def test_a_label_of_other_words_than_the_attribute_is_told_with_node_and_heading() -> None:
    found = described(two_boards("FLUX", "Refiner", "Output Board"))["refiner_board"]
    assert found[0] == "Output Board."
    assert found[-1].endswith('Index 1, on Latents to Image - SD1.5, SDXL, under "Refiner".')


def test_a_field_explained_by_its_name_says_only_its_index() -> None:
    assert described(example("sd15_text_to_image.json"))["positive_prompt"] == ["What the image shows.", "Index 1."]


def test_images_models_and_boards_say_what_they_take() -> None:
    found = {**described(example("sd15_text_to_image.json")), **described(example("colour_card.json"))}
    assert "Main model of sd-1 or sd-2. Takes the name of a model" in found["model"][-1]
    assert "Takes a path, bytes, a file object, a Pillow image" in found["stamp"][-1]
    assert "Takes the name of a board" in found["board"][-1]


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
