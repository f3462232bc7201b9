"""Render: from the plan to the text of a module, with the templates and black."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from invokable._version import VERSION
from invokable.codegen.describing import docstrings
from invokable.codegen.describing.descriptions import Descriptions, sentence
from invokable.codegen.describing.results import Results
from invokable.codegen.plan import ModulePlan, PlannedInput, PlannedOutput
from invokable.codegen.python import code, expression, layout
from invokable.codegen.python.code import Code, ListItem
from invokable.codegen.python.expression import Expression
from invokable.codegen.python.imports import as_sorted_by_linters, import_lines
from invokable.codegen.python.layout import Layout, line_length
from invokable.codegen.templates import templates_folder
from invokable.codegen.typing.defaults import model_expression
from invokable.codegen.written.checksums import has_body_checksum, sign_body
from invokable.codegen.written.existing import MARKER, is_generated
from invokable.codegen.written.made_from import stamp, unstamped
from invokable.contract.module import FORMAT
from invokable.contract.utf8 import Utf8

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATE: Final = "module.py.jinja"
_SEAM: Final = Code("\0")
"""Marks where a template's text may be divided. No other text has it, since unprintable characters are escaped."""
_PART: Final = 1 << 16  # characters of the text to lay out at a time

Extent: TypeAlias = Literal["whole", "code", "interface"]
"""What a draft contains: the whole module; all but the docstrings, to run it; or what its interface depends on, to read
it: also no nodes of the graph, no values of batches, and of the embedded workflow only the labels."""


class TemplateError(Exception):
    """A template, built-in or the project's own, is faulty."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A module whose text has been written, but neither formatted nor signed. It no longer refers to the plan."""

    layout: Layout
    width: int

    def finished(self) -> Utf8:
        """The text of the module in UTF-8. Call it only once. Raises TemplateError for a faulty template."""
        with _lines_of(self.width):
            text = self.layout.put_back(_format)
        _sign(text)
        return text

    def unformatted(self) -> Utf8:
        """The text of the module before it is formatted and signed, in UTF-8. Call it only once."""
        return self.layout.put_back()


@contextmanager
def _lines_of(width: int) -> Iterator[None]:
    token = line_length.set(width)
    try:
        yield
    finally:
        line_length.reset(token)


@dataclass(frozen=True, slots=True)
class _Lazy:
    """Code that is created when a template emits it, since it takes much memory."""

    make: Callable[[], Code]


@dataclass(frozen=True, slots=True)
class _Input:
    """An input. Its texts are created on each access: those of all inputs take most of a module's memory."""

    _planned: PlannedInput
    _description: Callable[[PlannedInput], Sequence[str]]

    @property
    def name(self) -> Code:
        return code.identifier(self._planned.attribute)

    @property
    def annotation(self) -> Expression:
        planned, base = self._planned, self._base
        markers: Sequence[Expression] = planned.type.constraints
        if planned.type.nullable:
            inner = expression.subscript("Annotated", [base, *markers]) if markers else base
            base, markers = expression.union(inner, expression.name("None")), ()
        return expression.subscript("Annotated", [base, expression.call("Index", *planned.indices), *markers])

    @property
    def type(self) -> Expression:
        """The annotation without index and limits, for parameters."""
        return expression.union(self._base, expression.name("None")) if self._planned.type.nullable else self._base

    @property
    def default(self) -> Expression | None:
        return self._planned.type.assigned

    @property
    def docstring(self) -> Code:
        """The paragraphs on one line if they fit, else separately."""
        paragraphs = self._description(self._planned)
        line = code.docstring([" ".join(paragraphs)], indent=4, width=line_length.get())
        return line if "\n" not in line else code.docstring(paragraphs, indent=4, width=line_length.get())

    @property
    def _base(self) -> Expression:
        planned = self._planned
        return expression.local(planned.alias) if planned.alias else planned.type.annotation


@dataclass(frozen=True, slots=True)
class _Output:
    """An output. Its docstring is created on each access."""

    _planned: PlannedOutput
    _description: Callable[[PlannedOutput], str]

    @property
    def name(self) -> Code:
        return code.identifier(self._planned.attribute)

    @property
    def annotation(self) -> Expression:
        return self._planned.annotation

    @property
    def docstring(self) -> Code:
        return code.docstring([sentence(self._description(self._planned))], indent=8, width=line_length.get())


def render_module(plan: ModulePlan, *, templates: Path | None = None, width: int = layout.WIDTH) -> Utf8:
    """The text of the module, formatted and signed, in UTF-8. Raises TemplateError for a faulty template.

    `templates` is a folder whose templates override the built-in ones; they run as code. `width` is the line length.
    """
    return draft_module(plan, templates=templates, width=width).finished()


def draft_module(
    plan: ModulePlan,
    *,
    templates: Path | None = None,
    width: int = layout.WIDTH,
    made_from: str = "",
    laid_out: bool = True,
    extent: Extent = "whole",
) -> Draft:
    """Write the text of the module, after which the plan is no longer needed.

    `made_from` is the checksum of everything that the module is made from. With `laid_out`, whatever black need not
    format is laid out as black would do it. Raises TemplateError for a faulty template.
    """
    draft = Draft(Layout(), width)
    take = draft.layout.take_apart if laid_out and templates is None else draft.layout.add
    docstring = draft.layout.docstring if templates is None else _joined
    with _lines_of(width):
        for part in _filled(templates, _context(plan, made_from, draft.layout.raw, docstring, extent)):
            take(part)
    return draft


def _joined(pieces: Iterable[str], _indent: int) -> Code:
    return Code("".join(pieces))


def _context(
    plan: ModulePlan,
    made_from: str,
    raw: Callable[[Utf8], Code],
    docstring: Callable[[Iterable[str], int], Code],
    extent: Extent,
) -> dict[str, object]:
    """The variables of the templates."""
    described, whole = extent == "whole", extent != "interface"

    def prose(paragraphs: Iterable[str | ListItem], indent: int) -> Code:
        shown = paragraphs if described else islice(paragraphs, 1)
        return docstring(code.docstring_pieces(shown, indent=indent, width=line_length.get()), indent)

    descriptions = Descriptions(plan) if described else None
    of_input = descriptions.of if descriptions else _nothing
    summary = descriptions.summary if descriptions else _nothing
    of_output = Results(plan.reading, plan.inputs, title=plan.title).of if described else _nothing
    inputs = [_Input(planned, of_input) for planned in plan.inputs]
    outputs = [_Output(planned, of_output) for planned in plan.outputs]
    models = _models(plan)
    graph = plan.reading.graph if whole else {"edges": plan.reading.graph["edges"]}
    return {
        "marker": Code(MARKER),
        "version": code.version(VERSION),
        "plan": plan,
        "format": FORMAT,
        "made_from": unstamped(made_from),
        "class_name": code.identifier(plan.class_name),
        "exported": sorted([plan.class_name, *plan.aliases], key=as_sorted_by_linters),
        "module_docstring": prose(docstrings.of_module(plan), 0),
        "class_docstring": prose(docstrings.of_class(plan, summary), 4),
        "result_docstring": prose(docstrings.of_result(plan, of_output), 8),
        "imports": import_lines(
            _expressions(inputs, outputs, models), replaces=bool(inputs), aliased=bool(plan.aliases)
        ),
        "aliases": [
            _Lazy(partial(layout.choices, code.identifier(name), values)) for name, values in plan.aliases.items()
        ],
        "inputs": inputs,
        "receiver": code.identifier("_self" if any(attribute.name == "self" for attribute in inputs) else "self"),
        "outputs": outputs,
        "models": models,
        "graph": _Lazy(lambda: raw(code.json_text(graph, lines=("nodes", "edges")))),
        "batch": _Lazy(lambda: raw(code.json_text(_batch(plan, whole), lines=("sources", "groups")))),
        "workflow": _Lazy(lambda: raw(code.json_line(plan.reading.embedding() if whole else _labels(plan)))),
        "seam": _SEAM,
    }


def _nothing(_: object) -> str:
    return ""


def _batch(plan: ModulePlan, whole: bool) -> dict[str, Any]:
    return plan.batch.to_json() if whole else plan.batch.to_json() | {"sources": []}


def _labels(plan: ModulePlan) -> dict[str, object]:
    """The labels of fields, in the places that they have in the embedded workflow."""
    labels = (
        (node.id, {name: {"label": entry.label} for name, entry in node.inputs.items() if entry.label})
        for node in plan.reading.workflow.invocations()
    )
    return {"nodes": ({"id": node_id, "data": {"inputs": found}} for node_id, found in labels if found)}


def _filled(templates: Path | None, context: dict[str, object]) -> Iterator[str]:
    """The text of the templates, in parts that end at seams."""
    import jinja2

    try:
        pieces: list[str] = []
        size = 0
        for piece in _environment(templates).get_template(_TEMPLATE).generate(context):
            pieces.append(piece)
            size += len(piece)
            if piece == _SEAM and size > _PART:
                yield "".join(pieces).replace(_SEAM, "")
                pieces, size = [], 0
        yield "".join(pieces).replace(_SEAM, "")
    except jinja2.TemplateError as error:
        line = getattr(error, "lineno", None)
        name = f"{getattr(error, 'name', None) or _TEMPLATE}{f', line {line}' if line else ''}"
        raise TemplateError(f"{name}: {_first_line(error)}") from error
    except UnicodeDecodeError as error:
        raise TemplateError(f"{_TEMPLATE}: not UTF-8 text: {_first_line(error)}") from error
    except RecursionError as error:
        raise TemplateError(f"{_TEMPLATE}: the templates include each other without end") from error
    except ModuleNotFoundError:  # black: a template imports only templates
        raise
    except Exception as error:  # a project's template is code, and can fail in any way
        raise TemplateError(f"{_TEMPLATE}: {type(error).__name__}: {_first_line(error)}") from error


def _format(text: str) -> str:
    import black
    from black.mode import Mode, TargetVersion

    mode = Mode(target_versions={TargetVersion.PY311}, line_length=line_length.get())
    try:
        return black.format_str(text, mode=mode)
    except (black.parsing.InvalidInput, ValueError, RecursionError) as error:
        raise TemplateError(f"{_TEMPLATE}: the result is not a Python module: {_first_line(error)}") from error


def _sign(text: bytearray) -> None:
    """Fill in the checksums. Raises TemplateError if later runs would not recognize the text as a module."""
    if not is_generated(text):
        raise TemplateError(f"{_TEMPLATE}: it must begin with {{{{ marker }}}}")
    if not has_body_checksum(text):
        raise TemplateError(
            f'{_TEMPLATE}: it must contain the line BODY_SHA256: Final = {{{{ ("0" * 64) | literal }}}}'
        )
    sign_body(text)
    stamp(text)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no message"])[0]


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
    environment.filters["row"] = layout.row
    return environment


def _only_code(value: object) -> Code:
    if isinstance(value, Code):
        return value
    if isinstance(value, Expression):
        return value.code
    if isinstance(value, _Lazy):
        return value.make()
    import jinja2

    if isinstance(value, jinja2.Undefined):
        str(value)  # raises an error with the undefined name
    raise jinja2.TemplateRuntimeError(
        f"a template can only emit code, not {type(value).__name__}; use the literal filter"
    )


def _models(plan: ModulePlan) -> list[tuple[Code, list[tuple[Code, Expression]]]]:
    return [
        (
            code.identifier(attribute),
            [(code.identifier(name), model_expression(asdict(model))) for name, model in choices.items()],
        )
        for attribute, choices in plan.models.items()
    ]


def _expressions(
    inputs: Iterable[_Input],
    outputs: Iterable[_Output],
    models: Iterable[tuple[Code, list[tuple[Code, Expression]]]],
) -> Iterator[Expression]:
    for attribute in inputs:
        yield attribute.annotation
        if attribute.default is not None:
            yield attribute.default
    yield from (output.annotation for output in outputs)
    yield from (made for _, choices in models for _, made in choices)
