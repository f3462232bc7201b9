"""Upgrade: which modules another InvokeAI version breaks, and how.

Each workflow is read with both schemas, and the two interfaces are compared. The names are kept, as regeneration keeps
them. A module stands for itself where it was made with the old schema, else for the workflow that it carries.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from invokable.codegen.build import BuildOptions
from invokable.codegen.drift.interfaces import planned_interface
from invokable.codegen.drift.material import Material, read_material
from invokable.codegen.existing import MARKER
from invokable.codegen.failures import BuildError
from invokable.codegen.sources import expand_sources
from invokable.contract.interface import Drift, compare
from invokable.schema import Schema
from invokable.schema.compare import NodeChange, compare_nodes
from invokable.workflow import node_versions

_SKIPPED: Final = frozenset({"node_modules", "site-packages", "venv", "__pycache__"})


@dataclass(frozen=True, slots=True)
class UpgradedModule:
    """What the upgrade does to one module."""

    name: str
    node_types: frozenset[str]
    drift: Drift | None = None
    """None where the workflow cannot be read with one of the versions."""
    failed: Schema | None = None
    """The version that the workflow cannot be read with."""
    error: BuildError | None = None
    """Why not."""
    breaking: bool = False
    """Callers of the module break, or it cannot be generated for the new version."""


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What became of node types, and of the modules that use them."""

    old: Schema
    new: Schema
    modules: tuple[UpgradedModule, ...]
    nodes: tuple[NodeChange, ...]
    """Changes of the node types that the modules use; of all node types where there are no modules."""

    @property
    def breaking(self) -> bool:
        """Whether any module breaks."""
        return any(module.breaking for module in self.modules)


def upgrade(names: Iterable[str], old: Schema, new: Schema, options: BuildOptions) -> Upgrade:
    """Compare two versions for the workflows and modules in the files `names`.

    Raises BuildError for what is neither a workflow nor a module.
    """
    modules = tuple(_upgraded(read_material(name, options.stdin), old, new, options) for name in names)
    used = frozenset[str]().union(*(module.node_types for module in modules))
    return Upgrade(old, new, modules, compare_nodes(old, new, used if modules else None))


def find_modules(names: Iterable[str]) -> Iterator[str]:
    """The files that names of files, folders and globs stand for.

    A folder stands for the generated modules in it and below; where there are none, for the workflows in it.
    """
    for name in names:
        found = list(_modules_below(Path(name))) if os.path.isdir(name) else []
        yield from found or (source.shown for source in expand_sources([name]))


def _upgraded(material: Material, old: Schema, new: Schema, options: BuildOptions) -> UpgradedModule:
    if material.document is None:
        raise BuildError(material.shown, "carries no workflow, so it cannot be read with another schema")
    before = material.interface
    types = frozenset(name for name, _ in node_versions(material.document))
    failed = old
    try:
        if before is None or before.schema != old.version:
            before = planned_interface(material, old, options, like=before)
        failed = new
        after = planned_interface(material, new, options, like=before)
    except BuildError as error:
        # With what the old version could not read, nobody calls a module of it.
        return UpgradedModule(material.shown, types, failed=failed, error=error, breaking=failed is new)
    drift = compare(before, after)
    return UpgradedModule(material.shown, types, drift=drift, breaking=drift.breaking)


def _modules_below(folder: Path) -> Iterator[str]:
    for path, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _SKIPPED)
        for name in sorted(files):
            file = Path(path, name)
            if name.endswith(".py") and _is_module(file):
                yield os.fspath(file)


def _is_module(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(len(MARKER)) == MARKER
    except (OSError, ValueError):
        return False
