"""invokable show: the form and the outputs, as a table and as JSON."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from invokable.cli.shell import shell
from invokable.codegen import plan_document
from invokable.codegen.render import render_module
from invokable.schema import load, versions_with_node
from tests.examples import SHARED, WORKFLOWS, add_edge, add_field, add_node, example, node
from tests.workflow import builders
from tests.workflow.builders import form, workflow


def run(*arguments: object) -> Result:
    return CliRunner().invoke(shell, ["show", *map(str, arguments)])


def shown(tmp_path: Path, document: Any, *options: str) -> Any:
    path = tmp_path / "flow.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    result = run(path, "--format", "json", "--schema", "6.14.2", *options)
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_the_table_names_every_input_and_output() -> None:
    result = run(WORKFLOWS / "colour_card.json")
    assert result.exit_code == 0
    for word in ("class ColourCard", "6.14.2 (bundled)", "width", "16 to 2048", "required", "gaussian"):
        assert word in result.stdout, word
    assert ["card", "Image", "Card"] in [line.split() for line in result.stdout.splitlines()]


@pytest.mark.parametrize("form", ["table", "json"])
def test_files_of_a_folder_without_a_workflow_are_skipped(form: str, tmp_path: Path) -> None:
    (tmp_path / "card.json").write_bytes((WORKFLOWS / "colour_card.json").read_bytes())
    (tmp_path / "package.json").write_text("{}", encoding="utf-8")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    result = run(tmp_path, "--format", form)
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        f"{tmp_path / 'package.json'}: skipped: not a workflow",
        f"{tmp_path / 'picture.png'}: skipped: the image contains no workflow",
    ]
    assert result.stdout.count("ColourCard") == 1
    named = run(tmp_path / "package.json", "--format", form)
    assert (named.exit_code, "skipped" in named.stderr) == (2, False)
    (tmp_path / "package.json").write_text("{", encoding="utf-8")
    assert run(tmp_path, "--format", form).exit_code == 2


@pytest.mark.parametrize("label", ["[red]x[/]", "[/]", "[link=http://x]x", "\x1b]0;x\x07", "\x9b31m", "a\nb"])
def test_a_label_is_shown_as_it_is_and_steers_nothing(label: str, tmp_path: Path) -> None:
    document = example("colour_card.json")
    document["name"] = label
    node(document, "save_image")["label"] = label
    node(document, "blank_image")["inputs"]["width"]["label"] = label
    path = tmp_path / "flow.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    result = run(path)
    assert result.exit_code == 0
    assert not set(result.output) & {"\x1b", "\x07", "\x9b"}
    assert result.output.count(label.encode("unicode_escape").decode()) >= 2


def test_json_is_one_line_a_file_even_of_a_refused_one(tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text("{}")
    result = run("--format", "json", WORKFLOWS / "colour_card.json", bad, WORKFLOWS / "sd15_text_to_image.json")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["ok"] for line in lines] == [True, False, True]
    assert lines[1]["error"]["pointer"] == ""
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1


def test_json_has_types_limits_choices_and_defaults(tmp_path: Path) -> None:
    inputs = {item["attribute"]: item for item in shown(tmp_path, example("colour_card.json"))["inputs"]}
    assert inputs["width"]["limits"] == {"minimum": 16, "maximum": 2048}
    assert inputs["width"]["value"] == 320
    assert inputs["blur_type"]["choices"] == ["gaussian", "box"]
    assert inputs["stamp"]["required"] is True
    assert inputs["board"]["field_type"] == {"name": "BoardField", "cardinality": "SINGLE"}


def test_the_form_narrows_the_schema_s_limits_unless_the_value_is_beyond(tmp_path: Path) -> None:
    document = example("colour_card.json")
    blank = node(document, "blank_image")
    blank["inputs"]["width"]["value"] = 4000
    inputs = shown(tmp_path, document)["inputs"]
    assert inputs[0]["limits"] == {}
    assert inputs[1]["limits"] == {"minimum": 16, "maximum": 2048}


def test_a_field_shown_twice_is_one_input_with_two_indices(tmp_path: Path) -> None:
    document = example("colour_card.json")
    add_field(document, node(document, "blank_image")["id"], "width")
    inputs = shown(tmp_path, document)["inputs"]
    assert len(inputs) == 9
    assert (inputs[0]["index"], inputs[0]["aliases"]) == (0, [9])


def test_without_a_board_in_the_form_lasting_images_are_the_outputs(tmp_path: Path) -> None:
    document = example("colour_card.json")
    node(document, "blank_image")["isIntermediate"] = False
    outputs = shown(tmp_path, document)["outputs"]
    assert [output["node_type"] for output in outputs] == ["save_image", "blank_image"]


def test_if_nothing_is_saved_the_last_nodes_results_are_the_outputs(tmp_path: Path) -> None:
    document = example("colour_card.json")
    add_node(document, "sum", "add", version="1.0.1", a=1, b=2)
    save = node(document, "save_image")
    document["nodes"] = [entry for entry in document["nodes"] if entry["id"] != save["id"]]
    document["edges"] = [edge for edge in document["edges"] if edge["target"] != save["id"]]
    elements = document["form"]["elements"]
    gone = next(
        key
        for key, e in elements.items()
        if e["type"] == "node-field" and e["data"]["fieldIdentifier"]["nodeId"] == save["id"]
    )
    parent = elements[elements.pop(gone)["parentId"]]
    parent["data"]["children"].remove(gone)
    outputs = shown(tmp_path, document)["outputs"]
    assert [(output["node_type"], output["type"]) for output in outputs] == [
        ("img_paste", "ImageField"),
        ("add", "IntegerField"),
    ]


@pytest.mark.parametrize("collected", [False, True])
def test_below_an_iteration_there_are_many_and_below_a_collect_one(collected: bool, tmp_path: Path) -> None:
    document = example("colour_card.json")
    save = node(document, "save_image")["id"]
    document["edges"] = [edge for edge in document["edges"] if edge["target"] != save]
    add_node(document, "range", "range", version="1.0.0", start=8, stop=32, step=8)
    add_node(document, "each", "iterate", version="1.1.0")
    add_node(document, "made", "blank_image", version="1.2.2", width=8, height=8)
    add_edge(document, "range", "collection", "each", "collection")
    add_edge(document, "each", "item", "made", "width")
    if collected:
        add_node(document, "all", "collect", version="1.1.0")
        add_node(document, "joined", "flux_kontext_image_prep", version="1.0.0")
        add_edge(document, "made", "image", "all", "item")
        add_edge(document, "all", "collection", "joined", "images")
    add_edge(document, "joined" if collected else "made", "image", save, "image")
    (output,) = shown(tmp_path, document)["outputs"]
    assert (output["node_id"], output["many"]) == (save, not collected)


def test_a_batch_makes_every_output_a_list(tmp_path: Path) -> None:
    document = example("colour_card.json")
    add_node(document, "batch", "integer_batch", version="1.0.0", batch_group_id="None", integers=[1, 2])
    add_edge(document, "batch", "value", node(document, "img_paste")["id"], "x")
    line = shown(tmp_path, document, "--graph")
    assert line["outputs"][0]["many"] is True
    (group,) = line["batch_data"]
    assert group[0]["items"] == [1, 2]


def test_a_connected_field_stays_in_the_form_and_says_so(tmp_path: Path) -> None:
    document = example("colour_card.json")
    add_node(document, "number", "integer", version="1.0.1", value=5)
    add_edge(document, "number", "value", node(document, "img_paste")["id"], "x")
    inputs = {item["attribute"]: item for item in shown(tmp_path, document)["inputs"]}
    assert inputs["left"]["connected"] is True
    assert inputs["top"]["connected"] is False


def test_the_table_shows_defaults_in_short_and_no_value_for_what_an_edge_feeds(tmp_path: Path) -> None:
    document = example("sd15_text_to_image.json")
    model = {"key": "k", "hash": "h", "name": "Dreamy", "base": "sd-1", "type": "main"}
    node(document, "main_model_loader")["inputs"]["model"]["value"] = model
    node(document, "denoise_latents")["inputs"]["cfg_scale"]["value"] = "no number"
    add_node(document, "number", "integer", version="1.0.1", value=5)
    add_edge(document, "number", "value", node(document, "denoise_latents")["id"], "steps")
    (tmp_path / "w.json").write_text(json.dumps(document))
    result = run(tmp_path / "w.json")
    rows = {row.split("\t")[1]: row.split("\t") for row in result.stdout.splitlines() if row.count("\t") == 4}
    assert rows["model"][3] == '"Dreamy"'
    assert rows["steps"][3] == "fed by an edge"
    assert rows["cfg_scale"][3] == "required"
    assert "cfg_scale is required: the workflow's value is not a number" in result.stderr


def test_a_dropdown_offers_its_options_and_the_current_value(tmp_path: Path) -> None:
    document = example("colour_card.json")
    add_node(document, "text", "string", version="1.0.1", value="stored")
    options = [{"label": "One", "value": "1"}, {"label": "", "value": "2"}]
    add_field(document, "text", "value", {"type": "string-field-config", "component": "dropdown", "options": options})
    assert shown(tmp_path, document)["inputs"][-1]["choices"] == ["1", "2", "stored"]


def test_the_version_that_fits_best_is_chosen_and_named(tmp_path: Path) -> None:
    document = example("colour_card.json")
    add_node(document, "canny", "canny_image_processor", version="1.3.3")
    path = tmp_path / "flow.json"
    path.write_text(json.dumps(document))
    result = run(path, "--format", "json", "--lenient")
    assert json.loads(result.stdout)["schema"]["version"] in versions_with_node("canny_image_processor")


def test_lenient_drops_what_the_editor_drops_and_says_so(tmp_path: Path) -> None:
    document = example("colour_card.json")
    add_node(document, "gone", "no_such_node", version="1.0.0")
    line = shown(tmp_path, document, "--lenient", "--graph")
    assert "gone" not in line["graph"]["nodes"]
    assert any("no_such_node" in warning["message"] for warning in line["warnings"])


def shipped() -> list[Any]:
    path = SHARED / "corpus" / "shipped-expected.json"
    return json.loads(path.read_text())["workflows"] if path.exists() else []


@pytest.mark.skipif(not shipped(), reason="the editor's own outputs are not here")
def test_every_shipped_workflow_has_the_inputs_limits_choices_and_outputs_that_the_editor_shows() -> None:
    counted = 0
    for expected in shipped():
        path = SHARED / "corpus" / expected["slug"] / "workflow.json"
        if not path.exists():
            continue
        line = json.loads(run(path, "--format", "json", "--schema", "6.14.2", "--lenient").stdout)
        if expected["unknown_node_types"]:
            assert run(path, "--schema", "6.14.2").exit_code == 2
        indices = sum(1 + len(item["aliases"]) for item in line["inputs"])
        limits = sum(bool(item["limits"]) for item in line["inputs"])
        choices = sum(
            bool(item["choices"]) and item["field_type"]["name"] != "SchedulerField" for item in line["inputs"]
        )
        assert indices == expected["form_fields"], expected["slug"]
        assert (limits, choices) == (expected["limits"], expected["enums"]), expected["slug"]
        if expected["outputs"]:
            found = [(output["node_id"], output["node_type"]) for output in line["outputs"]]
            assert sorted(found) == sorted((node_id, kind) for node_id, kind, _ in expected["outputs"])
        counted += 1
    assert counted >= 18


def test_a_png_that_carries_its_workflow_is_read(tmp_path: Path) -> None:
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("invokeai_workflow", (WORKFLOWS / "colour_card.json").read_text(encoding="utf-8"))
    path = tmp_path / "card.png"
    Image.new("RGB", (8, 8)).save(path, pnginfo=info)
    assert run(path).exit_code == 0
    Image.new("RGB", (8, 8)).save(path)
    result = run(path)
    assert result.exit_code == 2
    assert "has no embedded InvokeAI workflow" in result.stderr


def test_a_record_of_the_server_s_library_is_read(tmp_path: Path) -> None:
    times = dict.fromkeys(("created_at", "updated_at", "opened_at"), "2026-01-01 00:00:00.000")
    record = {"workflow_id": "x", "name": "Colour Card", **times, "workflow": example("colour_card.json")}
    path = tmp_path / "record.json"
    path.write_text(json.dumps(record))
    assert run(path).exit_code == 0


def test_a_gzipped_openapi_is_a_schema(tmp_path: Path) -> None:
    source = SHARED / "openapi" / "6.8.1.json.gz"
    if not source.exists():
        pytest.skip("the openapi files are not here")
    path = tmp_path / "openapi-6.8.1.json"
    path.write_bytes(gzip.decompress(source.read_bytes()))
    result = run(WORKFLOWS / "colour_card.json", "--schema", path, "--format", "json")
    assert json.loads(result.stdout)["schema"] == {"version": "6.8.1", "origin": str(path)}


MODULES = ("colour_card", "sd15_text_to_image")
ONLY_OF_WORKFLOWS = {"node_type", "description", "value", "label"}
"""A module has the author's labels, but not the titles of fields."""


def test_a_module_is_shown_with_the_types_that_its_callers_see() -> None:
    result = run(WORKFLOWS.parent / "colour_card.py")
    assert result.exit_code == 0, result.stderr
    rows = [row.split("\t") for row in result.stdout.splitlines()]
    assert ["0", "width", "int, 16 to 2048", "320", ""] in rows
    assert ["3", "stamp", "ImageInput", "required", "Stamp"] in rows
    assert rows[-1][:2] == ["card", "Image"]
    assert "class ColourCard, node schemas of InvokeAI 6.14.2" in result.stdout


@pytest.mark.parametrize("name", MODULES)
def test_a_module_says_the_same_as_its_workflow(name: str) -> None:
    module, workflow = (
        json.loads(run(path, "--format", "json", "--schema", "6.14.2").stdout)
        for path in (WORKFLOWS.parent / f"{name}.py", WORKFLOWS / f"{name}.json")
    )
    for shown in (module, workflow):
        for entry in (*shown["inputs"], *shown["outputs"]):
            for key in ONLY_OF_WORKFLOWS:
                entry.pop(key, None)
    for key in ("class_name", "inputs", "outputs", "index_map_checksum"):
        assert module[key] == workflow[key]
    assert module["schema"]["version"] == workflow["schema"]["version"]


def test_a_module_shows_the_choices_of_an_output(tmp_path: Path) -> None:
    document = workflow(builders.node("s", "scheduler", scheduler="euler"), form=form("s.scheduler"))
    module = tmp_path / "sampling.py"
    module.write_bytes(render_module(plan_document(document, load("6.14.2"), source="s.json")))
    assert run(module).stdout.splitlines()[-1].startswith('scheduler\tone of 31: "ddim", "ddpm", ')


def test_any_other_python_file_is_refused_in_a_line(tmp_path: Path) -> None:
    path = tmp_path / "other.py"
    path.write_text("import sys\nsys.exit('run')\n", encoding="utf-8")
    result = run(path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"{path}: not a generated module: it has no INDEX_MAP with a workflow class\n"


def test_the_graph_of_a_module_is_that_of_its_workflow() -> None:
    result = run(WORKFLOWS.parent / "colour_card.py", "--format", "json", "--graph")
    assert result.exit_code == 2
    assert "name the module's workflow instead" in result.stderr
