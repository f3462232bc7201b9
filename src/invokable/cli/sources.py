"""Sources: from what stands on the command line to workflow documents and the schemas that they are read with."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from invokable.cli.errors import CommandError, Status
from invokable.codegen import InstalledModel
from invokable.schema import Schema, SchemaError, best_fit, load, parse_openapi
from invokable.schema.build import read_openapi
from invokable.workflow import WorkflowFileError, node_versions, read_document

if TYPE_CHECKING:
    from invokable.runtime import Client

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")
_SUFFIXES = frozenset({".json", ".png"})


@dataclass(frozen=True, slots=True)
class Source:
    """A workflow file that was asked for."""

    path: Path | None
    """None stands for standard input."""

    @property
    def shown(self) -> str:
        """How messages name the source."""
        return "-" if self.path is None else os.fspath(self.path)

    @property
    def name(self) -> str:
        """The file's name, without its folder."""
        return "stdin" if self.path is None else self.path.name

    @property
    def stem(self) -> str:
        """The file's name without its suffix."""
        return "workflow" if self.path is None else self.path.stem

    def document(self) -> object:
        """The workflow document in the file. Raises CommandError."""
        try:
            data = sys.stdin.buffer.read() if self.path is None else self.path.read_bytes()
        except OSError as error:
            raise CommandError(self.shown, f"cannot be read: {error.strerror}") from None
        try:
            return read_document(data, name=self.name)
        except WorkflowFileError as error:
            raise file_problem(self, error) from None


@dataclass(frozen=True, slots=True)
class SchemaChoice:
    """Where node schemas come from: `--schema`, `--server`, or the bundled version that fits a workflow best."""

    schema: str | None
    server: str | None

    def for_document(self, document: object) -> Schema:
        """The schema to read a document with. Raises CommandError."""
        if self.server is not None:
            return _from_server(self.server)
        if self.schema is not None:
            return _named(self.schema)
        return load(best_fit(node_versions(document)))


def schema_options(command: F) -> F:
    """Add `--schema`, `--server` and `--lenient` to a verb."""
    command = click.option(
        "--lenient",
        is_flag=True,
        help="Drop what the editor would drop, with a warning, instead of refusing it.",
    )(command)
    command = click.option(
        "--server", metavar="URL", help="Read node schemas from a running server, custom nodes too."
    )(command)
    return click.option(
        "--schema",
        metavar="VERSION|FILE",
        help="Read node schemas of a bundled InvokeAI version, or from an openapi.json. "
        "Without it: the bundled version that fits the workflow's nodes best.",
    )(command)


def expand(names: tuple[str, ...]) -> Iterator[Source]:
    """The files that the arguments name. Raises CommandError for an argument that names none."""
    for name in names:
        path = Path(name)
        if name == "-":
            yield Source(None)
        elif path.is_dir():
            found = sorted(entry for entry in path.iterdir() if entry.suffix.lower() in _SUFFIXES and entry.is_file())
            if not found:
                raise CommandError(name, "holds no .json or .png file")
            yield from map(Source, found)
        elif path.exists() or not glob.has_magic(name):
            yield Source(path)
        else:
            matches = sorted(glob.glob(name, recursive=True))
            if not matches:
                raise CommandError(name, "matches no file")
            yield from (Source(Path(match)) for match in matches)


def file_problem(source: Source, error: WorkflowFileError) -> CommandError:
    """What a workflow's own error looks like on the command line."""
    hint = f" ({error.suggestion})" if error.suggestion else ""
    return CommandError(source.shown, f"{error.message}{hint}", pointer=error.pointer)


@cache
def _named(name: str) -> Schema:
    path = Path(name)
    try:
        return read_openapi(name) if path.suffix in (".json", ".gz") or path.is_file() else load(name)
    except OSError as error:
        raise CommandError(name, f"cannot be read: {error.strerror or error}") from None
    except SchemaError as error:
        raise CommandError(f"--schema {name}", str(error)) from None


def installed_models(url: str) -> tuple[InstalledModel, ...]:
    """The models on a server. Raises CommandError."""
    return tuple(InstalledModel.from_config(config) for config in _ask(url, lambda client: client.models()))


@cache
def _from_server(url: str) -> Schema:
    document, version = _ask(url, lambda client: (client.openapi(), client.version()))
    try:
        return parse_openapi(document, origin=url, version=version)
    except SchemaError as error:
        raise CommandError(url, str(error), status=Status.SERVER) from None


def _ask(url: str, question: Callable[[Client], T]) -> T:
    from invokable.runtime import Client, InvokableError

    try:
        with Client(url) as client:
            return question(client)
    except InvokableError as error:
        raise CommandError(url, str(error), status=Status.SERVER) from None
    except ValueError as error:  # not a URL
        raise CommandError(f"--server {url}", str(error)) from None
