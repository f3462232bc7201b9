"""Writes the Python modules of workflows.

    sources ─▶ document ── read ──▶ Reading ── plan ──▶ ModulePlan ── render ──▶ text ── publish ──▶ file

`build` is the way through for a whole project, `generate` for one document; `names`, `types` and `outputs` decide what
`plan` holds; `code` is the one place where text becomes source; `existing` and `publish` deal with files on disk.
"""

from invokable.codegen.build import Build, BuildOptions, BuildResult, build_modules, plan_source
from invokable.codegen.failures import BuildError
from invokable.codegen.generate import GeneratedModule, Options, generate_module, plan_document
from invokable.codegen.models import InstalledModel
from invokable.codegen.names import module_name
from invokable.codegen.plan import ModulePlan, Naming
from invokable.codegen.project import Project
from invokable.codegen.publish import RefusedError, Written, publish
from invokable.codegen.render import TemplateError
from invokable.codegen.sources import Source, expand_sources

__all__ = [
    "Build",
    "BuildError",
    "BuildOptions",
    "BuildResult",
    "GeneratedModule",
    "InstalledModel",
    "ModulePlan",
    "Naming",
    "Options",
    "Project",
    "RefusedError",
    "Source",
    "TemplateError",
    "Written",
    "build_modules",
    "expand_sources",
    "generate_module",
    "module_name",
    "plan_document",
    "plan_source",
    "publish",
]
