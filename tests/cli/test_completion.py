"""Shell completion: commands, options, versions, files, and the inputs of the workflow to run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from invokable.cli.shell import shell
from tests.examples import WORKFLOWS

INVOKABLE = Path(sys.executable).parent / "invokable"


def instructed(**environment: str) -> str:
    """The output of the command for a completion request in the environment."""
    done = CliRunner().invoke(shell, [], env=environment, prog_name="invokable")
    assert (done.exit_code, done.stderr) == (0, "")
    return done.stdout


def offered(kind: str, line: str) -> list[str]:
    """The completions for a line."""
    words = line.split(" ")
    current = words[-1] if kind == "fish" else str(len(words) - 1)
    return instructed(_INVOKABLE_COMPLETE=f"{kind}_complete", COMP_WORDS=line, COMP_CWORD=current).split()


@pytest.mark.parametrize("kind", ["bash", "zsh", "fish"])
def test_commands_and_options_complete(kind: str) -> None:
    assert any("simulate" in line for line in offered(kind, "invokable sim"))
    assert any("--timeout" in line for line in offered(kind, "invokable run --ti"))


def test_versions_files_and_inputs_complete() -> None:
    assert "plain,6.14.2" in offered("bash", "invokable show x.json --schema 6.1")
    assert "plain,6.14.2" in offered("bash", "invokable simulate --version 6.1")
    assert offered("bash", "invokable show por") == ["file,por"]
    assert offered("bash", "invokable run --out im") == ["dir,im"]
    card = WORKFLOWS / "colour_card.json"
    assert offered("bash", f"invokable run {card} --set b") == ["plain,blur_type=", "plain,board="]
    assert offered("bash", "invokable run nowhere.json --set b") == []


def commands(command: click.Command) -> Iterator[click.Command]:
    """A command, or those of a group and its subgroups."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from commands(inner)
    else:
        yield command


def test_every_file_and_folder_completes() -> None:
    missing = [
        f"{command.name} {parameter.name}"
        for command in commands(shell)
        for parameter in command.params
        if (isinstance(parameter, click.Argument) and command.name != "pull")
        or re.search("FILE|DIR", getattr(parameter, "metavar", None) or "")
        if not {"file", "dir"} & {item.type for item in parameter.shell_complete(click.Context(command), "x")}
    ]
    assert missing == []


def test_bash_completes_with_the_documented_line(tmp_path: Path) -> None:
    script = (
        'eval "$(_INVOKABLE_COMPLETE=bash_source invokable)"; '
        "COMP_WORDS=(invokable sh); COMP_CWORD=1; _invokable_completion invokable sh invokable; "
        'echo "${COMPREPLY[@]}"'
    )
    path = f"{INVOKABLE.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script],
        env=os.environ | {"PATH": path},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["show"]


@pytest.mark.parametrize("kind", ["zsh", "fish"])
def test_the_other_shells_get_a_script(kind: str) -> None:
    assert f"_INVOKABLE_COMPLETE={kind}_complete" in instructed(_INVOKABLE_COMPLETE=f"{kind}_source")
