"""The shell: the group of verbs."""

from __future__ import annotations

import click

from invokable import __version__
from invokable.cli.generate import generate
from invokable.cli.show import show


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="invokable")
def shell() -> None:
    """Turn workflows exported from InvokeAI into typed Python modules."""


shell.add_command(generate)
shell.add_command(show)
