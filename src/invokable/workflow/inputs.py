"""The fields that the form shows, in display order, with their positions."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from invokable.schema.model import MISSING, InputTemplate, Schema
from invokable.workflow.errors import pointer
from invokable.workflow.form import setting, shown_elements
from invokable.workflow.model import (
    BATCH_COLLECTIONS,
    BATCH_GROUP,
    FormElement,
    InvocationNode,
    ParsedWorkflow,
)
from invokable.workflow.reading import FormInput, OutlineItem
from invokable.workflow.update import pointer_to

_NUMBER_SETTINGS = {"FloatField": "float-field-config", "IntegerField": "integer-field-config"}


@dataclass(slots=True)
class _Shown:
    element: FormElement
    node: InvocationNode
    template: InputTemplate
    indices: list[int] = field(default_factory=list)


def discover_form(
    workflow: ParsedWorkflow, schema: Schema, fed: Collection[tuple[str, str]]
) -> tuple[tuple[FormInput, ...], tuple[OutlineItem, ...]]:
    """Return the form's inputs and its outline; `fed` has the fields that edges feed.

    A field with an unknown node type or template is counted but is not an input: the editor shows an
    error in its place.
    """
    nodes = workflow.by_id()
    shown: dict[tuple[str, str], _Shown] = {}
    outline: list[OutlineItem] = []
    count = 0
    for element, depth in shown_elements(workflow.form):
        if element.kind != "node-field":
            outline.append(_outline_item(element, depth))
            continue
        index, count = count, count + 1
        node = nodes.get(element.node_id)
        if not isinstance(node, InvocationNode) or node.template(schema) is None:
            continue
        template = node.input_template(schema, element.field_name)
        if template is None:
            continue
        # A field may be shown many times; the limits and choices of the first element apply.
        entry = shown.setdefault(
            (element.node_id, element.field_name), _Shown(element, node, _settable(node, element.field_name, template))
        )
        entry.indices.append(index)
        label = node.inputs[element.field_name].label or template.title
        outline.append(OutlineItem("field", depth, label, index))
    inputs = tuple(_form_input(entry, schema, fed) for entry in shown.values())
    return inputs, tuple(outline)


def _settable(node: InvocationNode, field_name: str, template: InputTemplate) -> InputTemplate:
    """The template, with no choice left for the group of a batch: batches are grouped when the workflow is read."""
    if node.type not in BATCH_COLLECTIONS or field_name != BATCH_GROUP:
        return template
    stored = node.inputs[field_name].value
    group = template.default if stored is MISSING else stored
    return replace(template, options=(group,)) if isinstance(group, str) else template


def _outline_item(element: FormElement, depth: int) -> OutlineItem:
    match element.kind:
        case "heading":
            return OutlineItem("heading", depth, element.content, None)
        case "text":
            return OutlineItem("text", depth, element.content, None)
        case "divider":
            return OutlineItem("divider", depth, "", None)
        case _:
            return OutlineItem("container", depth, element.layout, None)


def _form_input(shown: _Shown, schema: Schema, fed: Collection[tuple[str, str]]) -> FormInput:
    element, node, template = shown.element, shown.node, shown.template
    entry = node.inputs[element.field_name]
    is_given = entry.dropped or entry.value is not MISSING
    numbers = _NUMBER_SETTINGS.get(template.type.name, "")
    return FormInput(
        index=shown.indices[0],
        aliases=tuple(shown.indices[1:]),
        node_id=node.id,
        field=element.field_name,
        label=entry.label or template.title,
        user_label=entry.label,
        description=entry.description or template.description,
        node_type=node.type,
        node_label=node.label,
        node_title=schema.nodes[node.type].title,
        template=template,
        minimum=_limit(setting(element, numbers, "min")),
        maximum=_limit(setting(element, numbers, "max")),
        options=_options(element, template),
        connected=(node.id, element.field_name) in fed,
        value=entry.value,
        pointer=pointer_to(node, "inputs", element.field_name) + (pointer("value") if is_given else ""),
    )


def _limit(value: object) -> float | None:
    return value if isinstance(value, (int, float)) else None


def _options(element: FormElement, template: InputTemplate) -> tuple[tuple[str, str], ...]:
    options = setting(element, "string-field-config", "options")
    if (template.type.name, template.type.cardinality) != ("StringField", "SINGLE") or not isinstance(options, list):
        return ()
    return tuple(
        (option["value"], option["label"] or option["value"] or f"Option {number}")
        for number, option in enumerate(options, start=1)
    )
