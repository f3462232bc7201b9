"""Writes the Python module of a workflow.

    document ── read ──▶ Reading ── plan ──▶ ModulePlan ── render ──▶ text ── publish ──▶ file

`generate` is the way through; `names`, `types` and `outputs` decide what `plan` holds; `code` is the one place where
text becomes source; `existing` and `publish` deal with a file that already exists.
"""

from invokable.codegen.generate import GeneratedModule, Options, generate_module, plan_document
from invokable.codegen.models import InstalledModel
from invokable.codegen.names import module_name
from invokable.codegen.plan import ModulePlan, Naming
from invokable.codegen.publish import RefusedError, Written, publish
from invokable.codegen.render import TemplateError

__all__ = [
    "GeneratedModule",
    "InstalledModel",
    "ModulePlan",
    "Naming",
    "Options",
    "RefusedError",
    "TemplateError",
    "Written",
    "generate_module",
    "module_name",
    "plan_document",
    "publish",
]
