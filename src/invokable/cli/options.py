"""Options: those that several verbs share, and the build options that they stand for."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from invokable.codegen import BuildError, BuildOptions, InstalledModel, Project, lockfile
from invokable.codegen.build import SchemaUsed
from invokable.codegen.lockfile import LockFile
from invokable.schema import Schema, SchemaError, choose_schema, load, parse_openapi
from invokable.schema.build import read_openapi
from invokable.workflow import node_versions

if TYPE_CHECKING:
    from invokable import Client
    from invokable.codegen.build import SchemaFor

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


def build_options(command: F) -> F:
    """Add `--schema`, `--server`, `--lenient` and `--config` to a verb."""
    for option in (
        click.option(
            "--lenient",
            is_flag=True,
            help="Drop what the editor would drop, with a warning, instead of refusing it.",
        ),
        click.option("--server", metavar="URL", help="Read node schemas from a running server, custom nodes too."),
        click.option(
            "--schema",
            metavar="VERSION|FILE",
            help="Read node schemas of a bundled InvokeAI version, or from an openapi.json. "
            "Without it: the newest bundled version that takes every node of the workflow.",
        ),
        click.option(
            "--config",
            metavar="FILE",
            help="A pyproject.toml with a [tool.invokable] table. Without it: the nearest one, from the current "
            "folder up.",
        ),
    ):
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
) -> BuildOptions:
    """The options of a build, with the configuration and the installed models read. Raises BuildError."""
    project = Project.load(config, start=Path.cwd())
    return BuildOptions(
        schema_for=schema_choice(schema, server),
        project=project,
        lock=_lock_file(project),
        lenient=lenient,
        force=force,
        installed=_installed_models(server) if models and server else (),
        stdin=sys.stdin.buffer,
    )


def schema_choice(schema: str | None, server: str | None) -> SchemaFor:
    """How to find the schema of a document: `--server`, `--schema`, or the bundled version that fits best."""
    if server is not None:
        return lambda _, __: SchemaUsed(_from_server(server))
    if schema is not None:
        return lambda _, __: SchemaUsed(_named(schema))
    return _bundled


def _bundled(document: object, current: str | None) -> SchemaUsed:
    choice = choose_schema(node_versions(document), current=current)
    return SchemaUsed(load(choice.version), choice.explanation)


def _lock_file(project: Project) -> LockFile | None:
    """The lock file beside the configuration; without one, that of the current folder if there is one."""
    if project.path is not None:
        return LockFile.load(project.path.parent / lockfile.FILE)
    path = Path.cwd() / lockfile.FILE
    return LockFile.load(path) if path.exists() else None


def schema_of(name: str) -> Schema:
    """The schema that a version, an openapi.json or a server's URL stands for. Raises BuildError."""
    return _from_server(name) if name.startswith(("http://", "https://")) else _named(name, option="")


@cache
def _named(name: str, option: str = "--schema ") -> Schema:
    path = Path(name)
    try:
        return read_openapi(name) if path.suffix in (".json", ".gz") or path.is_file() else load(name)
    except OSError as error:
        raise BuildError.of_system(name, error, "read") from None
    except SchemaError as error:
        raise BuildError(f"{option}{name}", str(error)) from None


@cache
def _from_server(url: str) -> Schema:
    document, version = fetch_schema(url)
    try:
        return parse_openapi(document, origin=url, version=version)
    except SchemaError as error:
        raise BuildError(url, str(error), kind="server") from None


def fetch_schema(url: str) -> tuple[dict[str, Any], str]:
    """The openapi.json of a running server, and the server's version. Raises BuildError."""
    return _ask(url, lambda client: (client.openapi(), client.version()))


def _installed_models(url: str) -> tuple[InstalledModel, ...]:
    return tuple(InstalledModel.from_config(config) for config in _ask(url, lambda client: client.models()))


def _ask(url: str, question: Callable[[Client], T]) -> T:
    from invokable import Client, InvokableError

    try:
        with Client(url, token=os.environ.get("INVOKEAI_TOKEN") or None) as client:
            return question(client)
    except InvokableError as error:
        raise BuildError(url, str(error), kind="server") from None
    except ValueError as error:  # not a URL
        raise BuildError(f"--server {url}", str(error)) from None
