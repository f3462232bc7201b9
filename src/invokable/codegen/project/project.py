"""Project: a configuration with its location, and its settings for a workflow."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final
from unicodedata import normalize

from invokable.codegen.failures import BuildError, first_of
from invokable.codegen.naming.lock import Names
from invokable.codegen.plan import ModulePlan, Naming
from invokable.codegen.project.config import Config, ConfigError, dotted, find_config, find_line_length
from invokable.codegen.project.config_reader import load_config
from invokable.codegen.project.lockfile import FILE, LockFile
from invokable.codegen.written.made_from import folder_digest
from invokable.workflow.errors import nearest

_FEW: Final = 50  # fields of a node to compare with an unknown one
_LISTED: Final = "invokable show --format json --graph lists nodes and fields"


@dataclass(frozen=True, slots=True, eq=False)
class Project:
    """The configuration that applies, if any, and the lock file next to it."""

    path: Path | None = None
    """The absolute path of the pyproject.toml; None without a configuration."""
    config: Config = field(default_factory=Config)
    lock: LockFile | None = None
    """The lock file, which also keeps the names."""

    @classmethod
    def load(cls, name: str | None, *, start: Path) -> Project:
        """Read the named configuration, or the nearest one in `start` or above, and its lock file. Raises BuildError.

        Without a configuration, an `invokable.lock` in the current folder is used if there is one.
        """
        with _config_errors():
            path = Path(os.path.abspath(name)) if name is not None else find_config(Path(os.path.abspath(start)))
            config = load_config(path) if path is not None else Config()
        if path is not None:
            return cls(path, config, LockFile.load(path.parent / FILE))
        lock = Path.cwd() / FILE
        return cls(None, config, LockFile.load(lock) if lock.exists() else None)

    @property
    def folder(self) -> Path | None:
        """The folder that paths are relative to; None without a configuration."""
        return self.path.parent if self.path is not None else None

    @property
    def shown(self) -> str:
        """The name of the configuration in messages."""
        return shown_path(self.path) if self.path is not None else "pyproject.toml"

    def naming(self, key: str, known: Names) -> Naming:
        """The names for the workflow at the path `key`: known names are kept, except for configured renames."""
        chosen = self.config.of_workflow(key)
        renamed, renamed_outputs = set(chosen.rename.values()), set(chosen.outputs.values())
        kept = {key: name for key, name in known.inputs.items() if name not in renamed}
        kept_outputs = {
            key: name
            for key, name in known.outputs.items()
            if name not in renamed_outputs and key[0] not in chosen.outputs
        }
        return Naming(
            inputs=kept | dict(chosen.rename),
            outputs=kept_outputs,
            nodes=chosen.outputs,
            class_name=chosen.class_name or known.class_name,
        )

    def unknown_names(self, key: str, plan: ModulePlan) -> Iterator[BuildError]:
        """Errors for configured names that the workflow does not have."""
        chosen = self.config.of_workflow(key)
        table = dotted("tool.invokable.workflows", key)
        fields: dict[str, list[str]] = {}
        for planned in plan.inputs:
            fields.setdefault(planned.item.node_id, []).append(planned.item.field)

        def no_input(named: tuple[str, str]) -> BuildError:
            node_id, name = named
            pointer = dotted(dotted(f"{table}.rename", node_id), name)
            if node_id not in fields:
                return self._unknown(f"the form shows no node {node_id!r}", pointer)
            hint = nearest(name, islice(fields[node_id], _FEW))
            return self._unknown(f"the form shows no field {name!r} of node {node_id!r}", pointer, hint)

        def no_output(node_id: str) -> BuildError:
            return self._unknown(f"the graph has no node {node_id!r}", dotted(f"{table}.outputs", node_id))

        inputs = (named for named in chosen.rename if named[1] not in fields.get(named[0], ()))
        outputs = (node_id for node_id in chosen.outputs if node_id not in plan.reading.graph["nodes"])
        yield from first_of(inputs, no_input, self.shown)
        yield from first_of(outputs, no_output, self.shown)

    def _unknown(self, message: str, pointer: str, hint: str | None = None) -> BuildError:
        return BuildError(self.shown, message, pointer=pointer, suggestion=hint or _LISTED)


@dataclass(slots=True)
class Projects:
    """Finds the project of each source and the line length of each output, reading each file once."""

    named: Project | None = None
    """The project of all sources, if one was named."""
    _found: dict[Path, Project] = field(default_factory=dict)
    _loaded: dict[Path | None, Project] = field(default_factory=dict)
    _lengths: dict[Path, int | None] = field(default_factory=dict)
    _digests: dict[Path, str] = field(default_factory=dict)

    def of(self, folder: Path) -> Project:
        """The project that a folder belongs to. Raises BuildError."""
        if self.named is not None:
            return self.named
        folder = Path(os.path.abspath(folder))
        if folder not in self._found:
            with _config_errors():
                path = find_config(folder)
            if path not in self._loaded:
                self._loaded[path] = Project.load(None, start=path.parent if path else folder)
            self._found[folder] = self._loaded[path]
        return self._found[folder]

    def digest(self, folder: Path | None) -> str:
        """The checksum of all files in a folder; empty without one. Raises BuildError."""
        if folder is None:
            return ""
        if folder not in self._digests:
            try:
                self._digests[folder] = folder_digest(folder)
            except OSError as error:
                raise BuildError.of_system(shown_path(folder), error, "read") from None
        return self._digests[folder]

    def line_length(self, folder: Path) -> int | None:
        """The line length in a folder; None if no project sets it. Raises BuildError."""
        folder = Path(os.path.abspath(folder))
        if folder not in self._lengths:
            with _config_errors():
                self._lengths[folder] = find_line_length(folder)
        return self._lengths[folder]


@contextmanager
def _config_errors() -> Iterator[None]:
    """Raise BuildError for an invalid configuration."""
    try:
        yield
    except ConfigError as error:
        raise BuildError(shown_path(error.path), str(error), pointer=error.key or None) from None


def relative_key(path: Path, folder: Path) -> str:
    """A path relative to a folder, with slashes: the same on every platform and in every working directory."""
    try:
        relative = os.path.relpath(path, folder)
    except ValueError:  # on another drive
        relative = path.name
    return normalize("NFC", relative.replace(os.sep, "/"))


def shown_path(path: Path) -> str:
    """A path for messages: relative to the current folder if it is below it."""
    try:
        return os.fspath(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return os.fspath(path)
