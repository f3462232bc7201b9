"""Completing: what the shell offers for the inputs of a workflow when the user presses Tab."""

from __future__ import annotations

from pathlib import Path

import click
from click.shell_completion import CompletionItem

from invokable.cli.options import read_options
from invokable.codegen import BuildError, Source, plan_source
from invokable.workflow.document import SUFFIXES


def inputs_of_workflow(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """`NAME=` for each input of the workflow file given before; nothing without one or for a module."""
    path = Path(next(iter(ctx.args), ""))  # while an option lacks its value, click does not name arguments
    if "=" in incomplete or path.suffix.lower() not in SUFFIXES:
        return []
    try:
        plan = plan_source(Source(path), read_options(config=None, schema=None, server=None, lenient=True))
    except (BuildError, OSError):
        return []
    return [
        CompletionItem(f"{planned.attribute}=", help=planned.type.summary)
        for planned in plan.inputs
        if planned.attribute.startswith(incomplete)
    ]
