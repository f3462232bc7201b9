"""The glossary: true for every field that it describes, not copied, and used only without the author's words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest

from invokable.codegen.describing.authors import authors_words
from invokable.codegen.describing.glossary import Entry, accepts, entries, entry_of
from invokable.schema import load, versions
from invokable.schema.build import read_openapi
from invokable.schema.model import InputTemplate
from invokable.workflow import read_workflow
from tests.codegen.test_disambiguation import bare, write
from tests.examples import SHARED, add_field, example, node

OPENAPI = SHARED / "openapi"


def fields() -> Iterator[tuple[str, InputTemplate]]:
    for version in versions():
        for template in load(version).nodes.values():
            yield from ((template.type, field) for field in template.inputs.values())


@pytest.fixture(scope="module")
def meant() -> dict[Entry, list[tuple[str, InputTemplate]]]:
    """The fields of all versions that each entry applies to."""
    found: dict[Entry, list[tuple[str, InputTemplate]]] = {entry: [] for entry in entries()}
    for node_type, field in fields():
        for entry in entries():
            if entry.holds_for(node_type, field.name, str(field.type)):
                found[entry].append((node_type, field))
                break
    return found


def test_every_entry_and_each_of_its_patterns_is_about_some_field(
    meant: dict[Entry, list[tuple[str, InputTemplate]]],
) -> None:
    for entry, about in meant.items():
        for pattern in entry.nodes:
            assert any(fnmatchcase(node_type, pattern) for node_type, _ in about), (entry.field, pattern)


def test_the_numbers_that_an_entry_names_are_within_the_limits_of_its_fields(
    meant: dict[Entry, list[tuple[str, InputTemplate]]],
) -> None:
    for entry, about in meant.items():
        if entry.field in ("width", "height", "num_frames", "target_resolution"):
            continue  # their numbers are model sizes, not values
        said = f"{entry.text} {entry.values}"
        named = [float(number) for number in re.findall(r"(?<![\w.\"])-?\d+(?:\.\d+)?(?![\w.]*\w)", said)]
        for node_type, field in about:
            for number in named if field.type.name in ("IntegerField", "FloatField") else ():
                limits = field.limits
                assert limits.lower <= number <= limits.upper, (entry.field, node_type, number)


def test_the_choices_that_an_entry_quotes_are_choices_of_its_fields(
    meant: dict[Entry, list[tuple[str, InputTemplate]]],
) -> None:
    for entry, about in meant.items():
        options = {str(option) for _, field in about for option in field.options}
        if options:
            quoted = re.findall(r'"([^"]+)"', entry.text)
            assert all(any(word in option for option in options) for word in quoted), (entry.field, quoted)


def test_the_entries_are_sentences() -> None:
    for entry in entries():
        assert 20 < len(entry.text) < 230, (len(entry.text), entry)
        for text in (entry.text, *filter(None, (entry.negative, entry.values, entry.without))):
            assert text[0].isupper() or text[0].isdigit(), entry
            assert text.endswith("."), entry
            assert len(text) < 230, (len(text), entry)


def test_optional_fields_say_what_happens_without_a_value(
    meant: dict[Entry, list[tuple[str, InputTemplate]]],
) -> None:
    for entry, about in meant.items():
        assert not entry.without or any(field.nullable for _, field in about), (entry.field, entry.nodes)


def test_most_fields_of_a_form_have_one() -> None:
    shown = [("denoise_latents", "steps"), ("noise", "seed"), ("save_image", "board"), ("controlnet", "control_weight")]
    nodes = load("6.14.2").nodes
    assert all(entry_of(node_type, name, str(nodes[node_type].inputs[name].type)) for node_type, name in shown)


@pytest.mark.slow
@pytest.mark.skipif(not OPENAPI.is_dir(), reason="the openapi files are not here: ../shared/openapi")
def test_no_sentence_is_a_copy() -> None:
    theirs: set[tuple[str, ...]] = set()
    for path in OPENAPI.glob("*.json.gz"):
        schema = read_openapi(str(path))
        for template in schema.nodes.values():
            theirs |= {run for field in template.inputs.values() for run in runs(field.description)}
    assert len(theirs) > 2000
    for entry in entries():
        for text in (entry.text, entry.negative, entry.values, entry.without):
            assert not theirs.intersection(runs(text)), (entry.field, theirs.intersection(runs(text)))


def runs(text: str) -> set[tuple[str, ...]]:
    """Every five words in a row."""
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[start : start + 5]) for start in range(len(words) - 4)}


def test_the_same_name_on_another_node_is_left_alone() -> None:
    assert entry_of("float_range", "steps", "IntegerField") is None
    assert entry_of("a_custom_node", "image", "ImageField") is None
    assert entry_of("denoise_latents", "steps", "FloatField") is None


def test_models_images_boards_and_loras_say_what_they_take() -> None:
    assert "name of a model" in accepts("ModelIdentifierField")
    assert "Pillow" in accepts("ImageField|[]")
    assert 'LoRA("name", weight=0.75)' in accepts("LoRAField|[]")
    assert "with its id" in accepts("BoardField")
    assert accepts("IntegerField") == ""


def words_about(document: Any, field: str) -> tuple[str, ...]:
    reading = read_workflow(document, load("6.14.2"), lenient=True)
    item = next(item for item in reading.inputs if item.field == field)
    return authors_words(reading)[item.index]


def test_the_author_s_words_are_description_texts_above_and_notes() -> None:
    document = bare()
    denoise = node(document, "denoise_latents")
    denoise["notes"] = "4 steps for schnell,\n30 for dev"
    denoise["inputs"]["steps"]["description"] = "How long it takes."
    add_field(document, denoise["id"], "cfg_scale")
    write(document, "text", "Start  low.")
    add_field(document, denoise["id"], "steps")
    assert words_about(document, "steps") == ("How long it takes.", "Start low.", "4 steps for schnell, 30 for dev")
    assert words_about(document, "cfg_scale") == ("4 steps for schnell, 30 for dev",)


def test_a_description_of_the_schema_is_not_the_author_s() -> None:
    assert words_about(example("sd15_text_to_image.json"), "width") == ()
    assert words_about(example("sd15_text_to_image.json"), "seed") == ("The same seed gives the same image.",)


def test_long_words_are_cut_and_repetitions_left_out() -> None:
    document = bare()
    denoise = node(document, "denoise_latents")
    denoise["notes"] = "long " * 1000
    denoise["inputs"]["steps"]["description"] = "long " * 3
    write(document, "text", "Long long.")
    add_field(document, denoise["id"], "steps")
    first, second, third = words_about(document, "steps")
    assert (first, second) == ("long long long", "Long long.")
    assert len(third) <= 400
    assert third.endswith("long...")
