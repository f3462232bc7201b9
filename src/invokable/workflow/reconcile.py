"""Reconcile the form with the nodes, once these are known.

Older formats list the fields that they expose instead of having a form; and a form may show what no longer exists.
"""

from __future__ import annotations

from functools import partial

from invokable.schema.model import Schema
from invokable.workflow.errors import Findings, nearest, pointer, quoted
from invokable.workflow.form import at, default_settings
from invokable.workflow.model import FieldRef, FormElement, InvocationNode, ParsedWorkflow, default_form


def adopt_exposed_fields(workflow: ParsedWorkflow, schema: Schema, findings: Findings) -> None:
    """Turn a workflow's list of exposed fields into a form, if its form is empty.

    The list is ignored if the form has any elements. Entries with an unknown node or field are left out.
    """
    if not workflow.exposed_fields or not workflow.form.empty:
        return
    nodes = workflow.by_id()
    form = default_form()
    root = form.elements[form.root]
    for index, ref in enumerate(workflow.exposed_fields):
        node = nodes.get(ref.node_id)
        template = node.input_template(schema, ref.field_name) if isinstance(node, InvocationNode) else None
        if template is None or not isinstance(node, InvocationNode) or node.template(schema) is None:
            shown = f"{ref.node_id}.{ref.field_name}"
            findings.problem(
                f"the workflow exposes {quoted(shown)}, which does not exist", pointer("exposedFields", index)
            )
            continue
        key = f"node-field-{len(root.children)}"
        root.children.append(key)
        form.elements[key] = FormElement(
            key=key,
            id=key,
            kind="node-field",
            parent_id=root.id,
            node_id=ref.node_id,
            field_name=ref.field_name,
            show_description=False,
            settings=default_settings(template.type),
            exposed=index,
        )
    workflow.form = form


def _where(element: FormElement) -> str:
    """The pointer to an element, or to the exposed field that it stands for."""
    return at(element.key) if element.exposed is None else pointer("exposedFields", element.exposed)


def rename_fields(workflow: ParsedWorkflow) -> None:
    """Update references to the only renamed field: `collection` of `image_collection` became `images`."""
    nodes = workflow.by_id()

    def renamed(node_id: str, field_name: str) -> str:
        node = nodes.get(node_id)
        if (
            isinstance(node, InvocationNode)
            and node.type == "image_collection"
            and field_name == "collection"
            and "images" in node.inputs
        ):
            return "images"
        return field_name

    workflow.exposed_fields = [
        FieldRef(ref.node_id, renamed(ref.node_id, ref.field_name)) for ref in workflow.exposed_fields
    ]
    for element in workflow.form.elements.values():
        if element.kind == "node-field":
            element.field_name = renamed(element.node_id, element.field_name)


def prune_form(workflow: ParsedWorkflow, schema: Schema, findings: Findings) -> None:
    """Remove the elements for fields that do not exist. Those that the schema lacks remain, without an input."""
    nodes = workflow.by_id()
    form = workflow.form
    for element in list(form.elements.values()):
        if element.kind != "node-field":
            continue
        node = nodes.get(element.node_id)
        inputs = node.inputs if isinstance(node, InvocationNode) else {}
        if isinstance(node, InvocationNode) and element.field_name in inputs:
            if node.template(schema) and node.input_template(schema, element.field_name) is None:
                message = (
                    f"the form shows {quoted(element.field_name)} of {node.described()}, for which"
                    f" InvokeAI {schema.version} has no input; the editor shows an error in its place"
                )
                findings.problem(message, _where(element))
            continue
        if node is None:
            message = f"the form shows a field of node {quoted(element.node_id)}, which does not exist"
            suggest = partial(nearest, element.node_id, nodes)
        else:
            described = node.described() if isinstance(node, InvocationNode) else quoted(node.id)
            message = f"the form shows {quoted(element.field_name)} of {described}, which has no such field"
            suggest = partial(nearest, element.field_name, inputs)
        findings.problem(message, _where(element), suggest)
        del form.elements[element.key]
    for element in form.elements.values():
        # The editor leaves the ids of removed elements in their parents, and then refuses its own workflow.
        element.children = [child for child in element.children if child in form.elements]
