"""The shell: the group of commands."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

import click

from invokable import __version__
from invokable.cli.exits import exit_status_of
from invokable.contract.listing import any_of

_COMMANDS: Final = {
    "check": "check:check",
    "demo": "demo:demo",
    "diff": "diff:diff",
    "generate": "generate:generate",
    "init": "init:init",
    "map": "map:map_",
    "pull": "pull:pull",
    "run": "run:run",
    "schema": "schema:schema",
    "show": "show:show",
    "simulate": "simulate:simulate",
}
"""The module and name of each command, imported on use."""


class Shell(click.Group):
    """A group that imports commands on use, and ends with a line and a status, never with a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands, by name."""
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command, by name."""
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(import_module(f"invokable.cli.{module}"), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command of the command line. Raises UsageError with the nearest one, and for null characters in any word.

        A shell passes none, but a program that calls the command may.
        """
        if any("\0" in word for word in args):
            raise click.UsageError("a word of the command contains a null character; remove it", ctx)
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            from invokable.workflow.errors import nearest, quoted

            raise click.UsageError(
                f"there is no command {quoted(args[0])}; {nearest(args[0], _COMMANDS) or _known()}", ctx
            )
        return super().resolve_command(ctx, args)

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run a command line."""
        run: Callable[..., Any] = super().main
        if not extra.pop("standalone_mode", True):
            return run(*args, standalone_mode=False, **extra)
        sys.exit(exit_status_of(lambda: run(*args, standalone_mode=False, **extra)))


def _known() -> str:
    return f"expected {any_of(sorted(_COMMANDS))}"


@click.group(cls=Shell, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="invokable")
def shell() -> None:
    """Turn workflows exported from InvokeAI into typed Python modules, and run them.

    \b
    A first look, without a server:
      invokable demo
    \b
    From the editor to a program:
      invokable show portrait.json
      invokable generate portrait.json -o flows.py
      invokable run portrait.json --set prompt="a fox" --out images/
    """
