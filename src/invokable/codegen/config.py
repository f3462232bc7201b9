"""Configuration: the `[tool.invokable]` table of a project's pyproject.toml.

    [tool.invokable]
    templates = "templates"                # a folder of templates that come before the built-in ones: they are code

    [tool.invokable.workflows."portrait.json"]
    class = "Portrait"
    rename = { "7be1c2d4" = { value = "prompt" } }     # node id, field, attribute
    outputs = { "3f0a77be" = "edges" }                 # node id, attribute of its result

A table under `workflows` is found by the file's name. What it names must be in the workflow: a key that fits nothing
is an error, and so is a key that is not known.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from invokable.codegen.custom import CustomFields
from invokable.codegen.names import RESULT_MEMBERS, is_valid_attribute, is_valid_class
from invokable.workflow.errors import nearest


class ConfigError(Exception):
    """The configuration is not valid. `path` is the file, `key` the dotted key."""

    def __init__(self, path: Path, key: str, message: str) -> None:
        super().__init__(message)
        self.path = path
        self.key = key


@dataclass(frozen=True, slots=True)
class WorkflowConfig:
    """What is decided about one workflow."""

    class_name: str | None = None
    rename: Mapping[tuple[str, str], str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Config:
    """What a project decides about all its modules."""

    custom: CustomFields = field(default_factory=CustomFields)
    templates: Path | None = None
    workflows: Mapping[str, WorkflowConfig] = field(default_factory=dict)

    def for_file(self, name: str) -> WorkflowConfig:
        """The configuration of the workflow in the file of that name."""
        return self.workflows.get(name, WorkflowConfig())


def find_config(start: Path) -> Path | None:
    """The nearest pyproject.toml with a `[tool.invokable]` table, in `start` or above it."""
    for folder in (start, *start.parents):
        path = folder / "pyproject.toml"
        if path.is_file() and _table(path) is not None:
            return path
    return None


def load_config(path: Path) -> Config:
    """Read and check a configuration. Raises ConfigError."""
    table = _table(path)
    if table is None:
        raise ConfigError(path, "tool.invokable", "not found")
    reader = _Reader(path)
    reader.only(table, {"fields", "templates", "workflows"}, "tool.invokable")
    templates = reader.text(table, "templates", "tool.invokable")
    if templates is not None and not (path.parent / templates).is_dir():
        raise ConfigError(path, "tool.invokable.templates", f"no such folder: {templates!r}")
    workflows = reader.table(table, "workflows", "tool.invokable")
    return Config(
        custom=reader.custom_fields(table),
        templates=None if templates is None else path.parent / templates,
        workflows={
            name: reader.workflow(
                reader.table(workflows, name, "tool.invokable.workflows"),
                f"tool.invokable.workflows.{name}",
            )
            for name in workflows
        },
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    path: Path

    def workflow(self, table: Mapping[str, object], key: str) -> WorkflowConfig:
        self.only(table, {"class", "outputs", "rename"}, key)
        class_name = self.text(table, "class", key)
        if class_name is not None and not is_valid_class(class_name):
            raise ConfigError(self.path, f"{key}.class", f"{class_name!r} is not a valid class name")
        rename: dict[tuple[str, str], str] = {}
        nodes = self.table(table, "rename", key)
        for node_id in nodes:
            fields = self.table(nodes, node_id, f"{key}.rename")
            for name in fields:
                rename[node_id, name] = self._attribute(fields, name, f"{key}.rename.{node_id}", frozenset())
        named = self.table(table, "outputs", key)
        outputs = {node_id: self._attribute(named, node_id, f"{key}.outputs", RESULT_MEMBERS) for node_id in named}
        for group, names in (
            ("rename", list(rename.values())),
            ("outputs", list(outputs.values())),
        ):
            twice = next((name for name, count in Counter(names).items() if count > 1), None)
            if twice is not None:
                raise ConfigError(self.path, f"{key}.{group}", f"{twice!r} is used twice")
        return WorkflowConfig(class_name, rename, outputs)

    def custom_fields(self, table: Mapping[str, object]) -> CustomFields:
        key = "tool.invokable.fields"
        named = self.table(table, "fields", "tool.invokable")
        fields = CustomFields({name: self.text(named, name, key) or "" for name in named})
        for name, problem in fields.problems():
            raise ConfigError(self.path, f"{key}.{name}", problem)
        return fields

    def only(self, table: Mapping[str, object], known: Collection[str], key: str) -> None:
        for name in table:
            if name not in known:
                hint = nearest(name, sorted(known)) or f"expected {', '.join(sorted(known))}"
                raise ConfigError(self.path, f"{key}.{name}", f"unknown key ({hint})")

    def text(self, table: Mapping[str, object], name: str, key: str) -> str | None:
        value = table.get(name)
        if value is not None and not isinstance(value, str):
            raise ConfigError(self.path, f"{key}.{name}", "must be a string")
        return value

    def table(self, table: Mapping[str, object], name: str, key: str) -> Mapping[str, object]:
        value = table.get(name, {})
        if not isinstance(value, dict):
            raise ConfigError(self.path, f"{key}.{name}", "must be a table")
        return value

    def _attribute(self, table: Mapping[str, object], name: str, key: str, reserved: frozenset[str]) -> str:
        value = self.text(table, name, key) or ""
        valid = is_valid_attribute(value, reserved) if reserved else is_valid_attribute(value)
        if not valid:
            raise ConfigError(self.path, f"{key}.{name}", f"{value!r} is not a valid attribute name")
        return value


def _table(path: Path) -> Mapping[str, object] | None:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(path, "", f"cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(path, "", f"is not TOML: {error}") from None
    tool = document.get("tool")
    table = tool.get("invokable") if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else None
