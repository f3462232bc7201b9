"""Configuration: the `[tool.invokable]` table of a project's pyproject.toml.

    [tool.invokable]
    schema = "6.14.2"                      # for all sources; a source can override it

    [[tool.invokable.sources]]
    path = "workflows"                     # a file, a folder and everything below it, or a glob
    output = "src/app/flows"               # a folder, or a file for a single module

    [tool.invokable.workflows."workflows/portrait.json"]
    class = "Portrait"
    rename = { "7be1c2d4" = { value = "prompt" } }     # node id, field, attribute
    outputs = { "3f0a77be" = "edges" }                 # node id, attribute of its result

Paths are relative to the file's folder and written with slashes. Unknown keys are errors, and so are keys that match
nothing.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

from invokable.codegen.project.tools import MAX_BYTES, read_tools
from invokable.codegen.typing.custom import CustomFields
from invokable.contract.reading import read_up_to

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
"""A key that TOML does not quote."""


class ConfigError(Exception):
    """The configuration is not valid. `path` is the file, `key` the dotted key."""

    def __init__(self, path: Path, key: str, message: str) -> None:
        super().__init__(message)
        self.path = path
        self.key = key


@dataclass(frozen=True, slots=True)
class WorkflowConfig:
    """The configuration of one workflow."""

    class_name: str | None = None
    rename: Mapping[tuple[str, str], str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """Settings for all sources or for one of them. None means not set."""

    schema: str | None = None
    """A bundled version, or the path of an openapi.json."""
    server: str | None = None
    lenient: bool | None = None
    models: bool | None = None
    templates: Path | None = None

    def over(self, others: SourceSettings) -> SourceSettings:
        """These settings, completed with the others. Schema and server count as one setting."""
        decided = self.schema is not None or self.server is not None
        return SourceSettings(
            schema=self.schema if decided else others.schema,
            server=self.server if decided else others.server,
            lenient=others.lenient if self.lenient is None else self.lenient,
            models=others.models if self.models is None else self.models,
            templates=self.templates or others.templates,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceConfig:
    """Workflows of a project and the output for their modules."""

    key: str
    """The dotted key, for messages: `tool.invokable.sources[0]`."""
    path: str
    output: str
    settings: SourceSettings = field(default_factory=SourceSettings)
    package: bool = False
    """Whether each folder of modules gets an `__init__.py` that re-exports their classes."""
    typed: bool = False
    """Whether the output gets a `py.typed`."""


@dataclass(frozen=True, slots=True)
class Config:
    """The configuration of a project."""

    settings: SourceSettings = field(default_factory=SourceSettings)
    sources: tuple[SourceConfig, ...] = ()
    custom: CustomFields = field(default_factory=CustomFields)
    """The project's own classes for fields, by field type or by node type and field."""
    workflows: Mapping[str, WorkflowConfig] = field(default_factory=dict)
    """By the path of the workflow file."""

    def of_workflow(self, key: str) -> WorkflowConfig:
        """The configuration of the workflow at a path."""
        return self.workflows.get(key, WorkflowConfig())


def dotted(table: str, key: str) -> str:
    """The dotted key of an entry of a table, with quotes where TOML needs them."""
    return f"{table}.{key if _BARE.fullmatch(key) else json.dumps(key, ensure_ascii=False)}"


def find_config(start: Path) -> Path | None:
    """The nearest pyproject.toml with a `[tool.invokable]` table, in `start` or above it. Raises ConfigError."""
    return next((path for path in _pyprojects(start) if invokable_table(path) is not None), None)


def invokable_table(path: Path) -> Mapping[str, object] | None:
    """The `[tool.invokable]` table of a pyproject.toml; None if there is none. Raises ConfigError."""
    table = _tools(path).get("invokable")
    if table is None or isinstance(table, dict):
        return table
    raise ConfigError(path, "tool.invokable", "must be a table, written as [tool.invokable]")


def find_line_length(start: Path) -> int | None:
    """The line length of black or ruff in the nearest pyproject.toml in `start` or above it.

    Raises ConfigError if a file cannot be read.
    """
    path = next(_pyprojects(start), None)
    if path is None:
        return None
    tools = _tools(path)
    for keys in (("black",), ("ruff", "format"), ("ruff",)):
        table: object = tools
        for key in keys:
            table = table.get(key) if isinstance(table, dict) else None
        length = table.get("line-length") if isinstance(table, dict) else None
        if isinstance(length, int) and 40 <= length <= 320:
            return length
    return None


def _pyprojects(start: Path) -> Iterator[Path]:
    """The pyproject.toml files in `start` and above it."""
    for folder in (start, *start.parents):
        path = folder / "pyproject.toml"
        if os.path.isfile(path):
            yield path


def _tools(path: Path) -> Mapping[str, object]:
    try:
        with path.open("rb") as file:
            return _read(read_up_to(MAX_BYTES, file))
    except OSError as error:
        raise ConfigError(path, "", f"cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(path, "", f"is not TOML: {error}") from None


_read: Final = lru_cache(maxsize=2)(read_tools)
"""A file is read for its table, and for the line length of each output."""
