"""Interfaces: from two names to the interface that callers see of each.

A workflow alone has no names yet. It gets those of the other side, as in regeneration, unless the lock file or the
configuration has others, and it is read with the schema of the other side if that fits.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from invokable.codegen.build.jobs import Job, job_of
from invokable.codegen.build.modules import plan_again
from invokable.codegen.build.options import BuildOptions
from invokable.codegen.drift.artifact import Artifact, read_artifact
from invokable.codegen.failures import BuildError
from invokable.codegen.naming.lock import Names
from invokable.codegen.project.project import Project, Projects
from invokable.codegen.project.schemas import SchemaWanted
from invokable.codegen.render import Draft, TemplateError, draft_module
from invokable.contract.interface import Drift, Interface, InterfaceError, compare, read_module


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison: the two names and the result."""

    old: str
    new: str
    drift: Drift
    warnings: tuple[tuple[str, str], ...] = ()
    """Pairs of a workflow's name and what was left out when it was read leniently."""


@dataclass(frozen=True, slots=True)
class FoundInterface:
    """The interface that callers see, or would see once the module is generated."""

    interface: Interface
    warnings: tuple[str, ...] = ()
    """What was left out when the workflow was read leniently."""


def compare_files(old: str, new: str, options: BuildOptions) -> Comparison:
    """Compare what two names refer to. Raises BuildError if one of them cannot be read."""
    if old == "-" and new == "-":
        raise BuildError("-", "standard input can only be one side")
    return compare_artifacts(read_artifact(old, options.stdin), read_artifact(new, options.stdin), options)


def compare_artifacts(old: Artifact, new: Artifact, options: BuildOptions) -> Comparison:
    """Compare a workflow, module or map with another one. Raises BuildError."""
    if old.kind == "workflow" and new.kind != "workflow":
        later = interface_of(new, options)
        earlier = interface_of(old, options, like=later.interface)
    else:
        earlier = interface_of(old, options)
        later = interface_of(new, options, like=earlier.interface)
    warnings = [(one.shown, text) for one, found in ((old, earlier), (new, later)) for text in found.warnings]
    return Comparison(old.shown, new.shown, compare(earlier.interface, later.interface), tuple(warnings))


def interface_of(
    artifact: Artifact, options: BuildOptions, *, like: Interface | None = None, schema: SchemaWanted | None = None
) -> FoundInterface:
    """The interface that callers see, or would see once the module is generated. Raises BuildError.

    Args:
        artifact: A workflow, module or map; the last two have an interface of their own.
        options: How to read a workflow. The configuration and lock file are those of its location.
        like: The interface whose names a workflow keeps, and whose schema it is read with if that fits.
        schema: The schema to read a workflow with, overriding all others; with it, a module is read as the workflow
            that it contains.
    """
    if artifact.interface is not None and schema is None:
        return FoundInterface(artifact.interface)
    job = job_of(artifact.source, options.overrides, options.projects)
    if schema is not None:
        job = replace(job, settings=replace(job.settings, schema=schema))
    names, version = (names_of(like), like.schema) if like else (Names(), None)
    try:
        draft, warnings = _drafted(job, artifact, options, names, version)
        return FoundInterface(read_module(draft.unformatted()), warnings)
    except BuildError as error:
        if error.where == artifact.source.shown:  # for a git revision, the file's path in the working tree
            error.where = artifact.shown
        raise
    except (TemplateError, InterfaceError) as error:
        raise BuildError(artifact.shown, str(error)) from None


def _drafted(
    job: Job, artifact: Artifact, options: BuildOptions, names: Names, version: str | None
) -> tuple[Draft, tuple[str, ...]]:
    """The draft of a workflow's module, with the plan's warnings. The plan's memory is free afterwards."""
    plan = plan_again(job, artifact.document(), options, names, version)
    return draft_module(plan, templates=job.settings.templates, laid_out=False, extent="interface"), plan.warnings


def workflow_interface(path: Path, like: Interface) -> Interface:
    """The interface of a workflow file's module, with the names of `like`. Raises BuildError.

    The bundled schemas are used, without a configuration or lock file.
    """
    return interface_of(read_artifact(os.fspath(path)), BuildOptions(projects=Projects(Project())), like=like).interface


def names_of(interface: Interface) -> Names:
    """The names of an interface, to keep in regeneration."""
    return Names(
        class_name=interface.class_name,
        inputs={item.key: item.attribute for item in interface.inputs},
        outputs={output.key: output.attribute for output in interface.outputs},
    )
