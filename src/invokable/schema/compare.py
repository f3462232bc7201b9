"""Compare: the changes to node types between two InvokeAI versions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from invokable.contract.listing import any_of
from invokable.schema.model import MISSING, InputTemplate, NodeTemplate, Schema

NodeChangeKind: TypeAlias = Literal[
    "gone", "new", "version", "input-gone", "input-new", "input-changed", "output-gone", "output-new", "output-changed"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeChange:
    """A difference in a node type between two schemas."""

    kind: NodeChangeKind
    node_type: str
    field: str = ""
    """The input or output; empty if the node as a whole changed."""
    aspect: str = ""
    """What changed about a field: `type`, `default`, `limits` and so on."""
    before: str = ""
    """The old value; for choices, those removed."""
    after: str = ""
    """The new value; for choices, those added."""

    def __str__(self) -> str:
        match self.kind:
            case "gone":
                return f"gone (was version {self.before})"
            case "new":
                return f"new, version {self.after}"
            case "version":
                return f"version {self.before}, now {self.after}"
        where = f"{self.kind.partition('-')[0]} {self.field}"
        if self.kind.endswith("-gone"):
            return f"{where}: gone ({self.before})"
        if self.kind.endswith("-new"):
            return f"{where}: new ({self.after})"
        if self.aspect == "choices":
            parts = (
                f"{word} {choices}" for word, choices in (("without", self.before), ("with", self.after)) if choices
            )
            return f"{where}: choices {' and '.join(parts)}"
        return f"{where}: {self.aspect} {self.before}, now {self.after}"


def compare_nodes(old: Schema, new: Schema, node_types: Iterable[str] | None = None) -> tuple[NodeChange, ...]:
    """Return the changes to the given node types, by default to all, in alphabetical order."""
    names = sorted(set(node_types) if node_types is not None else old.nodes.keys() | new.nodes.keys())
    return tuple(change for name in names for change in _of_node(name, old.nodes.get(name), new.nodes.get(name)))


def _of_node(name: str, old: NodeTemplate | None, new: NodeTemplate | None) -> Iterator[NodeChange]:
    if old is None or new is None:
        if old is not None:
            yield NodeChange(kind="gone", node_type=name, before=old.version)
        if new is not None:
            yield NodeChange(kind="new", node_type=name, after=new.version)
        return
    if old.version != new.version:
        yield NodeChange(kind="version", node_type=name, before=old.version, after=new.version)
    yield from _of_inputs(name, old, new)
    yield from _of_outputs(name, old, new)


def _of_inputs(name: str, old: NodeTemplate, new: NodeTemplate) -> Iterator[NodeChange]:
    for field, template in old.inputs.items():
        if field not in new.inputs:
            yield NodeChange(kind="input-gone", node_type=name, field=field, before=str(template.type))
            continue
        for aspect, before, after in _changed(template, new.inputs[field]):
            yield NodeChange(
                kind="input-changed", node_type=name, field=field, aspect=aspect, before=before, after=after
            )
    for field, template in new.inputs.items():
        if field not in old.inputs:
            after_type = f"{template.type}, required" if template.required else str(template.type)
            yield NodeChange(kind="input-new", node_type=name, field=field, after=after_type)


def _of_outputs(name: str, old: NodeTemplate, new: NodeTemplate) -> Iterator[NodeChange]:
    for field, template in old.outputs.items():
        if field not in new.outputs:
            yield NodeChange(kind="output-gone", node_type=name, field=field, before=str(template.type))
        elif str(template.type) != str(new.outputs[field].type):
            yield NodeChange(
                kind="output-changed",
                node_type=name,
                field=field,
                aspect="type",
                before=str(template.type),
                after=str(new.outputs[field].type),
            )
    for field, template in new.outputs.items():
        if field not in old.outputs:
            yield NodeChange(kind="output-new", node_type=name, field=field, after=str(template.type))


def _changed(old: InputTemplate, new: InputTemplate) -> Iterator[tuple[str, str, str]]:
    """Yield aspect, before and after of every change to an input."""
    after = _aspects(new)
    for aspect, before in _aspects(old).items():
        if before != after[aspect]:
            yield aspect, before, after[aspect]
    old_options, new_options = frozenset(old.options), frozenset(new.options)
    gone = [str(option) for option in old.options if option not in new_options]
    added = [str(option) for option in new.options if option not in old_options]
    if gone or added:
        yield "choices", ", ".join(gone), ", ".join(added)


def _aspects(template: InputTemplate) -> dict[str, str]:
    limits, models = template.limits, template.models
    items = limits.item.to_json() if limits.item else {}
    wanted = (models.type, models.base, models.variant, models.format)
    return {
        "type": str(template.type),
        "connection": template.input,
        "required": "yes" if template.required else "no",
        "null": "taken" if template.nullable else "refused",
        "default": "none" if template.default is MISSING else repr(template.default),
        "limits": _listed({**limits.to_json(), **{f"{name} of items": bound for name, bound in items.items()}}),
        "models": "; ".join(any_of(part) for part in wanted if part) or "any",
    }


def _listed(limits: Mapping[str, object]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {bound}" for name, bound in limits.items()) or "none"
