"""Modules: the inputs and outputs of a generated module, as its callers see them, whatever the node schemas."""

from __future__ import annotations

from typing import Any

from invokable.cli.showing.interface_tables import default_cell, print_tables
from invokable.codegen import Source
from invokable.contract.fields import FieldType
from invokable.contract.interface import Input, Interface, Output
from invokable.contract.interface.words import accepted_in_words


def describe_module(interface: Interface) -> dict[str, Any]:
    """An interface as a JSON object, with the keys of a workflow as far as a module has them."""
    return {
        "class_name": interface.class_name,
        "schema": {"version": interface.schema, "origin": "module"},
        "inputs": map(_describe_input, interface.inputs),
        "outputs": [
            {
                "attribute": output.attribute,
                "node_id": output.node_id,
                "field": output.field,
                "type": FieldType.parse(output.type).name,
                "many": output.many,
            }
            for output in interface.outputs
        ],
        "index_map_checksum": interface.checksum,
        "warnings": [],
    }


def print_module(source: Source, interface: Interface) -> None:
    """Print an interface as tables."""
    print_tables(
        f"{source.shown}: the module of {interface.source}",
        f"class {interface.class_name}, node schemas of InvokeAI {interface.schema}",
        map(_input_row, interface.inputs),
        map(_output_row, interface.outputs),
    )


def _describe_input(item: Input) -> dict[str, Any]:
    kind, accepted = FieldType.parse(item.type), item.accepted
    value = accepted.value
    return {
        "index": item.indices[0],
        "aliases": list(item.indices[1:]),
        "attribute": item.attribute,
        "node_id": item.node_id,
        "field": item.field,
        "label": item.label,
        "field_type": {"name": kind.name, "cardinality": kind.cardinality},
        "required": item.default is None,
        "nullable": accepted.none,
        "connected": item.connected,
        "limits": value.limits.to_json() if value else {},
        "choices": list(value.choices) if value else [],
    }


def _input_row(item: Input) -> tuple[str, ...]:
    return (
        ", ".join(map(str, item.indices)),
        item.attribute,
        accepted_in_words(item.accepted, item.type),
        default_cell(item.default, connected=item.connected),
        item.label,
    )


def _output_row(output: Output) -> tuple[str, ...]:
    accepted = output.accepted
    choices = accepted.value is not None and accepted.value.choices
    return output.attribute, accepted_in_words(accepted, "") if choices else output.annotation, output.node_id
