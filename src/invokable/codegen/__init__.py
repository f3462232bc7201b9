"""Write Python modules from workflows.

    sources ─▶ document ── read ──▶ Reading ── plan ──▶ ModulePlan ── render ──▶ text ── publish ──▶ file

`build` runs this for a whole project, `generate` for one document. `naming`, `typing` and `describing` decide what the
module says; `python` is the only place where text becomes source; `written` reads modules back, and `project` the rest
of what is on disk; `drift` compares.
"""

from invokable.codegen.build.modules import BuildResult
from invokable.codegen.build.options import BuildOptions
from invokable.codegen.build.pipeline import Build, build_modules, building, plan_source
from invokable.codegen.build.publish import FileChange, RefusedError, Written, publish
from invokable.codegen.failures import BuildError
from invokable.codegen.generate import GeneratedModule, Options, generate_module, plan_document
from invokable.codegen.naming.names import module_name
from invokable.codegen.plan import ModulePlan, Naming
from invokable.codegen.project.project import Project
from invokable.codegen.project.sources import Source, expand_sources
from invokable.codegen.render import TemplateError
from invokable.codegen.typing.models import InstalledModel

__all__ = [
    "Build",
    "BuildError",
    "BuildOptions",
    "BuildResult",
    "FileChange",
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
    "building",
    "expand_sources",
    "generate_module",
    "module_name",
    "plan_document",
    "plan_source",
    "publish",
]
