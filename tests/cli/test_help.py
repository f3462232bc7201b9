"""Help: every command has a summary that fits on its line, an example, and a description of each option."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import reduce

import click
import pytest
from click.testing import CliRunner

from invokable.cli.shell import shell


def commands(command: click.Command, *path: str) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            yield from commands(within(command, name), *path, name)


def within(command: click.Command, name: str) -> click.Command:
    assert isinstance(command, click.Group)
    inner = command.get_command(click.Context(command), name)
    assert inner is not None
    return inner


def found(path: tuple[str, ...]) -> click.Command:
    command: click.Command = shell
    return reduce(within, path, command)


COMMANDS = {" ".join(path): path for path in commands(shell)}


@pytest.mark.parametrize("path", COMMANDS.values(), ids=COMMANDS)
def test_no_summary_is_cut(path: tuple[str, ...]) -> None:
    text = CliRunner().invoke(shell, [*path, "--help"], terminal_width=80).stdout
    assert "..." not in text.partition("\nCommands:\n")[2]


@pytest.mark.parametrize("path", COMMANDS.values(), ids=COMMANDS)
def test_every_option_is_described(path: tuple[str, ...]) -> None:
    options = [param for param in found(path).params if isinstance(param, click.Option)]
    assert [option.name for option in options if not option.help] == []


@pytest.mark.parametrize(
    "path", [path for path in COMMANDS.values() if not isinstance(found(path), click.Group)], ids=" ".join
)
def test_every_command_has_an_example(path: tuple[str, ...]) -> None:
    help_ = CliRunner().invoke(shell, [*path, "--help"]).stdout
    assert re.search(rf"Examples?:\n    invokable {' '.join(path)}\b", help_)


@pytest.mark.parametrize(
    ("word", "hint"),
    [("generat", 'did you mean "generate"?'), ("list", "expected check, demo,"), ("\x1b[31m", "expected check, demo,")],
)
def test_an_unknown_command_is_reported_with_the_nearest_one(word: str, hint: str) -> None:
    result = CliRunner().invoke(shell, [word], prog_name="invokable")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"invokable: there is no command {word!r}; {hint}")
    assert result.stderr.count("\n") == 1
