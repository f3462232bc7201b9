"""invokable generate: what it writes, what it refuses, and its messages."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from invokable.cli.shell import shell
from tests.examples import WORKFLOWS, example, node


def run(*arguments: object, stdin: str | None = None) -> Result:
    return CliRunner().invoke(shell, [str(argument) for argument in arguments], input=stdin)


def saved(folder: Path, document: Any, name: str = "flow.json") -> Path:
    path = folder / name
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return path


def test_it_writes_a_module_for_each_workflow(tmp_path: Path) -> None:
    result = run("generate", WORKFLOWS, "-o", tmp_path)
    assert (result.exit_code, result.stderr) == (0, "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["colour_card.py", "sd15_text_to_image.py"]
    assert result.stdout.splitlines() == [
        f"{tmp_path}/colour_card.py: written (InvokeAI 6.14.2)",
        f"{tmp_path}/sd15_text_to_image.py: written (InvokeAI 6.14.2)",
    ]
    again = run("generate", WORKFLOWS, "-o", tmp_path)
    assert again.stdout.count("unchanged") == 2


def test_a_name_in_py_is_one_module(tmp_path: Path) -> None:
    target = tmp_path / "flows" / "card.py"
    assert run("generate", WORKFLOWS / "colour_card.json", "-o", target).exit_code == 0
    assert "class ColourCard(Workflow):" in target.read_text(encoding="utf-8")
    result = run("generate", WORKFLOWS, "-o", target)
    assert result.exit_code == 2
    assert "is a single module, but there are 2 sources" in result.stderr


def test_it_reads_standard_input_and_globs(tmp_path: Path) -> None:
    text = (WORKFLOWS / "colour_card.json").read_text(encoding="utf-8")
    assert run("generate", "-", "-o", tmp_path, stdin=text).exit_code == 0
    assert run("generate", f"{WORKFLOWS}/c*.json", "-o", tmp_path).exit_code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["colour_card.py", "workflow.py"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "JSON"),
        ("not json", "JSON"),
        ("[1, 2]", "not an InvokeAI workflow: expected an object, found an array"),
        ('{"a": 1}', "not an InvokeAI workflow"),
        ('{"nodes": {}, "edges": [], "id": "x"}', "not an InvokeAI workflow"),
        ("[" * 9_000 + "]" * 9_000, "nest"),
        ("[" * 100_000, "holds 100000 arrays and objects"),
        ('{"a": NaN}', "NaN"),
        ('{"a": 1, "a": 2}', "twice"),
        ('{"a": "\\ud800"}', "surrogate"),
        ("\x00\x01", "JSON"),
    ],
    ids=["empty", "text", "list", "object", "graph", "deep", "crowded", "nan", "duplicate key", "surrogate", "binary"],
)
def test_anything_but_a_workflow_gets_one_line(content: str, words: str, tmp_path: Path) -> None:
    path = saved(tmp_path, content)
    result = run("generate", path, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"{path}: ")
    assert words in line
    assert not (tmp_path / "out").exists()


def test_an_unknown_node_type_is_named_with_its_place_and_the_nearest(tmp_path: Path) -> None:
    document = example("colour_card.json")
    node(document, "img_blur")["type"] = "img_blurr"
    node(document, "blank_image")["label"] = "The card"
    result = run("generate", saved(tmp_path, document), "-o", tmp_path)
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert "/nodes/1/data/type" in line
    assert "img_blurr" in line
    assert 'did you mean "img_blur"' in line


def test_a_node_type_that_vanished_names_the_versions_that_have_it(tmp_path: Path) -> None:
    document = example("colour_card.json")
    node(document, "img_blur")["type"] = "canny_image_processor"
    result = run("generate", saved(tmp_path, document), "-o", tmp_path, "--schema", "6.14.2")
    assert result.exit_code == 2
    assert "5.0.2" in result.stderr


def test_an_empty_form_is_refused_unless_lenient(tmp_path: Path) -> None:
    document = example("colour_card.json")
    del document["form"]
    path = saved(tmp_path, document)
    result = run("generate", path, "-o", tmp_path)
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
    assert "exposes no fields" in result.stderr
    assert run("generate", path, "-o", tmp_path, "--lenient").exit_code == 0


def test_a_missing_file_an_empty_folder_and_a_glob_without_match(tmp_path: Path) -> None:
    for argument, words in (
        (tmp_path / "none.json", "cannot be read"),
        (tmp_path, "contains no .json"),
        (f"{tmp_path}/*.x", "matches no files"),
    ):
        result = run("generate", argument, "-o", tmp_path / "out")
        assert result.exit_code == 2
        assert words in result.stderr
        assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", ["generate", "check"])
def test_a_module_is_not_taken_for_a_workflow(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run("generate", saved(tmp_path, example("colour_card.json")), "-o", "flows.py")
    result = run(command, "flows.py")
    assert result.exit_code == 2
    assert result.stderr.startswith("flows.py: is a Python module; expected a workflow")
    assert len(result.stderr.splitlines()) == 1


def test_one_bad_workflow_stops_all_before_anything_is_written(tmp_path: Path) -> None:
    good, bad = saved(tmp_path, example("colour_card.json"), "a.json"), saved(tmp_path, "{}", "b.json")
    result = run("generate", good, bad, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert not (tmp_path / "out").exists()


def test_two_sources_of_one_module_are_refused(tmp_path: Path) -> None:
    for name in ("a b.json", "a-b.json"):
        saved(tmp_path, example("colour_card.json"), name)
    result = run("generate", tmp_path, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert "rename one of them" in result.stderr


def test_an_edited_and_a_foreign_file_are_refused_with_status_3(tmp_path: Path) -> None:
    source = WORKFLOWS / "colour_card.json"
    target = tmp_path / "colour_card.py"
    target.write_text("mine = True\n")
    result = run("generate", source, "-o", tmp_path)
    assert result.exit_code == 3
    assert "not a module that invokable wrote" in result.stderr
    assert run("generate", source, "-o", tmp_path, "--force").exit_code == 0
    target.write_text(target.read_text(encoding="utf-8").replace("= 320", "= 321"), encoding="utf-8")
    result = run("generate", source, "-o", tmp_path)
    assert result.exit_code == 3
    assert "edited by hand" in result.stderr
    assert "= 321" in target.read_text(encoding="utf-8")


def test_regeneration_keeps_the_names_of_fields_that_are_still_there(tmp_path: Path) -> None:
    document = example("colour_card.json")
    path = saved(tmp_path, document)
    run("generate", path, "-o", tmp_path)
    node(document, "blank_image")["inputs"]["width"]["label"] = "Breadth"
    node(document, "save_image")["label"] = "Final"
    saved(tmp_path, document)
    assert run("generate", path, "-o", tmp_path).stdout.endswith("updated (InvokeAI 6.14.2)\n")
    text = (tmp_path / "flow.py").read_text(encoding="utf-8")
    assert "    width: Annotated[int, Index(0)" in text
    assert "Breadth" in text
    assert "        card: Image" in text


def test_schema_can_be_a_version_or_an_openapi_file(tmp_path: Path) -> None:
    source = WORKFLOWS / "colour_card.json"
    assert run("generate", source, "-o", tmp_path, "--schema", "6.13.8").exit_code == 0
    assert 'SCHEMA: Final = "6.13.8"' in (tmp_path / "colour_card.py").read_text(encoding="utf-8")
    result = run("generate", source, "-o", tmp_path, "--schema", "9.9.9")
    assert result.exit_code == 2
    assert "6.14.2" in result.stderr
    for content in ("{", "[]", '{"openapi": "3.1.0"}'):
        bad = saved(tmp_path, content, "openapi.json")
        result = run("generate", source, "-o", tmp_path, "--schema", bad)
        assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)


@pytest.mark.usefixtures("hasty")
def test_an_unreachable_server_is_status_4(tmp_path: Path) -> None:
    result = run("generate", WORKFLOWS / "colour_card.json", "-o", tmp_path, "--server", "http://127.0.0.1:9")
    assert result.exit_code == 4
    assert len(result.stderr.splitlines()) == 1


def test_a_value_that_cannot_be_the_default_makes_the_input_required(tmp_path: Path) -> None:
    document = example("colour_card.json")
    node(document, "img_blur")["inputs"]["blur_type"]["value"] = "swirl"
    result = run("generate", saved(tmp_path, document), "-o", tmp_path)
    assert result.exit_code == 0
    assert "warning: /nodes/1/data/inputs/blur_type" in result.stderr
    assert 'blur_type: Annotated[Literal["gaussian", "box"], Index(7)]\n' in (tmp_path / "flow.py").read_text()


CONFIG = """
[tool.invokable.workflows."flow.json"]
class = "Card"
rename = {{ "{node}" = {{ width = "breadth" }} }}
outputs = {{ "{node}" = "plain" }}
"""


def test_the_configuration_names_the_class_an_input_and_an_output(tmp_path: Path) -> None:
    document = example("colour_card.json")
    config = tmp_path / "pyproject.toml"
    config.write_text(CONFIG.format(node=node(document, "blank_image")["id"]))
    result = run("generate", saved(tmp_path, document), "-o", tmp_path, "--config", config)
    assert result.exit_code == 0, result.stderr
    text = (tmp_path / "flow.py").read_text(encoding="utf-8")
    assert "class Card(Workflow):" in text
    assert "    breadth: Annotated[int, Index(0)" in text
    assert "        plain: Image" in text


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("[tool.invokable]\nworkflow = {}", 'did you mean "workflows"'),
        ("[tool.invokable]\ntemplates = 3", "must be a string, found 3"),
        ("[tool.invokable]\nfields = []", "must be a table, found []"),
        ("[tool.invokable]\ntemplates = 'nowhere'", "no such folder"),
        ("[tool.invokable.workflows.'flow.json']\nclass = 'x;y'", "not a valid class name: it is not an id"),
        (
            "[tool.invokable.workflows.'flow.json']\nclass = 'card'",
            "not a valid class name: it begins with a lower-case",
        ),
        (
            "[tool.invokable.workflows.'flow.json']\nclass = 'Image'",
            "not a valid class name: it has a meaning of its own",
        ),
        (
            "[tool.invokable.workflows.'flow.json'.rename.n]\nwidth = 'to_dict'",
            "attribute name: it is taken by the base",
        ),
        ("[tool.invokable.workflows.'flow.json'.rename.n]\nwidth = 'class'", "attribute name: it is a keyword"),
        ("[tool.invokable.workflows.'flow.json'.rename.n]\nwidth = '__init__'", "it begins with an underscore"),
        ("[tool.invokable.workflows.'flow.json'.rename.n]\nwidth = 'fine'", "the form shows no node 'n'"),
        ("[tool.invokable.workflows.'flow.json'.outputs]\nn = 'fine'", "the graph has no node 'n'"),
        ("[tool.invokable.workflows.'flow.json'.outputs]\na = 'x'\nb = 'x'", "used twice"),
        ("[tool.invokable", "not TOML"),
        ("[tool.other]", "not found"),
    ],
)
def test_a_faulty_configuration_gets_one_line(table: str, words: str, tmp_path: Path) -> None:
    config = tmp_path / "pyproject.toml"
    config.write_text(table)
    path = saved(tmp_path, example("colour_card.json"))
    result = run("generate", path, "-o", tmp_path / "out", "--config", config)
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith(str(config))
    assert words in line
    assert not (tmp_path / "out").exists()


def test_templates_are_overridden_by_configuration_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "templates"
    folder.mkdir()
    template = folder / "module.py.jinja"
    template.write_text("{{ marker }}\n# @generated\n# ours\nBODY_SHA256: Final = {{ ('0' * 64) | literal }}\n")
    path = saved(tmp_path, example("colour_card.json"))
    monkeypatch.chdir(tmp_path)
    assert run("generate", path, "-o", tmp_path / "a").exit_code == 0
    assert "# ours" not in (tmp_path / "a" / "flow.py").read_text(encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text('[tool.invokable]\ntemplates = "templates"\n')
    assert run("generate", path, "-o", tmp_path / "b").exit_code == 0
    assert "# ours" in (tmp_path / "b" / "flow.py").read_text(encoding="utf-8")
    template.write_text("{{ plan.title }}")
    result = run("generate", path, "-o", tmp_path / "c")
    assert result.exit_code == 2
    assert "can only emit code" in result.stderr


@pytest.mark.parametrize("name", ["../../evil", "/etc/evil", "C:\\evil", "con", "a\x00b", "x" * 300, "..", ""])
def test_no_name_in_a_workflow_leads_out_of_the_folder(name: str, tmp_path: Path) -> None:
    document = example("colour_card.json")
    document["name"] = name
    path = saved(tmp_path, document)
    assert run("generate", path, "-o", tmp_path / "out" / "deep").exit_code == 0
    assert sorted(file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*") if file.is_file()) == [
        "flow.json",
        "out/deep/flow.py",
    ]


def test_labels_cannot_steer_the_terminal(tmp_path: Path) -> None:
    path = saved(tmp_path, "{}", "a\x1b]0;x\x07.json")
    result = run("generate", path, "-o", tmp_path)
    assert "\x1b" not in result.stderr
    assert "\\x1b]0;x\\x07" in result.stderr


@pytest.mark.slow
def test_the_same_bytes_whatever_the_surroundings(tmp_path: Path) -> None:
    written = set()
    for number, (seed, locale) in enumerate([("0", "C"), ("1", "C.UTF-8"), ("4242", "POSIX")]):
        folder = tmp_path / str(number)
        folder.mkdir()
        subprocess.run(
            [sys.executable, "-m", "invokable", "generate", str(WORKFLOWS), "-o", "."],
            cwd=folder,
            env={"PYTHONHASHSEED": seed, "LC_ALL": locale, "PATH": ""},
            check=True,
            capture_output=True,
        )
        written.add(tuple(path.read_bytes() for path in sorted(folder.iterdir())))
    assert len(written) == 1


def test_the_order_of_keys_in_the_file_changes_nothing_but_what_it_means(tmp_path: Path) -> None:
    document = example("colour_card.json")
    shuffled = dict(reversed(document.items()))
    shuffled["form"] = dict(reversed(document["form"].items()))
    shuffled["form"]["elements"] = dict(reversed(document["form"]["elements"].items()))
    texts = set()
    for number, content in enumerate([document, shuffled]):
        path = saved(tmp_path, content)
        assert run("generate", path, "-o", tmp_path / str(number)).exit_code == 0
        text = (tmp_path / str(number) / "flow.py").read_text(encoding="utf-8")
        texts.add(text[text.index("@dataclass") : text.index("_WORKFLOW")])
    assert len(texts) == 1


def test_models_are_asked_of_a_server_only(tmp_path: Path) -> None:
    result = run("generate", WORKFLOWS / "sd15_text_to_image.json", "-o", tmp_path, "--models")
    assert result.exit_code == 2
    assert "add --server URL" in result.stderr
    assert not list(tmp_path.iterdir())


def test_an_invalid_address_is_one_line(tmp_path: Path) -> None:
    result = run("generate", WORKFLOWS / "sd15_text_to_image.json", "-o", tmp_path, "--server", "localhost:9090")
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert "http://" in result.stderr
