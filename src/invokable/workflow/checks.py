"""Find what would be dropped silently: node types, fields and values that the schema does not know."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import partial

from invokable.contract.fields import CALL, CALLED_INPUTS, DYNAMIC_INPUT, Choices
from invokable.contract.limits import NO_LIMITS, Limits
from invokable.contract.listing import all_of
from invokable.schema import versions_with_field, versions_with_node
from invokable.schema.model import MISSING, InputTemplate, NodeTemplate, Schema
from invokable.workflow.errors import Findings, nearest, pointer, quoted
from invokable.workflow.model import (
    EXTRA_INPUTS,
    Input,
    InvocationNode,
    ParsedWorkflow,
)
from invokable.workflow.update import pointer_to

_SET_AGAIN = "set it in the editor and export the workflow again; --lenient reads the file without it"

_CUSTOM = "read the schema of a custom node from a server that has it: --server URL"


def mark_dropped(workflow: ParsedWorkflow, dropped: Iterable[tuple[int, str]]) -> None:
    """Mark the inputs whose value a migration dropped: position of the node, key of the input."""
    for position, key in dropped:
        node = workflow.nodes[position]
        if isinstance(node, InvocationNode):
            node.inputs[key].dropped = True


def check_ids(workflow: ParsedWorkflow, findings: Findings) -> None:
    """Find nodes that share an id; edges and form elements can only refer to the first."""
    seen: set[str] = set()
    for index, node in enumerate(workflow.nodes):
        if node.id in seen:
            findings.problem(f"two nodes have the id {quoted(node.id)}", pointer("nodes", index, "id"))
        seen.add(node.id)


def check_form(workflow: ParsedWorkflow, findings: Findings) -> None:
    """Find a form that the editor ignores, because it cannot read a part of it."""
    if workflow.form.ignored_for is not None:
        unreadable, where = workflow.form.ignored_for
        findings.problem(f"the editor cannot read {unreadable}, so it ignores the whole form", where)


def check_node_types(workflow: ParsedWorkflow, schema: Schema, findings: Findings) -> None:
    """Find nodes of a type that the schema does not know. They are left out of the graph."""
    unknown = [node for node in workflow.invocations() if node.template(schema) is None]
    others = sorted({node.type for node in unknown} - {unknown[0].type}) if unknown else []
    # If it is an error, the first message is the only one, so it names the other types too.
    nor = f" (also unknown: {', '.join(map(quoted, others[:5]))})" if others else ""
    for node in unknown:
        message = f"{node.described()} has a type that InvokeAI {schema.version} does not know{nor}"
        findings.problem(message, pointer_to(node, "type"), partial(_suggest_node, node.type, schema))
        nor = ""


def check_fields(workflow: ParsedWorkflow, schema: Schema, findings: Findings) -> None:
    """Find inputs that have a value but no template. They are left out of the graph."""
    for node in workflow.invocations():
        template = node.template(schema)
        if template is None or node.type in EXTRA_INPUTS:
            continue
        for name, entry in node.inputs.items():
            if _is_lost(node, name, entry, schema):
                findings.problem(
                    f"{node.described()} has no field {quoted(name)} in InvokeAI {schema.version}",
                    pointer_to(node, "inputs", name),
                    partial(_suggest_field, node, name, template),
                )


def check_values(
    workflow: ParsedWorkflow, schema: Schema, fed: Collection[tuple[str, str]], findings: Findings
) -> None:
    """Find values that the editor does not understand and no edge replaces. They are dropped."""
    for node in workflow.invocations():
        if node.template(schema) is None:
            continue
        for name, entry in node.inputs.items():
            template = node.input_template(schema, name)
            if entry.dropped and template is not None:
                found = f"the value of {quoted(name)} of {node.described()}"
                message = f"the editor cannot read {found}; expected a value of type {template.type}"
                where = pointer_to(node, "inputs", name) + pointer("value")
                if (node.id, name) in fed:
                    findings.warn(message, where)
                else:
                    findings.problem(message, where, lambda: _SET_AGAIN)


def check_required(
    workflow: ParsedWorkflow, schema: Schema, given: Collection[tuple[str, str]], findings: Findings
) -> None:
    """Find nodes without a value that they require; an edge or the form provides those that are `given`."""
    for node in workflow.invocations():
        template = node.template(schema)
        if template is None or not node.executable:
            continue
        missing = [
            quoted(name)
            for name, field in template.inputs.items()
            if field.required and (node.id, name) not in given and not _has_value(node.inputs.get(name))
        ]
        if missing:
            findings.warn(
                f"{node.described()} has no value, edge or form field for {all_of(missing)}, which it requires;"
                " a run fails at this node",
                pointer_to(node, "inputs"),
            )


def check_fixed_values(
    workflow: ParsedWorkflow, schema: Schema, given: Collection[tuple[str, str]], findings: Findings
) -> None:
    """Find values outside the limits or choices of their fields that nobody can replace: those that are not `given`."""
    for node in workflow.invocations():
        if node.template(schema) is None or not node.executable:
            continue
        for name, entry in node.inputs.items():
            template = node.input_template(schema, name)
            misfit = _misfit(entry.value, template) if template and (node.id, name) not in given else ""
            if misfit:
                findings.warn(
                    f"the value of {quoted(name)} of {node.described()} {misfit}, so the server may refuse every run;"
                    " add the field to the form, or correct the value in the editor",
                    pointer_to(node, "inputs", name) + pointer("value"),
                )


def _misfit(value: object, template: InputTemplate) -> str:
    """Why a number, a text or a list is outside the limits or choices of its field; empty for other values."""
    if not isinstance(value, list):
        return _misfit_of_one(value, template.limits, template.options)
    items = template.limits.item or NO_LIMITS
    misfits = (_misfit_of_one(item, items, template.options) for item in value)
    first = next((f"has an item that {misfit}" for misfit in misfits if misfit), "")
    return template.limits.misfit_of_list(value) or first


def _misfit_of_one(value: object, limits: Limits, options: Choices) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return ""
    if options and value not in options:
        return f"is {quoted(value)}, which is not one of its choices"
    return limits.misfit_of_one(value)


def _has_value(entry: Input | None) -> bool:
    return entry is not None and entry.value is not MISSING and entry.value is not None


def _is_lost(node: InvocationNode, name: str, entry: Input, schema: Schema) -> bool:
    if node.input_template(schema, name) is not None:
        return False
    if node.type == CALL and (name.startswith(DYNAMIC_INPUT) or name == CALLED_INPUTS):
        return False
    return entry.value is not MISSING or entry.dropped


def _suggest_node(node_type: str, schema: Schema) -> str:
    if known := _known_in(versions_with_node(node_type)):
        return known
    similar = nearest(node_type, schema.nodes)
    return f"{similar} Otherwise {_CUSTOM}" if similar else _CUSTOM


def _suggest_field(node: InvocationNode, name: str, template: NodeTemplate) -> str | None:
    # A misspelled name can only mean a field that the node does not have yet.
    unused = [field for field in template.inputs if field not in node.inputs]
    return nearest(name, unused) or _known_in(versions_with_field(node.type, name))


def _known_in(versions: tuple[str, ...]) -> str | None:
    if not versions:
        return None
    first, last = versions[0], versions[-1]
    return f"InvokeAI {f'{first} has' if first == last else f'{first} to {last} have'} it: --schema {last}"
