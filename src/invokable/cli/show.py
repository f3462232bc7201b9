"""invokable show: the inputs and outputs of a workflow, as a table or as JSON."""

from __future__ import annotations

import json
from typing import Any, Final

import click

from invokable.cli import completing
from invokable.cli.errors import note, say, say_json, show_failure, warn
from invokable.cli.options import build_options, read_options
from invokable.cli.tables import print_table
from invokable.codegen import BuildError, ModulePlan, Source, expand_sources, plan_source
from invokable.codegen.plan import PlannedInput, PlannedOutput
from invokable.codegen.python.json_text import pieces
from invokable.codegen.typing.annotations import result_type
from invokable.codegen.typing.words import default_in_words
from invokable.schema.model import MISSING
from invokable.workflow.batch_data import batch_data

_JSON: Final = json.JSONEncoder(ensure_ascii=True, allow_nan=False)


@click.command()
@click.argument("files", nargs=-1, required=True, shell_complete=completing.files)
@click.option(
    "--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True, help="Output format."
)
@click.option(
    "--graph",
    is_flag=True,
    help="With --format json: also the graph, the batch data (long lists are counted) and the embedded workflow.",
)
@build_options
def show(
    files: tuple[str, ...],
    form: str,
    graph: bool,
    config: str | None,
    schema: str | None,
    server: str | None,
    lenient: bool,
) -> None:
    """Show the inputs and outputs of each workflow.

    The table has the index, attribute, type, limits, default and label of each input.

    \b
    Examples:
      invokable show portrait.json
      invokable show --format json workflows/ | jq .outputs
    """
    status = 0
    options = read_options(config=config, schema=schema, server=server, lenient=lenient)
    for source in expand_sources(files):
        try:
            plan = plan_source(source, options)
        except BuildError as failure:
            if skipped := _why_skipped(source):
                note(source.shown, f"skipped: {skipped}")
                continue
            status = max(status, show_failure(failure))
            if form == "json":
                _print_line({"file": source.shown, "ok": False, "error": _describe_failure(failure)})
            continue
        if form == "json":
            _print_line({"file": source.shown, "ok": True, **describe(plan, graph=graph)})
        else:
            for warning in plan.warnings:
                warn(source.shown, warning)
            _print_tables(source, plan)
    click.get_current_context().exit(status)


def _why_skipped(source: Source) -> str:
    try:
        data = b"" if source.named else source.data()
        return source.why_skipped(data, lambda: source.read(data))
    except BuildError:
        return ""


def describe(plan: ModulePlan, *, graph: bool = False) -> dict[str, Any]:
    """A plan as a JSON object, with iterators for long arrays; with `graph`, also what a run submits."""
    reading = plan.reading
    described: dict[str, Any] = {
        "class_name": plan.class_name,
        "schema": {"version": reading.schema.version, "origin": reading.schema.origin},
        "inputs": map(_describe_input, plan.inputs),
        "outputs": [
            {
                "attribute": planned.attribute,
                "node_id": planned.output.node_id,
                "node_type": planned.output.node_type,
                "field": planned.output.field,
                "type": planned.output.type.name,
                "many": planned.output.many,
            }
            for planned in plan.outputs
        ],
        "index_map_checksum": plan.index_map_checksum,
        "warnings": [{"message": warning.message, "pointer": warning.pointer} for warning in reading.warnings],
    }
    if graph:
        described |= {
            "graph": reading.graph,
            "batch_data": batch_data(reading.batches),
            "embedded_workflow": reading.embedding(),
        }
    return described


def _describe_failure(failure: BuildError) -> dict[str, Any]:
    return {"message": failure.message, "pointer": failure.pointer, "suggestion": failure.suggestion}


def _describe_input(planned: PlannedInput) -> dict[str, Any]:
    item, template = planned.item, planned.item.template
    described: dict[str, Any] = {
        "index": item.index,
        "aliases": list(item.aliases),
        "attribute": planned.attribute,
        "node_id": item.node_id,
        "node_type": item.node_type,
        "field": item.field,
        "label": item.label,
        "description": item.description,
        "field_type": {"name": template.type.name, "cardinality": template.type.cardinality},
        "required": planned.type.default is None,
        "nullable": planned.type.nullable,
        "connected": item.connected,
        "limits": planned.limits,
        "choices": list(planned.type.choices),
    }
    if item.value is not MISSING:
        described["value"] = item.value
    return described


def _print_line(value: dict[str, Any]) -> None:
    say_json(pieces(value, _JSON))


def _print_tables(source: Source, plan: ModulePlan) -> None:
    schema = plan.reading.schema
    say(f"{source.shown}: {plan.title}")
    say(f"class {plan.class_name}, node schemas of InvokeAI {schema.version} ({schema.origin})")
    print_table(("Index", "Attribute", "Type", "Default", "Label"), map(_input_row, plan.inputs), right=("Index",))
    print_table(("Output", "Type", "Node"), map(_output_row, plan.outputs))


def _input_row(planned: PlannedInput) -> tuple[str, ...]:
    return (
        ", ".join(map(str, planned.indices)),
        planned.attribute,
        planned.type.summary,
        _default(planned),
        planned.item.label,
    )


def _output_row(planned: PlannedOutput) -> tuple[str, ...]:
    kind = result_type(planned.output.type.name, planned.output.type.cardinality, planned.output.many)
    return planned.attribute, str(kind), planned.output.node_label or planned.output.node_title


def _default(planned: PlannedInput) -> str:
    if planned.item.connected:
        return "fed by an edge"
    if planned.type.default is None:
        return "required"
    text = " ".join(default_in_words(planned.item, planned.type.default.code).split())
    return text if len(text) <= 40 else f"{text[:39]}…"
