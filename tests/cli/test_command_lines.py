"""Any command line ends with a known status and plain lines: commands, options and values in any combination."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from invokable._extras import CODEGEN
from invokable.cli.shell import shell
from invokable.testing import Simulator
from tests.effort import tries
from tests.examples import MODULES, ROOT, WORKFLOWS, example

ENDLESS = {"--watch"}
"""Options that keep a command running."""
SERVES = {"simulate", "demo"}
"""Commands that serve or take seconds; command lines that would start them are left out."""
STATUSES = {0, 1, 2, 3, 4}


def options_of(command: click.Command) -> list[str]:
    """All options of a command and its subcommands."""
    found = [text for param in command.params if isinstance(param, click.Option) for text in param.opts]
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            found += [name, *(options_of(inner) if inner else [])]
    return [text for text in (*found, "--help") if text not in ENDLESS]


CONTEXT = click.Context(shell)
COMMANDS = {name: shell.get_command(CONTEXT, name) for name in shell.list_commands(CONTEXT) if name not in SERVES}
OPTIONS = {name: options_of(command) for name, command in COMMANDS.items() if command}
NAMES = sorted(OPTIONS)
FILES = ("card.json", "sd15.json", "broken.json", "empty", "card.py", "folder", "picture.png", "values.json", "nowhere")


def stays(word: str) -> bool:
    """Whether a word names nothing outside of the current folder, where all other files of this machine are."""
    return not word.startswith("/") and ".." not in word.split("/")


VALUES = st.one_of(
    st.sampled_from(FILES),
    st.sampled_from(
        ("-", "*.json", "6.14.2", "9.9", "json", "table", "URL", "1", "nan", "-1", "@values.json", "@@", "@-")
    ),
    st.sampled_from(
        ("stamp=picture.png", "width=64", "0=abc", "3=picture.png", "=", "seed=1", "model=x", "width=@empty")
    ),
    st.text(max_size=12).filter(stays),
    st.text(alphabet="{}:.!-/x0", max_size=12).filter(stays),
)


@st.composite
def command_lines(draw: st.DrawFn) -> list[str]:
    """Usually a command, with options and values."""
    command = draw(st.sampled_from(NAMES))
    words = st.one_of(st.sampled_from(OPTIONS[command]), VALUES)
    return [command, *draw(st.lists(st.sampled_from(FILES), max_size=2)), *draw(st.lists(words, max_size=6))]


@pytest.fixture(scope="module")
def server() -> Iterator[Simulator]:
    with Simulator() as simulator:
        simulator.serve()
        yield simulator


def furnish(folder: Path) -> None:
    """Create the files that the command lines name."""
    (folder / "card.json").write_bytes((WORKFLOWS / "colour_card.json").read_bytes())
    (folder / "sd15.json").write_bytes((WORKFLOWS / "sd15_text_to_image.json").read_bytes())
    (folder / "card.py").write_bytes((MODULES / "colour_card.py").read_bytes())
    (folder / "picture.png").write_bytes((MODULES.parent / "docs" / "images" / "demo.png").read_bytes())
    (folder / "values.json").write_text('{"width": 64, "stamp": "picture.png"}')
    (folder / "broken.json").write_text(json.dumps(example("colour_card.json"))[:-9])
    (folder / "empty").write_bytes(b"")
    (folder / "folder").mkdir()


def ends_well(arguments: list[str], url: str) -> None:
    """Run a command line in its own folder, and check how it ends."""
    arguments = [url if word == "URL" else word for word in arguments]
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        furnish(Path(folder))
        os.chdir(folder)
        try:
            environment: dict[str, Any] = {"INVOKEAI_URL": url, "INVOKEAI_TOKEN": None}
            done = CliRunner().invoke(shell, arguments, input=b"{}", env=environment)
        finally:
            os.chdir(before)
    assert isinstance(done.exception, SystemExit | None), done.exception
    assert done.exit_code in STATUSES, done.output
    assert all(line.replace("\t", "").isprintable() for line in done.stderr.split("\n")), done.stderr


def test_the_packages_of_the_extra_are_those_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert {re.match(r"\w+", line)[0] for line in project["optional-dependencies"]["codegen"]} == CODEGEN  # type: ignore[index]


@pytest.mark.parametrize("missing", ["black", "jinja2"])
@pytest.mark.parametrize("command", ["demo", "generate a.json", "run a.json --set stamp=a.json"])
def test_a_missing_extra_is_named(command: str, missing: str, tmp_path: Path) -> None:
    script = f"import sys; sys.modules[{missing!r}] = None; from invokable.cli import main; main()"
    (tmp_path / "a.json").write_bytes((WORKFLOWS / "colour_card.json").read_bytes())
    started = [sys.executable, "-c", script, *command.split()]
    done = subprocess.run(started, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "invokable: the command line needs one extra: pip install 'invokable[codegen]'\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "card.json", "-o", "\0"],
        ["generate", "card.json", "-o", "a/\0"],
        ["map", "export", "card.json", "-o", "\0"],
        ["show", "\0"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_null_character_is_refused(arguments: list[str]) -> None:
    done = CliRunner().invoke(shell, arguments)
    assert done.exit_code == 2
    assert "a word of the command contains a null character; remove it" in done.output


@given(arguments=command_lines())
@settings(max_examples=tries(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_command_line_ends_in_a_status_and_plain_lines(arguments: list[str], server: Simulator) -> None:
    ends_well(arguments, server.url)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))  # side by side
@given(arguments=command_lines())
@settings(max_examples=tries(750), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_many_more_command_lines(arguments: list[str], part: int, server: Simulator) -> None:
    ends_well(arguments, server.url)


@given(st.lists(st.text(max_size=8).filter(stays), max_size=4))
@settings(max_examples=tries(60), deadline=None)
def test_any_words_at_all(words: list[str]) -> None:
    if not SERVES & set(words):
        ends_well(words, "http://127.0.0.1:9")
