"""Options of generate: dry runs, standard output, quiet runs, warnings, depfiles, watching; and init."""

from __future__ import annotations

import codecs
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from watchfiles import Change

from invokable.cli import watch
from invokable.cli.exits import Terminated
from invokable.cli.options import read_options
from invokable.codegen.project.initial import find_workflows
from invokable.testing import Simulator
from tests.cli.projects import TABLE, Project
from tests.cli.test_generate import run
from tests.examples import example, node


def warned() -> Any:
    """A workflow with a warning: its blur type is not one of the choices."""
    document = example("colour_card.json")
    node(document, "img_blur")["inputs"]["blur_type"]["value"] = "swirl"
    return document


def test_a_dry_run_says_what_would_be_done_and_does_nothing(project: Project) -> None:
    before = project.files()
    assert project.generate("--dry-run") == [
        "src/flows/card.py: would be written (InvokeAI 6.14.2)",
        "invokable.lock: would be written",
    ]
    assert project.files() == before
    project.generate()
    assert project.generate("--dry-run") == ["src/flows/card.py: unchanged (InvokeAI 6.14.2)"]


def test_a_module_goes_to_standard_output_as_it_would_to_a_file(project: Project) -> None:
    before = project.files()
    result = run("generate", "workflows/card.json", "-o", "-")
    assert result.exit_code == 0
    assert project.files() == before
    project.generate()
    assert result.stdout == project.text()
    project.save(example("sd15_text_to_image.json"), "picture.json")
    both = run("generate", "workflows", "-o", "-")
    assert (both.exit_code, both.stdout) == (2, "")
    assert "standard output: is a single module, but there are 2 sources" in both.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check"], "-o: expected a folder or a module to compare with, not standard output"),
        (["generate", "--depfile", "flows.d"], "--depfile: expected a module in a file, not on standard output"),
    ],
)
def test_standard_output_is_for_a_module_alone(arguments: list[str], message: str, project: Project) -> None:
    command, *options = arguments
    result = run(command, "workflows/card.json", "-o", "-", *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f" {command}: {message} (see " in result.stderr


def test_a_quiet_run_prints_only_problems(project: Project) -> None:
    assert run("generate", "-q").output == ""
    project.save(warned())
    result = run("generate", "-q")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "warning: /nodes/1/data/inputs/blur_type" in result.stderr


def test_warnings_fail_every_run_with_fail_on_warning(project: Project) -> None:
    project.save(warned())
    for _ in range(2):
        result = run("generate", "--fail-on-warning")
        assert result.exit_code == 2
        assert "warning: /nodes/1" in result.stderr
        assert not project.module().exists()
    project.generate()
    for command in ("generate", "check"):
        result = run(command, "--fail-on-warning")
        assert result.exit_code == 2
        assert "warning: /nodes/1" in result.stderr


def test_warnings_are_repeated_each_time(project: Project) -> None:
    """The output of a run does not depend on earlier runs."""
    project.save(warned())
    project.save(example("colour_card.json"), "other.json")
    said = [run(command).stderr for command in ("generate", "generate", "check", "generate")]
    assert said[0].startswith("workflows/card.json: warning: /nodes/1")
    assert said == [said[0]] * 4
    before = project.files()
    assert run("generate").exit_code == 0
    assert project.files() == before


def test_unchanged_modules_are_not_generated_again_for_their_warnings(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.save(warned())
    project.generate()
    monkeypatch.setattr("invokable.codegen.build.modules.draft_module", None)
    assert "warning: /nodes/1" in run("generate").stderr
    assert project.check().exit_code == 0


@pytest.mark.parametrize("document", [example("colour_card.json"), warned()], ids=["fine", "warned"])
def test_names_that_the_lock_file_has_lost_come_back_from_the_modules(document: Any, project: Project) -> None:
    project.save(document)
    project.generate()
    before = project.files()
    (project.folder / "invokable.lock").unlink()
    assert project.states() == {"invokable.lock": "missing"}
    project.generate()
    assert project.files() == before


def test_force_regenerates_unchanged_modules_too(project: Project) -> None:
    project.generate()
    before = project.module().stat().st_mtime_ns
    assert project.generate("--force") == ["src/flows/card.py: unchanged (InvokeAI 6.14.2)"]
    assert project.module().stat().st_mtime_ns == before


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not here")
@pytest.mark.parametrize(
    "name",
    ["a b", "a#b", "a$b", "a:b", "a%b", "a\\b", "a\\ b", "a\\#b", "a\\:b", "a\\%b", "a (1)", "ünï", "caf\udce9"],
)
def test_make_reads_the_names_in_a_depfile(name: str, project: Project) -> None:
    source = project.save(example("colour_card.json"), f"{name}.json")
    (project.folder / "workflows" / "card.json").unlink()
    assert run("generate", "workflows", "-o", "o%ut", "--depfile", "flows.d").exit_code == 0
    (module,) = (project.folder / "o%ut").glob("*.py")
    rules = f"all: o%ut/{module.name}\no\\%ut/{module.name}:\n\t@echo again\ninclude flows.d\n"
    (project.folder / "Makefile").write_text(rules)

    def make() -> bytes:
        return subprocess.run(["make"], check=True, capture_output=True).stdout

    assert b"again" not in make()
    os.utime(source, (time.time() + 60,) * 2)
    assert b"again" in make()
    source.unlink()
    assert b"again" in make()


@pytest.mark.parametrize("mark", ["\n", "\t", ";", "|", "="])
def test_a_depfile_leaves_out_names_that_make_cannot_read(mark: str, project: Project) -> None:
    project.save(example("colour_card.json"), f"a{mark}b.json")
    project.generate("--depfile", "flows.d")
    assert Path("flows.d").read_text(encoding="utf-8").splitlines() == [
        "src/flows/a_b.py: pyproject.toml",
        "src/flows/card.py: pyproject.toml workflows/card.json",
        "pyproject.toml:",
        "workflows/card.json:",
    ]


@pytest.mark.parametrize(
    "name", ["workflows/card.json", "workflows/../pyproject.toml", "src/flows/card.py", "invokable.lock"]
)
def test_a_depfile_replaces_no_file_of_the_build(name: str, project: Project) -> None:
    project.generate()
    node(document := example("colour_card.json"), "blank_image")["inputs"]["width"]["value"] = 640
    project.save(document)
    before = project.files()
    result = run("generate", "--depfile", name)
    assert (result.exit_code, project.files()) == (2, before)
    assert result.stderr == f"{name}: is a source or a module of the build; name another file for --depfile\n"


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("make") is None, reason="make is not here")
def test_make_runs_generate_only_when_something_has_changed(project: Project) -> None:
    project.save(example("sd15_text_to_image.json"), "a b.json")
    command = f"{sys.executable} -m invokable generate --quiet --depfile flows.d"
    (project.folder / "Makefile").write_text(
        f"src/flows/card.py src/flows/a_b.py: pyproject.toml\n\t{command}\n\t@touch src/flows/*.py\n-include flows.d\n"
    )

    def make() -> str:
        return subprocess.run(["make"], check=True, capture_output=True, text=True).stdout

    assert "generate" in make()
    depfile = (project.folder / "flows.d").read_text(encoding="utf-8")
    assert "src/flows/a_b.py: pyproject.toml workflows/a\\ b.json\n" in depfile
    assert "up to date" in make()
    time.sleep(0.05)
    project.save(warned())
    assert "generate" in make()
    assert "up to date" in make()
    (project.folder / "workflows" / "card.json").rename(project.folder / "workflows" / "card.old")
    assert "No rule" not in make()


@contextmanager
def watching(*arguments: str) -> Iterator[Callable[[], str]]:
    """`generate --watch` in another process: returns the next line that it prints."""
    process = subprocess.Popen(
        [sys.executable, "-m", "invokable", "generate", "--watch", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # background shells ignore it
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    assert "Traceback" not in process.stdout.read()


def test_watching_generates_again_when_a_workflow_changes(project: Project) -> None:
    with watching() as line:
        assert line() == "src/flows/card.py: written (InvokeAI 6.14.2)\n"
        assert line() == "invokable.lock: written\n"
        assert line().startswith("watching: ")
        project.save("{")
        assert "card.json" in line()
        project.save(warned())
        assert "warning" in line()
        assert line() == "src/flows/card.py: updated (InvokeAI 6.14.2)\n"


def test_watching_begins_before_the_first_build(project: Project) -> None:
    builds: list[str] = []

    def build() -> int:
        builds.append(project.folder.joinpath("workflows", "card.json").read_text(encoding="utf-8"))
        if len(builds) == 1:
            project.save("{")
            return 0
        raise KeyboardInterrupt

    watch.watching(build, (), lambda: read_options(config=None, schema=None, server=None, lenient=False))
    assert builds[1:] == ["{"]


@pytest.mark.parametrize("ended", [KeyboardInterrupt, Terminated])
def test_ctrl_c_and_sigterm_end_the_watching_also_during_a_build(project: Project, ended: type[BaseException]) -> None:
    def build() -> int:
        raise ended

    watch.watching(build, (), lambda: read_options(config=None, schema=None, server=None, lenient=False))


def test_watching_begins_with_a_configuration_that_cannot_be_read(project: Project) -> None:
    project.configure("[tool.invokable")
    with watching() as line:
        assert line().startswith("pyproject.toml: is not TOML: ")
        assert line() == f"watching: {project.folder}\n"
        project.configure(TABLE)
        assert line() == "src/flows/card.py: written (InvokeAI 6.14.2)\n"


def test_watching_follows_the_sources_of_the_configuration(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    inner, other = project.folder / "inner", project.folder / "other"
    shutil.move(project.folder / "workflows", other)
    inner.mkdir()
    shutil.move(project.folder / "pyproject.toml", inner)
    project = Project(inner)
    project.configure(TABLE)
    monkeypatch.chdir(inner)
    with watching() as line:
        assert line() == "pyproject.toml: tool.invokable.sources[0].path: workflows does not exist\n"
        assert line() == f"watching: {inner}\n"
        project.configure(TABLE.replace('"workflows"', '"../other"'))
        assert line() == "src/flows/card.py: written (InvokeAI 6.14.2)\n"
        assert line() == "invokable.lock: written\n"
        assert line() == f"watching: {inner}, {other}\n"
        (other / "card.json").write_text("{", encoding="utf-8")
        assert line().startswith("../other/card.json: is not JSON")


def test_what_tools_write_is_not_watched(tmp_path: Path) -> None:
    hidden = tmp_path / ".flows"
    (tmp_path / "env").mkdir()
    (tmp_path / "env" / "pyvenv.cfg").touch()
    matters = watch._Filter(frozenset({tmp_path, hidden}))
    found = {
        name: matters(Change.modified, str(tmp_path / name))
        for name in (
            "card.json",
            "deep/card.PNG",
            "pyproject.toml",
            ".flows/card.json",
            ".hidden.json",
            "card.py",
            ".mypy_cache/card.json",
            "deep/node_modules/card.json",
            "env/card.json",
            ".flows/.git/card.json",
        )
    }
    assert [name for name, does in found.items() if does] == list(found)[:4]


def test_watching_without_its_library_says_how_to_get_it(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    result = run("generate", "--watch")
    assert result.exit_code == 2
    assert result.stderr == "--watch: needs the watch extra: pip install 'invokable[watch]'\n"


def test_a_new_table_keeps_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (
        "assets/workflows/card.json",
        "assets/workflows/deep/card.json",
        "package.json",
        "src/app/__init__.py",
    ):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(json.dumps(example("colour_card.json")) if "card" in name else "")
    Path("pyproject.toml").write_text('[project]\nname = "app"\n')
    result = run("init")
    assert result.stdout.splitlines() == [
        "pyproject.toml: updated",
        "found 2 workflows; modules go to src/app/flows",
        "next: invokable generate",
    ]
    text = Path("pyproject.toml").read_text()
    assert text.startswith('[project]\nname = "app"\n\n[tool.invokable]\n')
    assert 'path = "assets/workflows"\noutput = "src/app/flows"\n' in text
    assert run("generate").exit_code == 0
    again = run("init")
    assert again.exit_code == 3
    assert "already has a [tool.invokable] table" in again.stderr
    assert Path("pyproject.toml").read_text() == text


PLACES = {
    "a file at the top": {"portrait.json": "flows/portrait.py"},
    "files at the top": {"a.json": "flows/a.py", "b.json": "flows/b.py"},
    "files and a folder of one name": {"a/b.json": "flows/a/b.py", "a.json": "flows/a_2/a.py", "c.json": "flows/c.py"},
    "names that differ in case": {"x.json": "flows/x_2/x.py", "X.json": "flows/x/x.py"},
    "folders of one name": {"a/flows/x.json": "flows/flows/x.py", "b/flows/x.json": "flows/flows_2/x.py"},
    "names for no package": {"Text Flows/x.json": "flows/text_flows/x.py", "b-c/x.json": "flows/b_c/x.py"},
    "names that look numbered": {
        "a/x/1.json": "flows/x/workflow_1.py",
        "b/x_2/1.json": "flows/x_2_2/workflow_1.py",
        "a b/x/1.json": "flows/x_2/workflow_1.py",
    },
    "where modules go": {"flows/portrait.json": "flows/portrait.py"},
    "a name that is a glob": {"[old]/x.json": "flows/x.py"},
    "a name to quote": {'we"ird ünï/x.json': "flows/x.py"},
    "a name that no table can hold": {"back\\slash/x.json": "", "other/x.json": "flows/x.py"},
    "hidden, and made by tools": {".git/x.json": "", "node_modules/x.json": "", "w/x.json": "flows/x.py"},
}


@pytest.mark.parametrize("place", PLACES)
def test_a_table_fits_workflows_wherever_they_are(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in PLACES[place]:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(json.dumps(example("colour_card.json")))
    assert run("init").exit_code == 0
    generated = run("generate")
    assert generated.exit_code == 0, generated.stderr
    assert {path.as_posix() for path in Path().rglob("*.py")} == {made for made in PLACES[place].values() if made}
    assert run("check").exit_code == 0


def test_images_that_a_workflow_made_are_no_sources_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    card = example("colour_card.json")
    info = PngInfo()
    info.add_itxt("invokeai_workflow", json.dumps(card))
    (tmp_path / "out").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "out" / "card.png", pnginfo=info)
    assert find_workflows(tmp_path) == ["out/card.png"]
    (tmp_path / "card.json").write_text(json.dumps(card))
    assert run("init").stdout.splitlines()[1] == "found 1 workflow; modules go to flows"
    assert (
        "out" not in tomllib.loads((tmp_path / "pyproject.toml").read_text())["tool"]["invokable"]["sources"][0]["path"]
    )


@pytest.mark.parametrize("start", [b"", codecs.BOM_UTF8])
def test_init_keeps_line_ends_and_a_bom(start: bytes, project: Project) -> None:
    path = project.folder / "pyproject.toml"
    path.write_bytes(start + b'[project]\r\nname = "app"\r\n')
    assert run("init").exit_code == 0
    text = path.read_bytes()
    assert text.count(b"\n") == text.count(b"\r\n") > 10
    assert text.startswith(start + b'[project]\r\nname = "app"\r\n\r\n[tool.invokable]\r\n')
    assert run("generate").exit_code == 0


def test_init_keeps_lines_with_other_ends(project: Project) -> None:
    path = project.folder / "pyproject.toml"
    path.write_bytes(b'[project]\nname = "app"\r\n')
    assert run("init").exit_code == 0
    assert path.read_bytes().startswith(b'[project]\nname = "app"\r\n\r\n[tool.invokable]\r\n')


def test_every_commented_line_of_the_table_is_one_that_works(project: Project) -> None:
    (project.folder / "pyproject.toml").unlink()
    assert run("init").exit_code == 0
    text = (project.folder / "pyproject.toml").read_text()
    (project.folder / "templates").mkdir()
    unmarked = []
    for line in text.splitlines():
        bare = line.removeprefix("# ")
        is_setting = line.startswith("# ") and (" = " in bare or bare.startswith("["))
        unmarked.append(bare if is_setting and not bare.startswith(("server", "rename", "outputs")) else line)
    project.configure("\n".join(unmarked))
    assert "package = true" in unmarked
    project.generate()
    assert (project.folder / "flows" / "__init__.py").exists()
    assert "class Portrait(Workflow):" in (project.folder / "flows" / "card.py").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("content", "words", "status"),
    [
        ("[project", "is not TOML", 2),
        (f"x = {'[' * 9_000}", "is not TOML", 2),
        (b"\xff".decode("latin-1"), "is not TOML", 2),
        (TABLE, "already", 3),
    ],
)
def test_init_leaves_alone_what_it_cannot_extend(content: str, words: str, status: int, project: Project) -> None:
    project.configure(content)
    result = run("init")
    assert result.exit_code == status
    assert words in result.stderr
    assert (project.folder / "pyproject.toml").read_text(encoding="utf-8") == content


def test_a_token_for_the_server_comes_from_the_environment(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    with Simulator(multiuser=True, users={"a@x.y": "secret"}) as server:
        asked = ("generate", "workflows", "--server", server.serve("127.0.0.1", 0), "--models", "--force")
        refused = run(*asked)
        assert refused.exit_code == 4
        assert len(refused.stderr.splitlines()) == 2  # the note about the table's schema, and the refusal
        monkeypatch.setenv("INVOKEAI_TOKEN", "junk")
        wrong = run(*asked)
        assert wrong.exit_code == 4
        assert "junk" not in wrong.output
        monkeypatch.setenv("INVOKEAI_TOKEN", server.token("a@x.y"))
        assert run(*asked).exit_code == 0


def test_a_server_and_its_bundled_schema_make_the_same_module(project: Project) -> None:
    project.generate()
    with Simulator() as server:
        url = server.serve("127.0.0.1", 0)
        assert run("check", "workflows", "--server", url).exit_code == 0
        assert run("check", "workflows", "--schema", "6.13.8").exit_code == 1
