"""The default bundled version for a workflow."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from invokable.schema import Gone, SchemaChoice, choose_schema, load, recognized_version, versions
from invokable.schema.build import read_openapi
from invokable.workflow import node_versions
from tests.counted import Counted
from tests.effort import slow_among
from tests.examples import SHARED

NEWEST = versions()[-1]
CORPUS, OPENAPI = SHARED / "corpus", SHARED / "openapi"


@pytest.mark.parametrize("version", versions())
def test_a_version_s_own_nodes_are_taken_by_one_as_new_or_newer(version: str) -> None:
    nodes = [(node.type, node.version) for node in load(version).nodes.values()]
    choice = choose_schema(nodes)

    assert versions().index(choice.version) >= versions().index(version)
    assert choice.lacking == choice.unknown == ()


@pytest.mark.parametrize("nodes", [[], [("no_such_node", "1.0.0")], [("no_such_node", "")]], ids=repr)
def test_without_any_known_node_it_is_the_newest(nodes: list[tuple[str, str]]) -> None:
    assert choose_schema(nodes).version == NEWEST


def test_nodes_of_many_versions_are_not_compared_with_each_other() -> None:
    nodes = [("integer", Counted(f"1.0.{number}")) for number in range(500)]
    before = Counted.compared

    assert choose_schema(nodes) == SchemaChoice(NEWEST)
    assert Counted.compared - before < 10 * len(nodes)


def test_old_nodes_that_the_newest_can_update_are_read_with_it() -> None:
    old, new = load("5.0.2").nodes, load(NEWEST).nodes
    updated = [(name, node.version) for name, node in old.items() if name in new and node.version != new[name].version]

    assert len(updated) > 20
    assert choose_schema(updated) == SchemaChoice(NEWEST)


def test_a_node_of_an_older_major_version_is_run_as_it_is() -> None:
    assert load(NEWEST).nodes["flux_denoise"].version.startswith("4.")
    assert choose_schema([("flux_denoise", "3.0.0")]) == SchemaChoice(NEWEST)


def test_a_node_of_a_newer_major_version_is_taken_by_none() -> None:
    assert choose_schema([("integer", "99.0.0")]) == SchemaChoice(NEWEST, lacking=("integer",))


def test_a_node_that_is_gone_keeps_the_last_version_that_has_it() -> None:
    choice = choose_schema([("integer", "1.0.0"), ("canny_image_processor", "1.0.0")])

    assert choice == SchemaChoice("5.6.2", gone=(Gone("canny_image_processor", "5.15.0"),))
    assert choice.explanation == (
        "read with the node schemas of InvokeAI 5.6.2: newer versions lack canny_image_processor (gone in 5.15.0)"
    )


def test_nodes_that_no_version_has_together() -> None:
    choice = choose_schema([("video_concat", "1.0.0"), ("integer", "1.0.0"), ("canny_image_processor", "1.0.0")])

    assert choice == SchemaChoice(NEWEST, lacking=("canny_image_processor",))
    assert "lacks canny_image_processor; no version has all nodes" in choice.explanation


def test_an_unknown_custom_node_suggests_where_its_schema_is() -> None:
    choice = choose_schema([("integer", "1.0.0"), ("xy_expand", "1.0.0"), ("xy_expand", "1.1.0")])

    assert choice == SchemaChoice(NEWEST, unknown=("xy_expand",))
    assert choice.explanation.endswith("no bundled version has xy_expand; read custom nodes with --server URL")


def test_a_module_keeps_its_version_while_that_is_bundled_and_takes_as_much() -> None:
    assert choose_schema([("integer", "1.0.0")], current="6.8.1") == SchemaChoice("6.8.1")
    assert choose_schema([("video_concat", "1.0.0")], current="6.8.1") == SchemaChoice(NEWEST)
    assert choose_schema([("integer", "1.0.0")], current="6.9.9").version == NEWEST


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here: ../shared/corpus")
def test_what_the_newest_version_ships_is_read_with_it_where_it_has_the_nodes() -> None:
    others = {}
    for path in CORPUS.glob("default-*/workflow.json"):
        choice = choose_schema(node_versions(json.loads(path.read_bytes())))
        if choice.version != NEWEST:
            others[path.parent.name] = (choice.version, [node.node_type for node in choice.gone])

    assert others == {
        "default-esrgan-upscaling-with-canny-controlnet": ("5.6.2", ["canny_image_processor"]),
        "default-multi-controlnet-canny-depth": ("5.6.2", ["canny_image_processor", "midas_depth_image_processor"]),
    }


@pytest.mark.skipif(not OPENAPI.is_dir(), reason="the openapi files are not here: ../shared/openapi")
@pytest.mark.parametrize("version", slow_among(versions(), {*versions()} - {versions()[0], "6.8.1", NEWEST}))
def test_a_document_is_recognized_by_its_nodes(version: str, tmp_path: Path) -> None:
    (tmp_path / "openapi.json").write_bytes((OPENAPI / f"{version}.json.gz").read_bytes())

    assert read_openapi(str(tmp_path / "openapi.json")).version == version


def test_a_schema_without_the_nodes_of_any_version_is_not_recognized() -> None:
    assert recognized_version(load("6.14.2")) == "6.14.2"
    nodes = {name: node for name, node in load("6.14.2").nodes.items() if name != "integer"}
    assert recognized_version(replace(load("6.14.2"), nodes=nodes)) is None
