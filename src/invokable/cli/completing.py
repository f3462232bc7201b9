"""Completing: what the shell offers for an argument or an option when the user presses Tab."""

from __future__ import annotations

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
