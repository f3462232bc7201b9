"""The shell: the group of verbs."""

from __future__ import annotations

import click

from invokable import __version__
from invokable.cli.demo import demo
from invokable.cli.diff import diff
from invokable.cli.generate import generate
from invokable.cli.map import map_
from invokable.cli.schema import schema
from invokable.cli.show import show
from invokable.cli.simulate import simulate


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="invokable")
def shell() -> None:
    """Turn workflows exported from InvokeAI into typed Python modules."""


for _verb in (demo, diff, generate, map_, schema, show, simulate):
    shell.add_command(_verb)
