"""Compare: the changes to node types between two InvokeAI versions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from invokable.contract.listing import any_of, counted
from invokable.schema.model import MISSING, InputTemplate, NodeTemplate, Schema

NodeChangeKind: TypeAlias = Literal[
    "gone", "new", "version", "input-gone", "input-new", "input-changed", "output-gone", "output-new", "output-changed"
]

_MOST_LISTED: Final = 50
"""Choices, and changes of a kind to a node type, that are listed: many node types may share a list of thousands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeChange:
    """A difference in a node type between two schemas."""

    kind: NodeChangeKind
    node_type: str
    field: str = ""
    """The input or output; empty if the node as a whole changed, or more than are listed."""
    aspect: str = ""
    """What changed about a field: `type`, `default`, `limits` and so on."""
    before: str = ""
    """The old value; for choices, those removed."""
    after: str = ""
    """The new value; for choices, those added."""
    unlisted: int = 0
    """The number of changes that it stands for, if there are too many to list them."""

    def __str__(self) -> str:
        if self.unlisted:
            part, _, change = self.kind.partition("-")
            return f"{counted(self.unlisted, f'more {part}')}: {change}"
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


@dataclass(slots=True)
class _Few:
    """Counts the changes to a node type, so that only the first of each kind are listed."""

    node_type: str
    _counts: Counter[NodeChangeKind] = field(default_factory=Counter)

    def lists(self, kind: NodeChangeKind) -> bool:
        """Count a change; return whether it is listed."""
        self._counts[kind] += 1
        return self._counts[kind] <= _MOST_LISTED

    def rest(self) -> Iterator[NodeChange]:
        """How many of each kind are not listed."""
        for kind, count in self._counts.items():
            if count > _MOST_LISTED:
                yield NodeChange(kind=kind, node_type=self.node_type, unlisted=count - _MOST_LISTED)


def _of_inputs(node_type: str, old: NodeTemplate, new: NodeTemplate) -> Iterator[NodeChange]:
    few = _Few(node_type)
    for name, template in old.inputs.items():
        if name not in new.inputs:
            if few.lists("input-gone"):
                yield NodeChange(kind="input-gone", node_type=node_type, field=name, before=str(template.type))
            continue
        for aspect, before, after in _changed(template, new.inputs[name]):
            if few.lists("input-changed"):
                yield NodeChange(
                    kind="input-changed", node_type=node_type, field=name, aspect=aspect, before=before, after=after
                )
    for name, template in new.inputs.items():
        if name not in old.inputs and few.lists("input-new"):
            after_type = f"{template.type}, required" if template.required else str(template.type)
            yield NodeChange(kind="input-new", node_type=node_type, field=name, after=after_type)
    yield from few.rest()


def _of_outputs(node_type: str, old: NodeTemplate, new: NodeTemplate) -> Iterator[NodeChange]:
    few = _Few(node_type)
    for name, template in old.outputs.items():
        if name not in new.outputs:
            if few.lists("output-gone"):
                yield NodeChange(kind="output-gone", node_type=node_type, field=name, before=str(template.type))
        elif template.type != new.outputs[name].type and few.lists("output-changed"):
            yield NodeChange(
                kind="output-changed",
                node_type=node_type,
                field=name,
                aspect="type",
                before=str(template.type),
                after=str(new.outputs[name].type),
            )
    for name, template in new.outputs.items():
        if name not in old.outputs and few.lists("output-new"):
            yield NodeChange(kind="output-new", node_type=node_type, field=name, after=str(template.type))
    yield from few.rest()


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
        yield "choices", _first(gone), _first(added)


def _first(choices: Sequence[str]) -> str:
    """The first choices, and how many more there are."""
    if len(choices) <= _MOST_LISTED:
        return ", ".join(choices)
    return f"{', '.join(choices[:_MOST_LISTED])} and {len(choices) - _MOST_LISTED} more"


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
