"""Interfaces: from what two names stand for to what callers see of each.

A workflow alone has no names yet. It gets those of the other side, as regeneration keeps them, unless the lock file or
the configuration says otherwise; and it is read with the schema of the other side for as long as that fits.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from invokable.codegen.build import BuildOptions, SchemaUsed
from invokable.codegen.drift.material import Material, read_material
from invokable.codegen.failures import BuildError
from invokable.codegen.generate import Options, plan_document
from invokable.codegen.lock import Names
from invokable.codegen.render import TemplateError, unformatted
from invokable.contract.interface import Drift, Interface, InterfaceError, compare, read_module
from invokable.schema import Schema, choose_schema, load
from invokable.workflow import WorkflowFileError, node_versions


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two things that were compared, as they were named, and what came of it."""

    old: str
    new: str
    drift: Drift


def compare_files(old: str, new: str, options: BuildOptions) -> Comparison:
    """Compare what two names stand for. Raises BuildError where one of them cannot be read."""
    if old == "-" and new == "-":
        raise BuildError("-", "standard input can be one side only")
    before, after = read_material(old, options.stdin), read_material(new, options.stdin)
    if before.kind == "workflow" and after.kind != "workflow":
        later = interface_of(after, options)
        earlier = interface_of(before, options, like=later)
    else:
        earlier = interface_of(before, options)
        later = interface_of(after, options, like=earlier)
    return Comparison(old, new, compare(earlier, later))


def interface_of(material: Material, options: BuildOptions, *, like: Interface | None = None) -> Interface:
    """What callers see, or would see once the module is generated. Raises BuildError.

    `like` is the interface whose names, and whose schema if it fits, a workflow keeps.
    """
    if material.interface is not None:
        return material.interface
    schema = options.schema_for(material.document, like.schema if like else None).schema
    return planned_interface(material, schema, options, like=like)


def workflow_interface(path: Path, like: Interface) -> Interface:
    """What callers would see of the module of a workflow file, by the names of `like`. Raises BuildError.

    The bundled schemas are used; no configuration and no lock file is looked for.
    """
    options = BuildOptions(schema_for=_bundled)
    return interface_of(read_material(os.fspath(path)), options, like=like)


def _bundled(document: object, current: str | None) -> SchemaUsed:
    return SchemaUsed(load(choose_schema(node_versions(document), current=current).version))


def planned_interface(
    material: Material, schema: Schema, options: BuildOptions, *, like: Interface | None = None
) -> Interface:
    """What callers would see of the module of a workflow, generated with a schema. Raises BuildError."""
    source = material.source
    known = names_of(like) if like else Names()
    locked = options.lock.names_of(source).over(known) if options.lock else known
    templates = options.project.config.templates
    wanted = Options(lenient=options.lenient, naming=options.project.naming(source.name, locked), templates=templates)
    try:
        plan = plan_document(material.document, schema, source=source.name, options=wanted)
        return read_module(unformatted(plan, templates=templates))
    except WorkflowFileError as error:
        raise BuildError.of_file(material.shown, error) from None
    except (TemplateError, InterfaceError) as error:
        raise BuildError(material.shown, str(error)) from None


def names_of(interface: Interface) -> Names:
    """The names of an interface, for regeneration to keep."""
    return Names(
        class_name=interface.class_name,
        inputs={item.key: item.attribute for item in interface.inputs},
        outputs={output.key: output.attribute for output in interface.outputs},
    )
