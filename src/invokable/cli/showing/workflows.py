"""Workflows: the inputs and outputs of the module that a workflow would get."""

from __future__ import annotations

from typing import Any

from invokable.cli.showing.interface_tables import default_cell, print_tables
from invokable.codegen import ModulePlan, Source
from invokable.codegen.plan import PlannedInput, PlannedOutput
from invokable.codegen.typing.words import default_in_words
from invokable.schema.model import MISSING
from invokable.workflow.batch_data import batch_data


def describe_workflow(plan: ModulePlan, *, graph: bool) -> dict[str, Any]:
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


def print_workflow(source: Source, plan: ModulePlan) -> None:
    """Print a plan as tables."""
    schema = plan.reading.schema
    print_tables(
        f"{source.shown}: {plan.title}",
        f"class {plan.class_name}, node schemas of InvokeAI {schema.version} ({schema.origin})",
        map(_input_row, plan.inputs),
        map(_output_row, plan.outputs),
    )


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


def _input_row(planned: PlannedInput) -> tuple[str, ...]:
    item, default = planned.item, planned.type.default
    words = None if default is None else default_in_words(item, default.code)
    return (
        ", ".join(map(str, planned.indices)),
        planned.attribute,
        planned.type.summary,
        default_cell(words, connected=item.connected),
        item.label,
    )


def _output_row(planned: PlannedOutput) -> tuple[str, ...]:
    return planned.attribute, str(planned.annotation), planned.output.node_label or planned.output.node_title
