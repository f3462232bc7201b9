"""The bundled schemas."""

from __future__ import annotations

import subprocess
import sys

import pytest

from invokable.contract.server import NEWEST
from invokable.schema import (
    MISSING,
    SchemaError,
    load,
    versions,
    versions_with_field,
    versions_with_node,
)

VERSIONS = ("5.0.2", "5.6.2", "5.15.0", "6.0.2", "6.3.0", "6.8.1", "6.11.1", "6.13.8", "6.14.2")


def test_versions_ascend() -> None:
    assert versions() == VERSIONS
    assert versions()[-1] == NEWEST


@pytest.mark.parametrize("version", VERSIONS)
def test_every_template_of_every_version_loads(version: str) -> None:
    schema = load(version)

    assert (schema.version, schema.origin) == (version, "bundled")
    assert len(schema.nodes) > 150
    for node_type, node in schema.nodes.items():
        assert node.type == node_type
        assert node.version
        assert node.output_type
        assert all(name == template.name for name, template in node.inputs.items())
        assert all(name == template.name for name, template in node.outputs.items())


@pytest.mark.parametrize("version", VERSIONS)
def test_catalogue_holds_facts_and_no_prose(version: str) -> None:
    templates = [t for node in load(version).nodes.values() for t in node.inputs.values()]

    assert len(templates) > 600
    assert {template.description for template in templates} == {""}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_choice_field_has_choices(version: str) -> None:
    choosing = [
        template
        for node in load(version).nodes.values()
        for template in node.inputs.values()
        if template.type.name in ("EnumField", "SchedulerField")
    ]

    assert choosing
    assert all(template.options for template in choosing)
    assert all(set(template.choice_labels) <= set(template.options) for template in choosing)


def test_version_that_is_not_bundled_is_refused_with_those_that_are() -> None:
    with pytest.raises(SchemaError) as refusal:
        load("6.14.3")

    message = refusal.value.message
    assert message == (
        "no bundled schema for InvokeAI '6.14.3'; the bundled versions are 5.0.2, 5.6.2, 5.15.0, 6.0.2, 6.3.0, "
        "6.8.1, 6.11.1, 6.13.8, 6.14.2"
    )


def test_node_and_field_facts() -> None:
    width = load("6.14.2").nodes["noise"].inputs["width"]

    assert str(width.type) == "IntegerField"
    assert (width.default, width.limits.exclusive_minimum, width.limits.multiple_of) == (512, 0, 8)
    assert load("6.14.2").nodes["noise"].outputs["noise"].type.name == "LatentsField"


def test_missing_default_survives_the_file() -> None:
    assert load("6.14.2").nodes["img_blur"].inputs["image"].default is MISSING


def test_model_vocabulary_grows_with_the_versions() -> None:
    assert "flux" in load("5.0.2").model_bases
    assert "wan" not in load("5.0.2").model_bases
    assert "wan" in load("6.14.2").model_bases


def test_unknown_node_is_a_key_error_and_not_contained() -> None:
    nodes = load("6.14.2").nodes

    assert "no_such_node" not in nodes
    with pytest.raises(KeyError):
        nodes["no_such_node"]


def test_versions_that_know_a_node() -> None:
    assert versions_with_node("integer") == VERSIONS
    assert versions_with_node("canny_image_processor") == ("5.0.2", "5.6.2")
    assert versions_with_node("video_concat") == ("6.14.2",)
    assert versions_with_node("no_such_node") == ()


def test_versions_in_which_a_node_has_a_field() -> None:
    assert versions_with_field("integer", "value") == VERSIONS
    assert versions_with_field("denoise_latents", "hidiffusion")[-1] == "6.14.2"
    assert "5.0.2" not in versions_with_field("denoise_latents", "hidiffusion")
    assert versions_with_field("integer", "no_such_field") == ()
    assert versions_with_field("no_such_node", "value") == ()


def test_importing_the_package_does_not_read_the_catalogue() -> None:
    script = (
        "import sys, invokable.schema, invokable.schema.catalogue as c;"
        "print(c._catalogue.cache_info().currsize,"
        " sorted({'pydantic', 'httpx', 'click', 'jinja2', 'black'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    assert done.stdout == "0 []\n"


def test_lookup_builds_only_the_node_asked_for() -> None:
    script = (
        "import invokable.schema as s, invokable.schema.catalogue as c;"
        "s.load('6.14.2').nodes['integer'];"
        "print(len(c._catalogue()._nodes._built))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    assert done.stdout == "1\n"
