"""Render: from the plan to the text of a module, through the templates and black."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from invokable.codegen import code
from invokable.codegen.checksums import sign_body
from invokable.codegen.code import Code
from invokable.codegen.existing import MARKER
from invokable.codegen.plan import ModulePlan, PlannedInput, PlannedOutput, outline_lines
from invokable.codegen.types import model_expression, result_type
from invokable.contract.module import FORMAT

if TYPE_CHECKING:
    from jinja2 import Environment

_WIDTH: Final = 88  # the default of black and of ruff, so that a project formats it alike
_TYPING: Final = frozenset({"Annotated", "Final", "Literal"})


class TemplateError(Exception):
    """A template, ours or a project's own, asked for something that cannot be emitted."""


@dataclass(frozen=True, slots=True)
class _Attribute:
    name: Code
    annotation: Code
    default: Code | None
    docstring: Code


@dataclass(frozen=True, slots=True)
class _Alias:
    name: Code
    annotation: Code


def render_module(plan: ModulePlan, *, templates: Path | None = None) -> str:
    """The text of the module, formatted and signed. Raises TemplateError for a faulty template.

    `templates` is a folder whose templates come before the built-in ones: whoever names it runs its code.
    """
    import jinja2

    inputs = [_input(planned) for planned in plan.inputs]
    outputs = [_output(planned) for planned in plan.outputs]
    aliases = [
        _Alias(code.identifier(name), code.subscript("Literal", values)) for name, values in plan.aliases.items()
    ]
    try:
        text = (
            _environment(templates)
            .get_template("module.py.jinja")
            .render(
                marker=Code(MARKER),
                plan=plan,
                format=FORMAT,
                class_name=code.identifier(plan.class_name),
                module_docstring=_module_docstring(plan),
                class_docstring=_class_docstring(plan),
                result_docstring=_result_docstring(plan),
                imports=_imports(plan, inputs),
                aliases=aliases,
                inputs=inputs,
                outputs=outputs,
                models=_models(plan),
                graph=code.json_text(plan.reading.graph, lines=("nodes", "edges")),
                batch=code.json_text(plan.batch.to_json(), lines=("sources", "groups")),
                workflow=code.json_line(plan.reading.embedded),
            )
        )
    except jinja2.TemplateError as error:
        raise TemplateError(f"{getattr(error, 'name', None) or 'module.py.jinja'}: {error.message}") from error
    return sign_body(_format(text))


def _format(text: str) -> str:
    import black
    from black.mode import Mode, TargetVersion

    mode = Mode(target_versions={TargetVersion.PY311}, line_length=_WIDTH)
    return black.format_str(text, mode=mode)


@cache
def _environment(templates: Path | None) -> Environment:
    import jinja2

    folders = [folder for folder in (templates, templates_folder()) if folder is not None]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders),
        undefined=jinja2.StrictUndefined,
        finalize=_only_code,
        autoescape=False,  # the encoders of `code` do what HTML escapes cannot
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["literal"] = code.literal
    return environment


def _only_code(value: object) -> Code:
    if isinstance(value, Code):
        return value
    import jinja2

    raise jinja2.TemplateRuntimeError(
        f"a template may emit code only, not {type(value).__name__}; use the literal filter"
    )


def templates_folder() -> Path:
    """Where the built-in templates are: inside the installed package, or beside `src` in an editable install."""
    installed = Path(__file__).parents[1] / "templates"
    return installed if installed.is_dir() else Path(__file__).parents[3] / "templates"


def _input(planned: PlannedInput) -> _Attribute:
    typed = planned.type
    base = code.identifier(planned.alias) if planned.alias else typed.annotation
    markers: Sequence[Code] = typed.constraints
    if typed.nullable:
        inner = code.subscript("Annotated", [base, *markers]) if markers else base
        base, markers = code.union(inner, Code("None")), ()
    annotation = code.subscript("Annotated", [base, code.call("Index", *planned.indices), *markers])
    default = typed.default
    if default is not None and typed.factory:
        factories = {"{}": "dict", f"{typed.listed}()": typed.listed}
        factory = factories.get(default, f"lambda: {default}")
        default = Code(f"field(default_factory={factory})")
    return _Attribute(
        name=code.identifier(planned.attribute),
        annotation=annotation,
        default=default,
        docstring=_attribute_docstring(planned),
    )


def _attribute_docstring(planned: PlannedInput) -> Code:
    """Everything on one line where it fits, else the label, the description and the facts in paragraphs."""
    paragraphs = list(filter(None, _describe(planned)))
    line = code.docstring([" ".join(paragraphs)], indent=4, width=_WIDTH)
    return line if "\n" not in line else code.docstring(paragraphs, indent=4, width=_WIDTH)


def _describe(planned: PlannedInput) -> tuple[str, str, str]:
    """The label, the description (which may be empty), and the type with its limits and the indices."""
    item, typed = planned.item, planned.type
    label = _sentence(item.label if item.user_label or not item.node_label else f"{item.node_label}: {item.label}")
    description = _sentence(item.description) if item.description.strip() else ""
    sentences = []
    if typed.summary.casefold() != item.label.casefold():
        sentences.append(_sentence(typed.summary[:1].upper() + typed.summary[1:]))
    if item.connected:
        sentences.append("An edge of the workflow feeds this field: a value given here is refused.")
    if typed.unfit:
        sentences.append(_sentence(f"Required, for {typed.unfit}"))
    numbers = ", ".join(map(str, planned.indices))
    sentences.append(f"{'Index' if len(planned.indices) == 1 else 'Indices'} {numbers}.")
    return label, description, " ".join(sentences)


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text if text.endswith((".", "!", "?", "…", ":")) else f"{text}."


def _output(planned: PlannedOutput) -> _Attribute:
    output = planned.output
    annotation, _ = result_type(output.type.name, output.type.cardinality, output.many)
    described = output.node_label or output.node_title
    if output.node_label and output.node_label != output.node_title:
        described += f" ({output.node_title})"
    sentence = described if output.sole else f"{described}: {output.field_title}"
    return _Attribute(
        name=code.identifier(planned.attribute),
        annotation=annotation,
        default=None,
        docstring=code.docstring([_sentence(sentence)], indent=8, width=_WIDTH),
    )


def _models(plan: ModulePlan) -> list[tuple[Code, list[tuple[Code, Code]]]]:
    return [
        (
            code.identifier(attribute),
            [(code.identifier(name), model_expression(model.reference)) for name, model in choices.items()],
        )
        for attribute, choices in plan.models.items()
    ]


def _imports(plan: ModulePlan, inputs: Iterable[_Attribute]) -> list[Code]:
    used = {"Annotated", "Final", "Index", "Workflow", "WorkflowResult"}
    for planned in plan.inputs:
        used |= planned.type.imports
    if plan.models:
        used.add("Model")
    if plan.aliases:
        used.add("Literal")
    for output in plan.outputs:
        used |= result_type(output.output.type.name, output.output.type.cardinality, output.output.many)[1]
    if not plan.inputs:
        used -= {"Annotated", "Index"}
    dataclass_names = ["dataclass"]
    if any(attribute.default and attribute.default.startswith("field(") for attribute in inputs):
        dataclass_names.append("field")
    lines = [
        f"from dataclasses import {', '.join(dataclass_names)}",
        _import("typing", used & _TYPING),
        "",
        _import("invokable.runtime", used - _TYPING),
    ]
    return [Code(line) for line in lines]


def _import(module: str, names: Iterable[str]) -> str:
    return f"from {module} import {', '.join(sorted(names, key=lambda name: (name.casefold(), name)))}"


def _module_docstring(plan: ModulePlan) -> Code:
    return code.docstring([_sentence(plan.title), plan.reading.workflow.description], width=_WIDTH)


def _class_docstring(plan: ModulePlan) -> Code:
    width = max((len(planned.attribute) for planned in plan.inputs), default=0)
    describe = {}
    for planned in plan.inputs:
        first, *others = planned.indices
        describe[first] = f"{first:>3}  {planned.attribute:<{width}}  {planned.type.summary}"
        describe |= {index: f"{index:>3}  {planned.attribute:<{width}}  the same as {first}" for index in others}
    lines = outline_lines(plan.reading.outline, describe)
    blocks: list[str | list[str]] = [f"The inputs of {_sentence(plan.title)}"]
    if lines:
        blocks.append(lines)
    return code.docstring(blocks, indent=4, width=_WIDTH)


def _result_docstring(plan: ModulePlan) -> Code:
    return code.docstring([f"What a run of {_sentence(plan.title)[:-1]} gives."], indent=8, width=_WIDTH)
