"""Completing: what the shell offers for an argument or an option when the user presses Tab."""

from __future__ import annotations

from pathlib import Path

import click
from click.shell_completion import CompletionItem


def files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Files, as the shell itself completes them."""
    return [CompletionItem(incomplete, type="file")]


def folders(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Folders, as the shell itself completes them."""
    return [CompletionItem(incomplete, type="dir")]


def versions_and_files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The bundled versions of InvokeAI; files where none fits."""
    from invokable.schema import versions

    found = [CompletionItem(version) for version in versions() if version.startswith(incomplete)]
    return found or files(ctx, param, incomplete)


def inputs(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """`NAME=` for each input of the workflow file named before; nothing without one, or for a module."""
    from invokable.cli.options import read_options
    from invokable.codegen import BuildError, Source, plan_source

    path = Path(next(iter(ctx.args), ""))  # an option that still lacks its value keeps click from naming arguments
    if "=" in incomplete or path.suffix.lower() not in (".json", ".png"):
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
