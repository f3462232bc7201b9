"""Update nodes of other versions to the schema's: add new inputs, remove old ones."""

from __future__ import annotations

import copy
import re

from invokable.contract.fields import DYNAMIC_INPUT
from invokable.schema.fields import DEFAULT_SCHEDULER
from invokable.schema.model import MISSING, InputTemplate, NodeTemplate, Schema
from invokable.workflow.errors import Findings, pointer, quoted
from invokable.workflow.model import EXTRA_INPUTS, Edge, Input, InvocationNode, ParsedWorkflow
from invokable.workflow.values import ValueParser

# Values for new fields whose template has no default. This does not repeat the template's defaults: an optional
# collection of integers has none, and the editor sets a plain 0.
_FALLBACKS: dict[str, object] = {
    "EnumField": "",
    "BooleanField": False,
    "ColorField": {"r": 0, "g": 0, "b": 0, "a": 1},
    "FloatField": 0,
    "IntegerField": 0,
    "LoRAField": [],
    "SchedulerField": DEFAULT_SCHEDULER,
    "SavedWorkflowField": "",
    "StringField": "",
}
_VERSION = re.compile(r"([0-9]{1,18})\.([0-9]{1,18})\.([0-9]{1,18})(?:\.[0-9]{1,18})?")


_NEWER = "choose the version of InvokeAI that exported the workflow, with --schema or --server"


def update_nodes(workflow: ParsedWorkflow, schema: Schema, findings: Findings) -> None:
    """Update every node whose version is not its template's, in either direction, within one major version.

    A node of another major version is left unchanged.
    """
    connected = _connected_inputs(workflow.edges)
    values = ValueParser(schema)
    for node in workflow.invocations():
        template = node.template(schema)
        if template is None or node.version == template.version:
            continue
        before, after = _parts(node.version), _parts(template.version)
        if before is None or after is None or before[0] > after[0]:
            findings.problem(
                f"{node.described()} has version {quoted(node.version)}, InvokeAI {schema.version} has"
                f" {template.version}; a newer node cannot be downgraded",
                pointer_to(node, "version"),
                lambda: _NEWER,
            )
            continue
        if before[0] < after[0]:
            # The editor sends such a node unchanged, so nothing is lost.
            findings.warn(
                f"{node.described()} has version {quoted(node.version)}, too old to be updated to {template.version};"
                " it is sent unchanged",
                pointer_to(node, "version"),
            )
            continue
        for name in node.inputs:
            if name.startswith(DYNAMIC_INPUT):
                message = (
                    f"{node.described()} would lose its input {quoted(name)} when it is updated to {template.version}"
                )
                findings.problem(message, pointer_to(node, "inputs", name))
        _update(node, template, values, connected.get(node.id, set()))


def pointer_to(node: InvocationNode, *parts: str) -> str:
    """Return the JSON pointer of an item in a node's data."""
    return node.pointer + pointer(*parts)


def _connected_inputs(edges: list[Edge]) -> dict[str, set[str]]:
    connected: dict[str, set[str]] = {}
    for edge in edges:
        if edge.type == "default":
            connected.setdefault(edge.target, set()).add(edge.target_handle)
    return connected


def _parts(version: str) -> tuple[int, int, int] | None:
    match = _VERSION.fullmatch(version)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def _update(node: InvocationNode, template: NodeTemplate, values: ValueParser, connected: set[str]) -> None:
    before = _parts(node.version)
    node.version = template.version
    for name, field in template.inputs.items():
        fresh = _fresh_value(field)
        if name not in node.inputs:
            node.inputs[name] = Input(name=field.name, value=fresh)
        elif node.inputs[name].value is MISSING:
            node.inputs[name].value = fresh
        else:
            filled = _filled(node.inputs[name].value, fresh)
            # The default may be of another kind; parsing the value again strips the keys that it got from there.
            parsed = values.parse(filled, node_type=node.type, field=name)
            node.inputs[name].value = filled if parsed is MISSING else parsed
    if node.type == "image_collection" and before is not None and before < (1, 0, 2):
        _move_images(node, connected)
    extras = [name for name in node.inputs if name not in template.inputs]
    kept = [*template.inputs, *extras] if node.type in EXTRA_INPUTS else list(template.inputs)
    node.inputs = {name: node.inputs[name] for name in kept}


def _fresh_value(field: InputTemplate) -> object:
    if field.default is not MISSING and field.default is not None:
        return copy.deepcopy(field.default)
    return copy.deepcopy(_FALLBACKS.get(field.type.name, MISSING))


def _filled(value: object, defaults: object) -> object:
    """Return a value completed from `defaults`: missing keys at any depth, and the tail of a shorter array."""
    if isinstance(value, dict) and isinstance(defaults, dict):
        return value | {
            key: _filled(value[key], default) if key in value else default for key, default in defaults.items()
        }
    if isinstance(value, list) and isinstance(defaults, list):
        filled = [
            _filled(item, default) if isinstance(item, dict) and isinstance(default, dict) else item
            for item, default in zip(value, defaults, strict=False)
        ]
        return [*filled, *value[len(filled) :], *defaults[len(value) :]]
    return value


def _move_images(node: InvocationNode, connected: set[str]) -> None:
    """Move the images of an old `image_collection` from `collection` to the new field."""
    collection, images = node.inputs.get("collection"), node.inputs.get("images")
    if collection is None or images is None or not isinstance(collection.value, list):
        return
    if (isinstance(images.value, list) and images.value) or "collection" in connected:
        return
    images.value, collection.value = collection.value, []
