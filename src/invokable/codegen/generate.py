"""Generate: from a workflow document to the text of its module. Reads and writes no files."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from invokable.codegen.plan import ModulePlan, Naming, plan_module
from invokable.codegen.render import render_module
from invokable.codegen.typing.custom import CustomFields
from invokable.codegen.typing.models import InstalledModel
from invokable.contract.utf8 import Utf8
from invokable.schema.model import Schema
from invokable.workflow import WorkflowFileError, read_workflow


@dataclass(frozen=True, slots=True)
class Options:
    """A project's settings for its modules."""

    lenient: bool = False
    """Drop what the editor would drop, with a warning, instead of refusing the workflow."""
    naming: Naming = field(default_factory=Naming)
    installed: tuple[InstalledModel, ...] = ()
    """Models to list in the module for completion, under each input that takes them."""
    custom: CustomFields = field(default_factory=CustomFields)
    """The project's own classes for fields."""
    templates: Path | None = None
    """A folder of templates that override the built-in ones. Templates are code."""


@dataclass(frozen=True, slots=True)
class GeneratedModule:
    """A module's text and its plan."""

    data: Utf8
    """The text in UTF-8."""
    plan: ModulePlan

    @property
    def text(self) -> str:
        """The text."""
        return self.data.decode()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was dropped and which values could not be defaults, one line each."""
        return self.plan.warnings


def plan_document(document: object, schema: Schema, *, source: str, options: Options | None = None) -> ModulePlan:
    """Read a workflow and plan its module. Raises WorkflowFileError for an unusable workflow."""
    options = options or Options()
    reading = read_workflow(document, schema, lenient=options.lenient)
    if not reading.inputs and not options.lenient:
        raise WorkflowFileError(
            "the workflow exposes no fields; add some to its form in the editor, or pass --lenient",
            pointer="/form" if isinstance(document, dict) and "form" in document else "",
        )
    return plan_module(
        reading,
        document,
        source=source,
        naming=options.naming,
        installed=options.installed,
        custom=options.custom,
    )


def generate_module(
    document: object, schema: Schema, *, source: str, options: Options | None = None
) -> GeneratedModule:
    """Read a workflow and render its module. Raises WorkflowFileError and TemplateError."""
    options = options or Options()
    plan = plan_document(document, schema, source=source, options=options)
    return GeneratedModule(render_module(plan, templates=options.templates), plan)
