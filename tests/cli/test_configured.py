"""Configured builds: the project's table, where it is found, and what overrides it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.projects import TABLE, Project
from tests.cli.test_generate import run
from tests.examples import ROOT, example, node


def test_generate_without_arguments_does_all_of_it_from_any_folder_below(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.save(example("sd15_text_to_image.json"), "more/picture.json")
    below = project.folder / "src" / "deep"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    project.generate()
    assert sorted(path for path in project.files() if path.endswith(".py")) == [
        "src/flows/card.py",
        "src/flows/more/picture.py",
    ]
    assert 'SOURCE: Final = "workflows/more/picture.json"' in project.text("more/picture")
    before = project.files()
    monkeypatch.chdir(project.folder)
    assert {line.split(": ")[1] for line in project.generate()} == {"unchanged (InvokeAI 6.14.2)"}
    assert project.files() == before


def test_the_configuration_is_found_from_the_source(
    project: Project, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "pyproject.toml").write_text("[tool.invokable]\nschema = '5.0.2'\n")
    monkeypatch.chdir(elsewhere)
    assert run("generate", project.folder / "workflows" / "card.json").exit_code == 0
    assert 'SCHEMA: Final = "6.14.2"' in project.text()
    assert (project.folder / "invokable.lock").exists()
    assert [path.name for path in elsewhere.iterdir()] == ["pyproject.toml"]


def test_without_a_table_the_source_is_relative_to_the_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("here").mkdir()
    Path("here/card.json").write_text(json.dumps(example("colour_card.json")), encoding="utf-8")
    assert run("generate", "here", "-o", "out/deep").exit_code == 0
    assert 'SOURCE: Final = "../../here/card.json"' in Path("out/deep/card.py").read_text(encoding="utf-8")


def test_nothing_to_do_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for command in ("generate", "check"):
        result = run(command)
        assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
        assert "run: invokable init" in result.stderr


ENTRY = '[[tool.invokable.sources]]\npath = "workflows"\noutput = "out"\n'


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (ENTRY + 'outptu = "x"', 'tool.invokable.sources[0].outptu: unknown key (did you mean "output"?)'),
        ('[[tool.invokable.sources]]\noutput = "out"', "tool.invokable.sources[0].path: is missing"),
        ('[[tool.invokable.sources]]\npath = "none"\noutput = "o"', "sources[0].path: none does not exist"),
        ('[[tool.invokable.sources]]\npath = "/etc"\noutput = "o"', "must be a relative path with slashes"),
        ("[tool.invokable]\nsources = 3", "must be a list of tables"),
        ("[tool.invokable]\nlenient = 'yes'", "tool.invokable.lenient: must be true or false"),
        ("[tool.invokable]\nschema = '6.14.2'\nserver = 'http://x'", "node schemas come from one of them"),
        (
            "[tool.invokable]\nschema = '6.14.9'\n" + ENTRY,
            "tool.invokable.schema: no bundled schema for InvokeAI '6.14.9'",
        ),
        (ENTRY + "schema = '6.14.9'", "tool.invokable.sources[0].schema: no bundled schema"),
        (ENTRY + "models = true", "add server = URL"),
        ('[[tool.invokable.sources]]\npath = "workflows"\noutput = "a.py"\ntyped = true', "needs an output folder"),
        (ENTRY + '[tool.invokable.workflows."card.json"]\nclass = "A"', 'did you mean "workflows/card.json"?'),
        (ENTRY + '[tool.invokable.workflows."workflows/cord.json"]\nclass = "A"', "there is no such workflow"),
        (ENTRY + '[tool.invokable.workflows."other.json"]\nclass = "A"', "is in none of the sources"),
        (ENTRY + '[tool.invokable.workflows."a"]\n[tool.invokable.workflows."./a"]', 'workflows."./a": is set twice'),
    ],
)
def test_settings_that_match_nothing_are_one_line(table: str, words: str, project: Project) -> None:
    project.configure(table)
    (project.folder / "other.json").write_text("{}")
    result = run("generate")
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("pyproject.toml: tool.invokable")
    assert words in line
    assert not (project.folder / "out").exists()


def test_each_source_has_its_own_settings(project: Project) -> None:
    old = example("colour_card.json")
    project.save(old, "old/card.json")
    project.configure(
        '[tool.invokable]\nschema = "6.14.2"\n'
        '[[tool.invokable.sources]]\npath = "workflows/old"\noutput = "old"\nschema = "6.8.1"\n'
        '[[tool.invokable.sources]]\npath = "workflows/*.json"\noutput = "new.py"\n'
    )
    project.generate()
    assert 'SCHEMA: Final = "6.8.1"' in (project.folder / "old" / "card.py").read_text(encoding="utf-8")
    assert 'SCHEMA: Final = "6.14.2"' in (project.folder / "new.py").read_text(encoding="utf-8")
    assert run("check", "workflows/card.json").exit_code == 0


@pytest.mark.parametrize(
    ("options", "note"),
    [
        (["-o", "other"], "-o other overrides output = 'src/flows'"),
        (["--schema", "6.13.8"], "--schema 6.13.8 overrides schema = '6.14.2'"),
        (["--lenient"], "--lenient overrides lenient = false"),
    ],
)
def test_an_option_that_contradicts_the_table_says_so(options: list[str], note: str, project: Project) -> None:
    project.configure(TABLE + "lenient = false\n")
    result = run("generate", "workflows", *options)
    assert result.exit_code == 0
    assert f"note: pyproject.toml: {note} of tool.invokable.sources[0]" in result.stderr
    assert "note" not in run("generate", "workflows", "-o", "src/flows", "--schema", "6.14.2").stderr


def test_schema_and_server_are_refused_together(project: Project) -> None:
    for command in ("generate", "check", "show"):
        result = run(command, "workflows/card.json", "--schema", "6.14.2", "--server", "http://127.0.0.1:9")
        assert result.exit_code == 2
        assert "not both" in result.stderr


def test_a_folder_of_more_than_workflows_is_fine_but_a_named_file_has_to_be_one(project: Project) -> None:
    project.save("{}", "package.json")
    project.save('{"nodes": [], "links": []}', "comfy.json")
    (project.folder / "workflows" / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    project.save("{}", ".hidden/other.json")
    result = run("generate")
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [
        "workflows/comfy.json: skipped: not a workflow",
        "workflows/package.json: skipped: not a workflow",
        "workflows/picture.png: skipped: the image contains no workflow",
    ]
    named = run("generate", "workflows/package.json")
    assert named.exit_code == 2
    assert "not an InvokeAI workflow" in named.stderr
    project.save("{", "broken.json")
    assert run("generate").exit_code == 2


def test_a_workflow_that_becomes_something_else_is_an_error_and_keeps_its_module(project: Project) -> None:
    project.generate()
    before = project.files()
    project.save("{}")
    result = run("generate")
    assert result.exit_code == 2
    assert "workflows/card.json" in result.stderr
    assert {name: text for name, text in project.files().items() if name.endswith(".py")} == {
        "src/flows/card.py": before["src/flows/card.py"]
    }


PACKAGE = TABLE + "package = true\ntyped = true\n"


def test_a_package_re_exports_its_classes(project: Project) -> None:
    project.configure(PACKAGE)
    project.save(example("sd15_text_to_image.json"), "more/picture.json")
    project.generate()
    text = (project.folder / "src/flows/__init__.py").read_text(encoding="utf-8")
    assert text.endswith('from .card import ColourCard\n\n__all__ = ["ColourCard"]\n')
    inner = (project.folder / "src/flows/more/__init__.py").read_text(encoding="utf-8")
    assert "from .picture import SD15TextToImage\n" in inner
    assert (project.folder / "src/flows/py.typed").read_bytes() == b""
    assert project.check().exit_code == 0
    (project.folder / "workflows/more/picture.json").unlink()
    assert project.states() == {
        "invokable.lock": "stale",
        "src/flows/more/__init__.py": "left over",
        "src/flows/more/picture.py": "left over",
    }
    project.generate()
    assert not (project.folder / "src/flows/more/__init__.py").exists()


def test_a_hand_written_package_is_not_replaced(project: Project) -> None:
    project.configure(PACKAGE)
    own = project.folder / "src/flows/__init__.py"
    own.parent.mkdir(parents=True)
    own.write_text("x = 1\n")
    result = run("generate")
    assert result.exit_code == 3
    assert "src/flows/__init__.py: was not written by invokable" in result.stderr
    assert sorted(path.name for path in own.parent.iterdir()) == ["__init__.py"]
    own.write_text("")
    assert run("generate").exit_code == 0


def test_two_classes_with_the_same_name_cannot_share_a_package(project: Project) -> None:
    project.configure(PACKAGE)
    project.save(example("colour_card.json"), "other.json")
    result = run("generate")
    assert result.exit_code == 2
    assert "its class ColourCard has the same name as that of workflows/card.json" in result.stderr


def test_a_module_that_would_hide_a_folder_is_refused(project: Project) -> None:
    project.save(example("sd15_text_to_image.json"), "card/deep.json")
    result = run("generate")
    assert result.exit_code == 2
    assert "would hide the folder src/flows/card" in result.stderr


def test_leftovers_are_removed_unless_edited(project: Project) -> None:
    project.save(example("sd15_text_to_image.json"), "picture.json")
    project.save(example("colour_card.json") | {"name": "Third"}, "third.json")
    project.generate()
    for name in ("picture", "third"):
        (project.folder / "workflows" / f"{name}.json").unlink()
    project.module("third").write_text(project.text("third").replace("= 320", "= 321"), encoding="utf-8")
    mine = project.folder / "src/flows/mine.py"
    mine.write_text("x = 1\n")
    assert project.states() == {
        "invokable.lock": "stale",
        "src/flows/picture.py": "left over",
        "src/flows/third.py": "left over",
    }
    result = run("generate")
    assert "src/flows/picture.py: removed" in result.stdout
    assert "third.py: left over (workflows/third.json is gone), but kept because it was edited by hand" in result.stderr
    assert sorted(path.name for path in mine.parent.glob("*.py")) == ["card.py", "mine.py", "third.py"]


def test_a_run_for_one_source_removes_nothing_of_others(project: Project) -> None:
    project.save(example("sd15_text_to_image.json"), "picture.json")
    project.generate()
    (project.folder / "workflows/picture.json").unlink()
    assert run("generate", "workflows/card.json").exit_code == 0
    assert project.module("picture").exists()
    assert "picture.json" in (project.folder / "invokable.lock").read_text(encoding="utf-8")
    assert run("generate", "workflows").exit_code == 0
    assert not project.module("picture").exists()


def test_nothing_is_removed_that_may_still_have_a_source(project: Project) -> None:
    """Modules made without the table: from another file, without a configuration, from standard input."""
    other = project.folder / "other.json"
    other.write_text(json.dumps(example("sd15_text_to_image.json")), encoding="utf-8")
    assert run("generate", "other.json", "-o", "src/flows").exit_code == 0
    text = json.dumps(example("colour_card.json"))
    assert run("generate", "-", "-o", "src/flows/piped.py", stdin=text).exit_code == 0
    table = (project.folder / "pyproject.toml").read_text(encoding="utf-8")
    project.configure("")
    assert run("generate", "other.json", "-o", "src/flows/bare.py").exit_code == 0
    project.configure(table)
    assert not [line for line in project.generate() if line.endswith("removed")]
    assert run("check").exit_code == 0
    other.unlink()
    assert {line for line in project.generate() if line.endswith("removed")} == {
        "src/flows/bare.py: removed",
        "src/flows/other.py: removed",
    }
    assert project.module("piped").exists()


def test_a_package_beside_another_of_the_same_folder_stays(project: Project) -> None:
    project.save(example("sd15_text_to_image.json"), "more/picture.json")
    project.configure(
        '[[tool.invokable.sources]]\npath = "workflows/*.json"\noutput = "flows"\npackage = true\n'
        '[[tool.invokable.sources]]\npath = "workflows/more"\noutput = "flows/more"\npackage = true\n'
    )
    project.generate()
    assert run("generate", "workflows/more").stdout.splitlines() == [
        "flows/more/picture.py: unchanged (InvokeAI 6.14.2)"
    ]
    assert (project.folder / "flows/__init__.py").exists()
    project.configure((project.folder / "pyproject.toml").read_text().replace("package = true\n", ""))
    assert {line for line in project.generate() if line.endswith("removed")} == {
        "flows/__init__.py: removed",
        "flows/more/__init__.py: removed",
    }


@pytest.mark.parametrize("source", ["x" * 300, "a/" * 3_000 + "b", "\\x00", "../" * 100 + "x"])
def test_a_module_that_lies_about_its_source_is_not_an_internal_error(source: str, project: Project) -> None:
    project.generate()
    text = project.text().replace('"workflows/card.json"', f'"{source}"')
    project.module("liar").write_text(text, encoding="utf-8")
    project.module().write_text(text, encoding="utf-8")
    result = run("generate")
    assert result.exit_code == 3
    assert [line.split(": ")[0] for line in result.stderr.splitlines()] == ["src/flows/card.py"]


def test_deep_and_long_names_of_sources_are_one_line(project: Project) -> None:
    for name in ("x" * 300 + ".json", "a/" * 3_000 + "b.json", "a/" * 1_500 + "b.json"):
        result = run("generate", name)
        assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)
        assert "cannot be read" in result.stderr


CARD = example("colour_card.json")
WIDTH = node(CARD, "blank_image")["id"]
WORKFLOW = '[tool.invokable.workflows."workflows/card.json"]\n'


@pytest.mark.parametrize(
    ("added", "shown"),
    [
        (f'{WORKFLOW}class = "Other"\n', "class Other(Workflow):"),
        (f'{WORKFLOW}rename = {{ "{WIDTH}" = {{ width = "breadth" }} }}\n', "    breadth: Annotated["),
        (f'{WORKFLOW}outputs = {{ "{WIDTH}" = "plain" }}\n', "        plain: Image"),
        ('schema = "6.13.8"\n', 'SCHEMA: Final = "6.13.8"'),
        ('templates = "templates"\n', "# ours"),
        ("[tool.black]\nline-length = 120\n", 'SOURCE_SHA256: Final = "'),
    ],
    ids=["class", "rename", "outputs", "schema", "templates", "line length"],
)
def test_each_setting_makes_a_module_stale_by_itself(added: str, shown: str, project: Project) -> None:
    templates = project.folder / "templates"
    templates.mkdir()
    template = (ROOT / "templates" / "module.py.jinja").read_text(encoding="utf-8")
    (templates / "module.py.jinja").write_text(template.replace("__all__", "# ours\n__all__", 1), encoding="utf-8")
    project.generate()
    assert shown not in project.text()
    project.configure(TABLE + added)
    assert project.states()["src/flows/card.py"] == "stale"
    project.generate()
    assert shown in project.text()
    assert project.check().exit_code == 0


def test_a_changed_template_makes_modules_stale(project: Project) -> None:
    templates = project.folder / "templates"
    templates.mkdir()
    template = (ROOT / "templates" / "module.py.jinja").read_text(encoding="utf-8")
    for remark in ("first", "second"):
        (templates / "module.py.jinja").write_text(template.replace("__all__", f"# {remark}\n__all__", 1))
        project.configure(TABLE + 'templates = "templates"\n')
        assert project.check().exit_code == 1
        project.generate()
        assert f"# {remark}\n" in project.text()


def test_only_the_first_of_many_wrong_entries_are_reported_one_by_one(project: Project) -> None:
    project.save(example("colour_card.json"))
    names = "".join(f'n{number} = "a{number}"\n' for number in range(250))
    project.configure(TABLE + f'[tool.invokable.workflows."workflows/card.json".outputs]\n{names}')
    lines = run("generate").stderr.splitlines()
    assert len(lines) == 101
    assert "the graph has no node 'n99' (" in lines[99]
    assert lines[100] == "pyproject.toml: 150 more entries are wrong in the same way"
    tables = "".join(f'[tool.invokable.workflows."w{number}.json"]\nclass = "A"\n' for number in range(101))
    project.configure(TABLE + tables)
    assert run("generate").stderr.splitlines()[100] == "pyproject.toml: 1 more entry is wrong in the same way"
