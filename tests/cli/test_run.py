"""invokable run: values from the shell, files by pattern, lines and JSON, exit statuses."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import jsonschema
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from invokable import Board, Color, LoRA, Model, StylePreset
from invokable import Image as ServerImage
from invokable.cli.running.parse import ParseError, parse_json, parse_text
from invokable.cli.shell import shell
from invokable.contract.fields import FieldType
from invokable.runtime import OneOf
from invokable.runtime.values.pins import InputPin
from invokable.testing import Fault, Simulator
from tests.examples import MODULES, ROOT, WORKFLOWS, add_field, add_node, example, with_generator

CARD = str(WORKFLOWS / "colour_card.json")
SCHEMA = json.loads((ROOT / "docs" / "schemas" / "run.schema.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def server() -> Iterator[Simulator]:
    with Simulator(boards=["Cards"]) as simulator:
        simulator.serve()
        yield simulator


@pytest.fixture
def stamp(tmp_path: Path) -> str:
    path = tmp_path / "stamp.png"
    Image.new("RGB", (40, 30), (250, 200, 10)).save(path)
    return f"stamp={path}"


def run(*arguments: object, stdin: str | None = None) -> Result:
    return CliRunner().invoke(shell, ["run", *map(str, arguments)], input=stdin)


def reported(done: Result) -> Any:
    """The JSON object of a run, checked against its schema."""
    (line,) = done.stdout.splitlines()
    found = json.loads(line)
    jsonschema.validate(found, SCHEMA)
    return found


def saved(tmp_path: Path, document: Any, name: str = "flow.json") -> Path:
    path = tmp_path / name
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_the_module_of_a_workflow_is_run_without_docstrings_or_layout(
    server: Simulator, stamp: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for needless in ("_format", "Descriptions", "Results"):
        monkeypatch.setattr(f"invokable.codegen.render.{needless}", None)
    assert run(CARD, "--set", stamp, "--url", server.url, "--out", tmp_path).exit_code == 0


# ------------------------------------------------------------------ values


def pin(kind: str) -> InputPin:
    return InputPin(0, "it", "n", "it", FieldType.parse(kind), "It", False)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("StringField", "a=b", "a=b"),
        ("StringField", "", ""),
        ("StringField", "null", "null"),
        ("StringField", "[x]", "[x]"),
        ("IntegerField", " -7 ", -7),
        ("FloatField", "2", 2),
        ("FloatField", "1e-3", 0.001),
        ("FloatField", " -.5 ", -0.5),
        ("FloatField", "5.", 5.0),
        ("BooleanField", "On", True),
        ("BooleanField", "0", False),
        ("ColorField", "#1e5aa0", Color(r=30, g=90, b=160)),
        ("ColorField", "f008", Color(r=255, g=0, b=0, a=136)),
        ("ColorField", '{"r": 1, "g": 2, "b": 3}', Color(r=1, g=2, b=3)),
        ("ImageField", "fox.png", "fox.png"),
        ("ImageField", '{"image_name": "a.png"}', ServerImage("a.png")),
        ("ImageField[]", "a.png", ["a.png"]),
        ("ImageField[]", '["a.png", {"image_name": "b.png"}]', ["a.png", ServerImage("b.png")]),
        ("IntegerField|[]", "3", 3),
        ("IntegerField|[]", "[3, 4]", [3, 4]),
        ("BoardField", "none", "none"),
        ("BoardField", '{"board_id": "b"}', Board(id="b")),
        ("ModelIdentifierField", "Dreamshaper 8", "Dreamshaper 8"),
        ("ModelIdentifierField", '{"key": "k"}', Model(key="k")),
        ("LoRAField", "detail", LoRA("detail")),
        ("LoRAField[]", '[{"lora": "detail", "weight": 0.5}, "other"]', [LoRA("detail", 0.5), LoRA("other")]),
        ("StylePresetField", "p", StylePreset("p")),
        ("IntegerGeneratorField", '{"type": "x"}', {"type": "x"}),
    ],
)
def test_a_text_becomes_the_value_of_its_input(kind: str, text: str, value: object) -> None:
    found = parse_text(text, pin(kind), object)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("IntegerField", "1.5", "an integer"),
        ("IntegerField", "9" * 5000, "an integer"),
        ("IntegerField", "\N{ARABIC-INDIC DIGIT SEVEN}", "an integer"),
        ("FloatField", "x", "a number"),
        ("FloatField", "1_0.5", "a number"),
        ("FloatField", "٣.٥", "a number"),
        ("FloatField", "nan", "a number"),
        ("BooleanField", "maybe", "true or false"),
        ("ColorField", "#12345", "a color"),
        ("ColorField", '{"r": 1}', "a color"),
        ("ImageField", '{"x": 1}', "an image"),
        ("ImageField", '{"image_name": 1}', "an image"),
        ("ImageField[]", "[", "an image"),
        ("VideoField", '{"video_name": null}', "a video"),
        ("BoardField", '{"board_id": ["b"]}', "a board"),
        ("StylePresetField", '{"style_preset_id": 1}', "a style preset"),
        ("ModelIdentifierField", '{"nam": "x"}', "a model"),
        ("ModelIdentifierField", "{}", "a model"),
        ("LoRAField", '{"lora": 3, "weight": 1}', "a LoRA"),
        ("IntegerGeneratorField", "7..", "generator settings"),
    ],
)
def test_an_invalid_text_says_what_was_expected(kind: str, text: str, expected: str) -> None:
    with pytest.raises(ParseError, match=f"is not {expected}"):
        parse_text(text, pin(kind), object)


@pytest.mark.parametrize(
    ("hint", "text", "value"),
    [
        (Annotated[float, OneOf(0.5, 1.0)], "0.50", 0.5),
        (Annotated[float, OneOf(0.5, 1.0)], "1", 1.0),
        (Annotated[Annotated[float, OneOf(0.5)] | None, 0], "0.5", 0.5),
        (Annotated[float, OneOf(0.5, 1.0)], "0.7", "0.7"),
        (Annotated[str | float | bool, OneOf("1", 1, 0.5, True)], "1", "1"),
        (Annotated[str | float | bool, OneOf("auto", 1, 0.5, True)], "true", True),
        (Literal["true", True], "true", "true"),
        (Literal[256, 512], "512", 512),
        (Literal[256, 512], "x", "x"),
    ],
)
def test_a_text_stands_for_a_choice(hint: object, text: str, value: object) -> None:
    found = parse_text(text, pin("EnumField"), hint)
    assert (found, type(found)) == (value, type(value))


def test_null_is_not_a_value_where_the_input_may_be_none() -> None:
    assert parse_text("null", pin("IntegerField"), int | None) is None
    with pytest.raises(ParseError):
        parse_text("null", pin("IntegerField"), int)


def test_json_values_keep_their_types() -> None:
    assert parse_json("7", pin("IntegerField"), int) == "7"  # the workflow refuses it
    assert parse_json("#fff", pin("ColorField"), Color) == Color(r=255, g=255, b=255)


def test_values_come_by_name_and_index_from_files_stdin_and_json(server: Simulator, tmp_path: Path, stamp: str) -> None:
    values = tmp_path / "values.json"
    values.write_text('{"width": 99, "1": 33, "radius": 0.5}', encoding="utf-8")
    (tmp_path / "kind.txt").write_text("box\n", encoding="utf-8")
    arguments = ("--set", stamp, "--set", "0=64", "--set", f"blur_type=@{tmp_path}/kind.txt", "--values", values)
    done = run(CARD, *arguments, "--values", "-", "--url", server.url, "--out", tmp_path, "--json", stdin='{"5": 7}')
    assert done.exit_code == 0, done.output
    found = reported(done)["values"]
    assert (found["width"], found["height"], found["radius"]) == (64, 33, 0.5)
    assert (found["blur_type"], found["top"]) == ("box", 7)


def test_a_list_takes_a_value_each_time_and_other_inputs_only_once(server: Simulator, tmp_path: Path) -> None:
    done = run(CARD, "--set", "width=64", "--set", "0=96", "--url", server.url)
    assert done.exit_code == 2
    assert "index 0, width (Width): is set 2 times, but takes one value" in done.stderr


def test_all_errors_are_reported_together_with_similar_names(server: Simulator, tmp_path: Path) -> None:
    wrong = ("widht=3", "77=1", "0=abc", "radius=-1", "blur_type=gausian", "stamp=/nowhere.png", "left")
    asked = len(server.requests)
    done = run(CARD, *(part for text in wrong for part in ("--set", text)), "--json", "--url", server.url)
    assert done.exit_code == 2
    assert done.stderr.splitlines() == [
        "--set widht: the workflow has no input 'widht' (did you mean \"width\"?)",
        "--set 77: the workflow has no input 77 (its indices are 0 to 8)",
        "--set left: expected NAME=VALUE",
        f"{CARD}: index 0, width (Width): 'abc' is not an integer",
        f"{CARD}: index 3, stamp (Stamp): cannot read '/nowhere.png': No such file or directory",
        f"{CARD}: index 6, radius (Radius): -1 is less than 0",
        f"{CARD}: index 7, blur_type (Blur Type): 'gausian' is not one of 'gaussian' or 'box' "
        "(did you mean 'gaussian'?)",
    ]
    found = reported(done)
    assert (found["ok"], found["error"]["kind"], found["batch_id"]) == (False, "ValidationError", None)
    assert [p["attribute"] for p in found["error"]["problems"]][3:] == ["width", "stamp", "radius", "blur_type"]
    assert len(server.requests) == asked


def test_of_many_unknown_names_in_a_file_a_hundred_are_reported(stamp: str, tmp_path: Path) -> None:
    values = saved(tmp_path, {f"name {number}": 1 for number in range(1_000)} | {"width": "x"}, "values.json")
    done = run(CARD, "--set", stamp, "--values", values)
    *unknown, more, wrong = done.stderr.splitlines()
    assert [line.partition(" (")[0] for line in unknown] == [
        f"{values}: the workflow has no input 'name {number}'" for number in range(100)
    ]
    assert more == f"{values}: 900 more names are not inputs of the workflow"
    assert "width (Width): 'x' is not an integer" in wrong


def test_a_file_sets_an_input_once(server: Simulator, tmp_path: Path, stamp: str) -> None:
    values = saved(tmp_path, {"width": 330, "height": 90, "0": 340}, "values.json")
    done = run(CARD, "--set", stamp, "--values", values, "--url", server.url)
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    assert line.endswith(f"index 0, width (Width): is set 2 times in {values}")


def test_a_missing_value_says_how_to_set_it(server: Simulator) -> None:
    done = run(CARD, "--url", server.url)
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    assert "index 3, stamp (Stamp): is required; set it with --set stamp=…" in line


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--values", "nowhere.json"), "nowhere.json: cannot be read"),
        (("--values", "-"), "-: is not JSON"),
        (("--set", "blur_type=@nowhere.txt"), "nowhere.txt cannot be read"),
        (("--set", f"blur_type=@{WORKFLOWS}"), "cannot be read: Is a directory"),
        (("--set", "stamp=a\0b"), "contains a null character"),
        pytest.param(("--set", f"stamp={'x' * 9_999}"), "xxx: File name too long", id="a long name"),
        (("--timeout", "nan"), "above 0"),
        (("--timeout", "soon"), "not a valid float"),
        (("--values", "-", "--set", "0=@-"), "only once"),
        (("--attach", "x.json", "--set", "0=1"), "cannot be combined with --set"),
        (("--attach", "-"), "is not JSON"),
        (("--attach", "soon"), "--attach: 'soon' is neither a file nor a batch id, which is a UUID"),
        (("--url", "localhost:9090"), "--url: 'localhost:9090' is not a server URL"),
        (("--token", "a b"), "--token: the token contains a character"),
        (("--set", "board=Nowhere"), "the server has no board 'Nowhere'"),
    ],
)
def test_bad_input_has_status_2_and_one_line(
    arguments: tuple[str, ...], words: str, server: Simulator, stamp: str
) -> None:
    own_stamp = (
        () if any(text.startswith("stamp=") for text in arguments) or "--attach" in arguments else ("--set", stamp)
    )
    done = run(CARD, "--url", server.url, *own_stamp, *arguments, stdin="no json")
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    assert words in line


def test_a_path_with_a_null_character_cannot_be_read(server: Simulator) -> None:
    done = run(CARD, "--url", server.url, "--values", "-", stdin='{"stamp": "a\\u0000b"}')
    assert done.exit_code == 2
    assert "stamp (Stamp): cannot read 'a\\x00b': embedded null byte" in done.stderr


def test_a_file_of_values_is_an_object(stamp: str) -> None:
    done = run(CARD, "--set", stamp, "--values", "-", stdin="[1]")
    assert (done.exit_code, done.stderr) == (2, "-: expected a JSON object with attributes or indices as keys\n")


# ------------------------------------------------------------------ sources


def test_every_kind_of_source_runs(
    server: Simulator, tmp_path: Path, stamp: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = tmp_path / "flows.py"
    module.write_text((MODULES / "colour_card.py").read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    first = run(CARD, "--set", stamp, "--url", server.url, "--out", "first/{attribute}")
    assert first.exit_code == 0, first.output
    for source in ("flows.py", "flows", "flows:ColourCard", "flows.py:ColourCard", "first/card.png", "-"):
        document = Path(CARD).read_text(encoding="utf-8") if source == "-" else None
        done = run(source, "--set", stamp, "--url", server.url, "--out", "out/", "--quiet", stdin=document)
        assert (done.exit_code, done.output) == (0, ""), source
    names = sorted(path.name for path in Path("out").iterdir())
    assert names == [
        "card-card-000.png",
        "flows-card-000-2.png",
        "flows-card-000-3.png",
        "flows-card-000-4.png",
        "flows-card-000.png",
        "workflow-card-000.png",
    ]


@pytest.mark.parametrize(
    ("text", "source", "words"),
    [
        ("", "m.py", "defines no workflow"),
        ("import nowhere_at_all", "m.py", "cannot be imported: ModuleNotFoundError"),
        ("raise SystemExit(7)", "m.py", "cannot be imported: SystemExit: 7"),
        ("def", "m.py", "cannot be imported: SyntaxError"),
        ("\0", "m.py", "cannot be imported"),
        ("from generated_examples.colour_card import ColourCard", "m.py:ColorCard", 'did you mean "ColourCard"?'),
        (
            "from generated_examples.colour_card import ColourCard\n"
            "from generated_examples.sd15_text_to_image import SD15TextToImage",
            "m.py",
            "has several workflows; name one, such as m.py:ColourCard",
        ),
        ("", "nowhere.py", "cannot be read"),
        ("", "nowhere.at.all", "cannot be imported"),
        ("", "nowhere.json", "cannot be read: No such file"),
        ("", "n" * 300, "cannot be imported"),
        ("", "n" * 300 + ".json", "cannot be read: File name too long"),
    ],
)
def test_a_source_that_cannot_be_run_is_one_line(
    text: str, source: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "m.py").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    done = run(source)
    assert done.exit_code == 2, done.output
    (line,) = done.stderr.splitlines()
    assert words in line


PAINT = """
class Paint:
    def __init__(self, code):
        if not code.startswith("#"):
            raise ValueError("no #")
        self.code = code

    def to_invokeai(self):
        red, green, blue = bytes.fromhex(self.code[1:])
        return {"r": red, "g": green, "b": blue, "a": 255}

    @classmethod
    def from_invokeai(cls, value):
        return cls("#{r:02x}{g:02x}{b:02x}".format_map(value))
"""


def test_a_project_s_own_class_takes_what_its_field_takes(
    server: Simulator, tmp_path: Path, stamp: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source = saved(tmp_path, example("colour_card.json"))
    Path("pyproject.toml").write_text('[tool.invokable.fields]\n"blank_image.color" = "paint_of_a_test:Paint"\n')
    missing = run(source, "--set", stamp)
    assert (missing.exit_code, len(missing.stderr.splitlines())) == (2, 1)
    assert "No module named 'paint_of_a_test'" in missing.stderr
    Path("paint_of_a_test.py").write_text(PAINT)
    done = run(source, "--set", stamp, "--set", "card_colour=#0c8c4d", "--url", server.url, "--json")
    assert done.exit_code == 0, done.output
    assert reported(done)["values"]["card_colour"] == {"r": 12, "g": 140, "b": 77, "a": 255}
    wrong = run(source, "--set", stamp, "--set", "card_colour=red", "--url", server.url)
    assert wrong.exit_code == 2
    assert "card_colour (Card colour): 'red' is not a color" in wrong.stderr


def test_a_module_in_a_file_imports_from_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    Path("beside_the_flows.py").touch()
    Path("flows").mkdir()
    text = (MODULES / "colour_card.py").read_text(encoding="utf-8")
    Path("flows/card.py").write_text(f"{text}\nimport beside_the_flows\n", encoding="utf-8")
    assert "stamp (Stamp): is required" in run("flows/card.py").stderr


@pytest.mark.parametrize(("name", "hinted"), [("gone.flow", True), ("flow.py", False), ("flow", False)])
def test_only_a_module_that_does_not_exist_may_be_a_workflow_file(
    name: str, hinted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "flow", raising=False)
    Path("flow.py").write_text("import not_installed\n")
    (line,) = run(name).stderr.splitlines()
    assert line.startswith(f"{name}: cannot be imported: ModuleNotFoundError: No module named ")
    assert line.endswith("; workflow files end in .json or .png") == hinted


# ------------------------------------------------------------------ files


def test_files_are_named_after_the_run_and_none_is_overwritten(server: Simulator, tmp_path: Path, stamp: str) -> None:
    pattern = tmp_path / "{workflow}" / "{attribute}-{width:05}-{blur_type}-{seed}-{index:03}.png"
    names = []
    for _ in range(2):
        done = run(CARD, "--set", stamp, "--url", server.url, "--out", pattern)
        names.append(Path(done.stdout.strip().partition(": ")[2]).relative_to(tmp_path).as_posix())
    assert names == [
        "colour_card/card-00320-gaussian-noseed-000.png",
        "colour_card/card-00320-gaussian-noseed-000-2.png",
    ]
    before = (tmp_path / names[0]).stat().st_mtime_ns
    assert run(CARD, "--set", stamp, "--url", server.url, "--out", pattern, "--force").exit_code == 0
    assert (tmp_path / names[0]).stat().st_mtime_ns > before
    assert len(list((tmp_path / "colour_card").iterdir())) == 2


def test_a_seed_of_the_form_is_in_the_name(server: Simulator, tmp_path: Path) -> None:
    out = tmp_path / "{attribute}-{seed}-{index:03}"
    source = WORKFLOWS / "sd15_text_to_image.json"
    model = next(model.name for model in server.client().models.list() if (model.base, model.type) == ("sd-1", "main"))
    done = run(source, "--set", "seed=77", "--set", f"model={model}", "--url", server.url, "--out", out)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "image-77-000.png").exists()


@pytest.mark.parametrize(
    "value", ["../../evil", "/etc/evil", "..", ".", "a\x1bb", "", "~root", "con", "x" * 3000, "{index}"]
)
def test_no_value_leads_out_of_the_folder(value: str, server: Simulator, tmp_path: Path, stamp: str) -> None:
    document = example("colour_card.json")
    add_node(document, "text", "string", version="1.0.1", value=value)
    add_field(document, "text", "value")
    out = tmp_path / "out" / "{value}" / "{value}"
    done = run(saved(tmp_path, document), "--set", stamp, "--url", server.url, "--out", out)
    assert done.exit_code == 0, done.output
    files = [
        path for path in tmp_path.rglob("*") if path.is_file() and path.suffix == ".png" and path.name != "stamp.png"
    ]
    assert len(files) == 1
    assert files[0].relative_to(tmp_path).parts[0] == "out"
    assert len(files[0].relative_to(tmp_path).parts) == 3
    assert files[0].name.isprintable()
    assert not files[0].name.startswith(".")


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("{sed}", "did you mean 'seed'"),
        ("{}", "unknown field {}"),
        ("{0}", "unknown field {0}"),
        ("{index.__class__}", "unknown field"),
        ("{index", "write {{ and }} for literal braces"),
        ("{index:999999999}", "expected a width"),
        ("{index:{width}}", "expected a width"),
        ("{index!r}", "expected a width"),
        ("{workflow}/../x", "leads outside the folder"),
        ("card.jpg", "omit the suffix"),
    ],
)
def test_a_pattern_is_checked_before_the_run(pattern: str, words: str, server: Simulator, stamp: str) -> None:
    jobs = len(server.jobs)
    done = run(CARD, "--set", stamp, "--url", server.url, "--out", pattern)
    assert done.exit_code == 2
    (line,) = done.stderr.splitlines()
    assert words in line
    assert len(server.jobs) == jobs


def test_a_folder_that_cannot_be_written_is_reported_before_the_run(
    server: Simulator, tmp_path: Path, stamp: str
) -> None:
    (tmp_path / "file").write_text("")
    jobs = len(server.jobs)
    done = run(CARD, "--set", stamp, "--url", server.url, "--out", tmp_path / "file" / "x" / "y", "--json")
    assert (done.exit_code, done.stderr) == (2, f"{tmp_path}/file: cannot be written to: Not a directory\n")
    assert reported(done)["error"]["kind"] == "InputError"
    assert len(server.jobs) == jobs


# ------------------------------------------------------------------ reports and statuses


def test_the_report_of_a_run(server: Simulator, tmp_path: Path, stamp: str) -> None:
    done = run(CARD, "--set", stamp, "--url", server.url, "--out", tmp_path / "{attribute}", "--json")
    found = reported(done)
    assert (found["ok"], found["class_name"], found["server"]) == (True, "ColourCard", server.url)
    (file,) = found["files"]
    assert file["path"] == str(tmp_path / "card.png")
    assert (file["attribute"], file["index"], file["kind"]) == ("card", 0, "image")
    assert (file["width"], file["height"]) == (320, 200)
    assert found["outputs"] == {"card": {"image_name": file["name"]}}
    assert [job.batch_id for job in server.jobs if job.item_id in found["item_ids"]] == [found["batch_id"]]


def test_a_batch_gives_a_file_for_each_item(server: Simulator, tmp_path: Path, stamp: str) -> None:
    settings = '{"type": "integer_generator_arithmetic_sequence", "start": 64, "step": 64, "count": 3}'
    arguments = ("--set", stamp, "--set", f"widths={settings}", "--out", tmp_path / "{attribute}-{index:03}")
    done = run(saved(tmp_path, with_generator()), *arguments, "--url", server.url, "--json")
    assert done.exit_code == 0, done.output
    assert [(Path(file["path"]).name, file["width"]) for file in reported(done)["files"]] == [
        ("card-000.png", 64),
        ("card-001.png", 128),
        ("card-002.png", 192),
    ]


def test_a_run_can_be_submitted_now_and_fetched_later(server: Simulator, tmp_path: Path, stamp: str) -> None:
    done = run(CARD, "--set", stamp, "--url", server.url, "--no-wait", "--json")
    assert (done.exit_code, reported(done)["files"]) == (0, [])
    (tmp_path / "run.json").write_text(done.stdout, encoding="utf-8")
    out = tmp_path / "{attribute}-{height}"
    later = run(CARD, "--attach", tmp_path / "run.json", "--url", server.url, "--out", out, "--json")
    assert later.exit_code == 0, later.output
    assert reported(later)["batch_id"] == reported(done)["batch_id"]
    assert (tmp_path / "card-200.png").exists()
    again = run(CARD, "--attach", reported(done)["batch_id"], "--url", server.url, "--out", tmp_path / "again")
    assert again.stdout == f"card: {tmp_path}/again.png\n", again.output
    other = run(WORKFLOWS / "sd15_text_to_image.json", "--attach", tmp_path / "run.json", "--url", server.url)
    assert other.exit_code == 2
    assert "is a run of ColourCard, not SD15TextToImage" in other.stderr
    stored = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    for values, words in (({"wide": 9}, "ColourCard has no input 'wide'"), ([1], "has no input 1"), ("x", "input 'x'")):
        (tmp_path / "run.json").write_text(json.dumps(stored | {"values": values}), encoding="utf-8")
        changed = run(CARD, "--attach", tmp_path / "run.json", "--url", server.url)
        (line,) = changed.stderr.splitlines()
        assert changed.exit_code == 2
        assert line.startswith(f"{tmp_path}/run.json: its values do not fit ColourCard: ")
        assert words in line
        assert line.endswith(f"(--attach {stored['batch_id']} needs no values)")


@pytest.mark.slow
def test_a_server_that_is_not_there_has_status_4_and_says_what_to_do(stamp: str) -> None:
    done = run(CARD, "--set", stamp, "--url", "http://127.0.0.1:9", "--json")
    assert done.exit_code == 4
    (line,) = done.stderr.splitlines()
    assert line.startswith("http://127.0.0.1:9: could not connect to the server")
    assert "start the server, or set another one with --url" in line
    assert reported(done)["error"]["kind"] == "ConnectionError"


def test_a_run_that_fails_has_status_4_and_keeps_what_was_completed(tmp_path: Path, stamp: str) -> None:
    document = with_generator()
    settings = '{"type": "integer_generator_arithmetic_sequence", "start": 64, "step": 64, "count": 3}'
    with Simulator(faults=[Fault(kind="cancel", item=1)], speed=0.2) as server:
        url = server.serve()
        arguments = ("--set", stamp, "--set", f"widths={settings}", "--out", tmp_path / "{attribute}-{index}", "--json")
        done = run(saved(tmp_path, document), *arguments, "--url", url)
    assert done.exit_code == 4, done.output
    found = reported(done)
    assert found["error"]["kind"] == "RunCanceled"
    assert [Path(file["path"]).name for file in found["files"]] == ["card-0.png"]
    assert found["submission"]["requested"] == 3


def interrupted(server: Simulator, stamp: str, seen: Callable[[], bool], *, times: int = 1) -> str:
    """Press Ctrl-C when a run has reached a point, and return its output after it has exited with 130."""
    command = [sys.executable, "-m", "invokable", "run", CARD, "--set", stamp, "--url", server.url]
    running = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        # A background process may have inherited an ignored SIGINT.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    end = time.monotonic() + 60
    while not seen():
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < end
        time.sleep(0.02)
    for _ in range(times):
        running.send_signal(signal.SIGINT)
        time.sleep(0.05)
    _, wrong = running.communicate(timeout=30)
    assert running.returncode == 130
    return wrong


def test_ctrl_c_cancels_a_run_that_is_under_way(stamp: str) -> None:
    slow = Fault(kind="latency", path="*/cancel_by_batch_ids", seconds=0.5)
    with Simulator(faults=[slow], speed=5) as server:
        server.serve()
        said = interrupted(server, stamp, lambda: [job.status for job in server.jobs] == ["in_progress"], times=3)
        assert said == "interrupted; the run was canceled\n"
        assert [job.status for job in server.jobs] == ["canceled"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "said", "statuses"),
    [
        ("*/images/upload", "interrupted; nothing was submitted\n", []),
        ("*/enqueue_batch", "interrupted; the run was canceled\n", ["canceled"]),
    ],
)
def test_ctrl_c_during_a_request_leaves_nothing_running(path: str, said: str, statuses: list[str], stamp: str) -> None:
    fault = Fault(kind="latency_after", path=path, seconds=1.0)
    with Simulator(faults=[fault], speed=5) as server:
        server.serve()
        assert interrupted(server, stamp, lambda: bool(server.fired)) == said
        time.sleep(1.5)  # for requests that may still arrive
        assert [job.status for job in server.jobs] == statuses


def test_ctrl_c_while_modules_are_loaded_is_one_line() -> None:
    code = "import invokable.cli as cli; "
    code += "cli._run = lambda: (_ for _ in ()).throw(KeyboardInterrupt); cli.main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")


def test_a_module_that_the_server_has_outgrown_has_status_1(tmp_path: Path, stamp: str) -> None:
    text = (MODULES / "colour_card.py").read_text(encoding="utf-8")
    module = tmp_path / "flows.py"
    module.write_text(text.replace("FORMAT: Final = 2", "FORMAT: Final = 99"), encoding="utf-8")
    done = run(module, "--set", stamp)
    assert done.exit_code == 1
    assert "upgrade invokable" in done.stderr


def test_a_token_comes_from_the_option_or_the_environment(tmp_path: Path, stamp: str) -> None:
    with Simulator(multiuser=True, users={"a@x.org": "Passw0rd!"}) as server:
        url, token = server.serve(), server.token("a@x.org")
        arguments = [CARD, "--set", stamp, "--out", tmp_path / "x"]
        denied = run(*arguments, "--url", url)
        assert denied.exit_code == 4
        assert "set INVOKEAI_TOKEN" in denied.stderr
        environment = {"INVOKEAI_URL": url, "INVOKEAI_TOKEN": token}
        done = CliRunner().invoke(shell, ["run", *map(str, arguments)], env=environment)
        assert done.exit_code == 0, done.output
        assert token not in done.output
