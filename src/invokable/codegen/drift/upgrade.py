"""Upgrade: which modules another InvokeAI version breaks, and how.

Each workflow is read with both schemas, and the two interfaces are compared, with the same names as in regeneration. A
module made with the old schema has its own interface; otherwise the workflow that it contains is read.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from invokable.codegen.build.jobs import plan_jobs
from invokable.codegen.build.options import BuildOptions
from invokable.codegen.drift.artifact import Artifact, read_artifact
from invokable.codegen.drift.interfaces import interface_of
from invokable.codegen.failures import BuildError
from invokable.codegen.project.schemas import SchemaWanted
from invokable.codegen.project.sources import expand_sources, walked
from invokable.codegen.written.existing import HEAD, is_generated
from invokable.contract.interface import Drift, compare
from invokable.schema import Schema
from invokable.schema.compare import NodeChange, compare_nodes
from invokable.workflow import node_versions

Versions: TypeAlias = tuple[tuple[SchemaWanted, Schema], tuple[SchemaWanted, Schema]]


@dataclass(frozen=True, slots=True)
class UpgradedModule:
    """What the upgrade does to one module."""

    name: str
    node_types: frozenset[str]
    drift: Drift | None = None
    """None if the workflow cannot be read with one of the versions."""
    failed: Schema | None = None
    """The version that the workflow cannot be read with."""
    error: BuildError | None = None
    """The reason."""
    breaking: bool = False
    """Whether callers of the module break, or it cannot be generated for the new version."""
    warnings: tuple[str, ...] = ()
    """What was left out when the workflow was read leniently."""


@dataclass(frozen=True, slots=True)
class Upgrade:
    """The changes to node types, and to the modules that use them."""

    old: Schema
    new: Schema
    modules: tuple[UpgradedModule, ...]
    nodes: tuple[NodeChange, ...]
    """Changes to the node types that the modules use, or to all node types if there are no modules."""

    @property
    def breaking(self) -> bool:
        """Whether any module breaks."""
        return any(module.breaking for module in self.modules)


def upgrade(names: Iterable[str], old: SchemaWanted, new: SchemaWanted, options: BuildOptions) -> Upgrade:
    """Compare two versions for the workflows and modules in the files `names`.

    Raises BuildError for a file that is neither a workflow nor a module.
    """
    before, after = (options.schemas.used(wanted, None, None).schema for wanted in (old, new))
    versions = ((old, before), (new, after))
    modules = tuple(_upgraded(read_artifact(name, options.stdin), versions, options) for name in names)
    used = frozenset[str]().union(*(module.node_types for module in modules))
    return Upgrade(before, after, modules, compare_nodes(before, after, used if modules else None))


def find_modules(names: Iterable[str], options: BuildOptions) -> Iterator[str]:
    """The files that the names of files, folders and globs match; without names, everything in the configuration.

    A folder means the generated modules in and below it, or the workflows if there are none. The configuration means
    its modules, and the workflows that have none. Raises BuildError.
    """
    names = list(names)
    if not names and options.projects.of(Path.cwd()).config.sources:
        for job in plan_jobs((), options.overrides, options.projects).jobs:
            yield os.fspath(job.path) if _is_module(job.path) else job.source.shown
    for name in names:
        is_module = name.endswith(".py") and os.path.isfile(name)
        found = [name] if is_module else list(_modules_below(Path(name)))
        yield from found or (source.shown for source in expand_sources([name]))


def _upgraded(artifact: Artifact, versions: Versions, options: BuildOptions) -> UpgradedModule:
    types = _node_types(artifact)
    (old, earlier), (new, later) = versions
    before, failed, warnings = artifact.interface, earlier, dict[str, None]()
    try:
        if before is None or before.schema != earlier.version:
            found = interface_of(artifact, options, like=before, schema=old)
            before, warnings = found.interface, dict.fromkeys(found.warnings)
        failed = later
        found = interface_of(artifact, options, like=before, schema=new)
    except BuildError as error:
        # If the old version cannot read it, no module of it exists that anyone calls.
        return UpgradedModule(artifact.shown, types, failed=failed, error=error, breaking=failed is later)
    drift = compare(before, found.interface)
    warned = tuple(warnings | dict.fromkeys(found.warnings))
    return UpgradedModule(artifact.shown, types, drift=drift, breaking=drift.breaking, warnings=warned)


def _node_types(artifact: Artifact) -> frozenset[str]:
    document = artifact.document()
    if document is None:
        raise BuildError(artifact.shown, "contains no workflow, so it cannot be read with another schema")
    return frozenset(name for name, _ in node_versions(document))


def _modules_below(folder: Path) -> Iterator[str]:
    yield from (os.fspath(file) for file in walked(folder) if file.suffix == ".py" and _is_module(file))


def _is_module(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return is_generated(file.read(HEAD))
    except OSError:
        return False
