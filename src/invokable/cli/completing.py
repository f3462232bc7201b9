"""Completing: shell completion of arguments and options."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem


def files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Files, completed by the shell itself."""
    return [CompletionItem(incomplete, type="file")]


def folders(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Folders, completed by the shell itself."""
    return [CompletionItem(incomplete, type="dir")]


def versions(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The bundled InvokeAI versions."""
    from invokable import schema

    return [CompletionItem(version) for version in schema.versions() if version.startswith(incomplete)]


def versions_and_files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The bundled InvokeAI versions, or files if none matches."""
    return versions(ctx, param, incomplete) or files(ctx, param, incomplete)
