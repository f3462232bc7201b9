"""Options: those that several commands share, and the build options made from them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from invokable.cli import completing
from invokable.cli.servers import AskServer
from invokable.codegen import BuildOptions
from invokable.codegen.build.jobs import Overrides
from invokable.codegen.project.config import SourceSettings
from invokable.codegen.project.project import Project, Projects
from invokable.codegen.project.schemas import Schemas

F = TypeVar("F", bound=Callable[..., Any])


config_option = click.option(
    "--config",
    metavar="FILE",
    shell_complete=completing.files,
    help="A pyproject.toml with a [tool.invokable] table. Default: the nearest one in each workflow's folder or above.",
)
lenient_option = click.option(
    "--lenient",
    is_flag=True,
    help="Drop what the editor would drop, with a warning, instead of refusing the workflow.",
)
_server_option = click.option(
    "--server",
    metavar="URL",
    help="Read node schemas from a running server, including custom nodes. Its token is read from INVOKEAI_TOKEN.",
)
_schema_option = click.option(
    "--schema",
    metavar="VERSION|FILE",
    shell_complete=completing.versions_and_files,
    help="Read node schemas from a bundled InvokeAI version or an openapi.json. "
    "Default: the newest bundled version that has every node of the workflow.",
)


def build_options(command: F) -> F:
    """Add `--config`, `--schema`, `--server` and `--lenient` to a command."""
    for option in (lenient_option, _server_option, _schema_option, config_option):  # the last one is listed first
        command = option(command)
    return command


def read_options(
    *,
    config: str | None,
    schema: str | None,
    server: str | None,
    lenient: bool,
    force: bool = False,
    models: bool = False,
    compare: bool = False,
) -> BuildOptions:
    """The options of a build. Raises BuildError for a configuration that cannot be read."""
    if schema is not None and server is not None:
        raise click.UsageError("use --schema or --server, not both: node schemas come from one of them")
    if models and server is None:
        raise click.UsageError("--models needs a server whose models to list: add --server URL")
    return BuildOptions(
        schemas=Schemas(AskServer()),
        projects=Projects(Project.load(config, start=Path.cwd()) if config is not None else None),
        overrides=Overrides(
            settings=SourceSettings(schema=schema, server=server, lenient=lenient or None, models=models or None)
        ),
        force=force,
        compare=compare,
        stdin=sys.stdin.buffer,
    )
