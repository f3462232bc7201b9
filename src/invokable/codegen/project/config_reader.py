"""Configuration reader: from a TOML table to a Config, with every key and value checked."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from unicodedata import normalize

from invokable.codegen.naming.names import RESULT_MEMBERS, WORKFLOW_MEMBERS, misfit_of_attribute, misfit_of_class
from invokable.codegen.project.config import (
    Config,
    ConfigError,
    SourceConfig,
    SourceSettings,
    WorkflowConfig,
    dotted,
    invokable_table,
)
from invokable.codegen.typing.custom import CustomFields
from invokable.workflow.errors import nearest

_ROOT: Final = "tool.invokable"
_SETTINGS: Final = frozenset({"lenient", "models", "schema", "server", "templates"})


def load_config(path: Path) -> Config:
    """Read and check a configuration. Raises ConfigError."""
    table = invokable_table(path)
    if table is None:
        raise ConfigError(path, "tool.invokable", "not found")
    return read_config(path, table)


def read_config(path: Path, table: Mapping[str, object]) -> Config:
    """Check the `[tool.invokable]` table of the file at `path`. Raises ConfigError."""
    return _Reader(path).config(table)


@dataclass(frozen=True, slots=True)
class _Reader:
    path: Path

    def config(self, table: Mapping[str, object]) -> Config:
        self._only(table, _SETTINGS | {"fields", "sources", "workflows"}, _ROOT)
        settings = self._settings(table, _ROOT)
        return Config(
            settings=settings,
            custom=self._custom_fields(table),
            sources=self._sources(table, settings),
            workflows=self._workflows(self._table(table, "workflows", _ROOT), f"{_ROOT}.workflows"),
        )

    def _workflows(self, tables: Mapping[str, object], key: str) -> dict[str, WorkflowConfig]:
        found: dict[str, WorkflowConfig] = {}
        for name in tables:
            if _key(name) in found:
                raise ConfigError(self.path, dotted(key, name), "is set twice")
            found[_key(name)] = self._workflow(self._table(tables, name, key), dotted(key, name))
        return found

    def _sources(self, table: Mapping[str, object], general: SourceSettings) -> tuple[SourceConfig, ...]:
        tables = table.get("sources", [])
        if not isinstance(tables, list) or not all(isinstance(entry, dict) for entry in tables):
            raise ConfigError(
                self.path, f"{_ROOT}.sources", "must be a list of tables, each written as [[tool.invokable.sources]]"
            )
        return tuple(self._source(entry, f"{_ROOT}.sources[{n}]", general) for n, entry in enumerate(tables))

    def _source(self, table: Mapping[str, object], key: str, general: SourceSettings) -> SourceConfig:
        self._only(table, _SETTINGS | {"output", "package", "path", "typed"}, key)
        output = self._path(table, "output", key)
        if output == "-":
            raise ConfigError(self.path, f"{key}.output", "must be a folder or a module; only -o - prints modules")
        package, typed = self._flag(table, "package", key) or False, self._flag(table, "typed", key) or False
        if output.endswith(".py") and (package or typed):
            raise ConfigError(self.path, f"{key}.{'package' if package else 'typed'}", "needs an output folder")
        settings = self._settings(table, key)
        if settings.over(general).models and settings.over(general).server is None:
            raise ConfigError(self.path, f"{key}.models", "needs a server whose models to list: add server = URL")
        return SourceConfig(
            key=key,
            path=self._path(table, "path", key),
            output=output,
            settings=settings,
            package=package,
            typed=typed,
        )

    def _settings(self, table: Mapping[str, object], key: str) -> SourceSettings:
        schema, server = self._setting(table, "schema", key), self._setting(table, "server", key)
        if schema is not None and server is not None:
            raise ConfigError(
                self.path, f"{key}.server", "cannot be combined with schema: node schemas come from one of them"
            )
        templates = self._setting(table, "templates", key)
        if templates is not None and not (self.path.parent / templates).is_dir():
            raise ConfigError(self.path, f"{key}.templates", f"no such folder: {templates!r}")
        return SourceSettings(
            schema=schema,
            server=server,
            lenient=self._flag(table, "lenient", key),
            models=self._flag(table, "models", key),
            templates=None if templates is None else self.path.parent / templates,
        )

    def _custom_fields(self, table: Mapping[str, object]) -> CustomFields:
        key = f"{_ROOT}.fields"
        named = self._table(table, "fields", _ROOT)
        fields = CustomFields({name: self._text(named, name, key) or "" for name in named})
        for name, problem in fields.problems():
            raise ConfigError(self.path, dotted(key, name), problem)
        return fields

    def _workflow(self, table: Mapping[str, object], key: str) -> WorkflowConfig:
        self._only(table, {"class", "outputs", "rename"}, key)
        class_name = self._text(table, "class", key)
        if class_name is not None and (misfit := misfit_of_class(class_name)):
            raise ConfigError(self.path, f"{key}.class", f"{class_name!r} is not a valid class name: it {misfit}")
        rename: dict[tuple[str, str], str] = {}
        nodes = self._table(table, "rename", key)
        for node_id in nodes:
            fields = self._table(nodes, node_id, f"{key}.rename")
            for name in fields:
                rename[node_id, name] = self._attribute(
                    fields, name, dotted(f"{key}.rename", node_id), WORKFLOW_MEMBERS
                )
        named = self._table(table, "outputs", key)
        outputs = {node_id: self._attribute(named, node_id, f"{key}.outputs", RESULT_MEMBERS) for node_id in named}
        self._unique(rename.values(), f"{key}.rename")
        self._unique(outputs.values(), f"{key}.outputs")
        return WorkflowConfig(class_name, rename, outputs)

    # --- values ---

    def _only(self, table: Mapping[str, object], known: Collection[str], key: str) -> None:
        for name in table:
            if name not in known:
                hint = nearest(name, sorted(known)) or f"expected {', '.join(sorted(known))}"
                raise ConfigError(self.path, dotted(key, name), f"unknown key ({hint})")

    def _unique(self, names: Collection[str], key: str) -> None:
        twice = next((name for name, count in Counter(names).items() if count > 1), None)
        if twice is not None:
            raise ConfigError(self.path, key, f"{twice!r} is used twice")

    def _text(self, table: Mapping[str, object], name: str, key: str) -> str | None:
        value = table.get(name)
        if value is not None and not isinstance(value, str):
            raise ConfigError(self.path, dotted(key, name), f"must be a string, found {value!r:.40}")
        return value

    def _setting(self, table: Mapping[str, object], name: str, key: str) -> str | None:
        value = self._text(table, name, key)
        if value == "":
            raise ConfigError(self.path, dotted(key, name), "must not be empty")
        return value

    def _flag(self, table: Mapping[str, object], name: str, key: str) -> bool | None:
        value = table.get(name)
        if value is not None and not isinstance(value, bool):
            raise ConfigError(self.path, dotted(key, name), f"must be true or false, found {value!r:.40}")
        return value

    def _path(self, table: Mapping[str, object], name: str, key: str) -> str:
        value = self._text(table, name, key)
        if not value:
            raise ConfigError(self.path, dotted(key, name), "is missing: every source needs a path and an output")
        if "\\" in value or "\0" in value or Path(value).is_absolute():
            raise ConfigError(self.path, dotted(key, name), f"{value!r} must be a relative path with slashes")
        return posixpath.normpath(value)

    def _table(self, table: Mapping[str, object], name: str, key: str) -> Mapping[str, object]:
        value = table.get(name, {})
        if not isinstance(value, dict):
            raise ConfigError(self.path, dotted(key, name), f"must be a table, found {value!r:.40}")
        return value

    def _attribute(self, table: Mapping[str, object], name: str, key: str, reserved: frozenset[str]) -> str:
        value = self._text(table, name, key) or ""
        if misfit := misfit_of_attribute(value, reserved):
            raise ConfigError(self.path, dotted(key, name), f"{value!r} is not a valid attribute name: it {misfit}")
        return value


def _key(path: str) -> str:
    return normalize("NFC", posixpath.normpath(path))
