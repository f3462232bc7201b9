"""Destinations: what an input feeds, and what its value means there.

A primitive node does not say what its value is for; the field that it feeds does. Only the graph shows whether a
prompt is positive or negative.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from invokable.codegen.describing.glossary import Entry, entry_of
from invokable.codegen.typing.words import cut
from invokable.contract.listing import all_of
from invokable.workflow.feeding import Fed, Feeding

if TYPE_CHECKING:
    from invokable.schema.model import InputTemplate, Schema
    from invokable.workflow import FormInput, Reading
    from invokable.workflow.model import InvocationNode

_MOST: Final = 3  # nodes listed
_LONGEST: Final = 60  # characters of a node's name


@dataclass(frozen=True, slots=True)
class Destination:
    """What the destination of an input's value says about it."""

    entry: Entry | None = None
    """The glossary's entry for the field that receives the value, or else for the input's own field."""
    side: str = ""
    """`positive` or `negative` if it feeds only that conditioning; else empty."""
    feeds: str = ""
    """The fields and conditioning that it feeds; empty if the input's own node and name say so."""
    fields: tuple[InputTemplate, ...] = ()
    """The templates of the fields that receive the value unchanged."""

    @property
    def does(self) -> str:
        """What the input does, in a sentence or two; empty without a glossary entry."""
        if self.entry is None:
            return ""
        return self.entry.negative if self.side == "negative" and self.entry.negative else self.entry.text

    @property
    def values(self) -> str:
        """What some of its values mean; may be empty."""
        return self.entry.values if self.entry else ""

    @property
    def without(self) -> str:
        """What happens if the input is omitted; empty if the glossary does not say."""
        return self.entry.without if self.entry else ""


class Destinations:
    """The destinations of a workflow's inputs."""

    def __init__(self, reading: Reading) -> None:
        self._schema = reading.schema
        self._feeding = Feeding(reading)

    def of(self, item: FormInput) -> Destination:
        """The destination of an input's value."""
        own = _entry(item.node_type, item.template)
        fed = self._feeding.fed_by(item.node_id, item.field)
        sides = self._sides(fed)
        straight = [
            (one.node.type, field)
            for one in fed
            if one.through is None and (field := one.node.input_template(self._schema, one.field))
        ]
        entries = (_entry(node_type, field) for node_type, field in straight)
        passed_on = self._feeding.passes_on(item.node_id, item.field)
        explicit = not passed_on or (own is not None and not straight)
        if passed_on and explicit and item.template.type.name != "StringField":
            sides = {}  # a number of lines to read is not a prompt
        return Destination(
            entry=next(filter(None, entries), own),
            side=next(iter(sides)) if len(sides) == 1 else "",
            feeds=self._feeds([] if explicit else fed, sides),
            fields=tuple(field for _, field in straight),
        )

    def _sides(self, fed: Iterable[Fed]) -> dict[str, list[InvocationNode]]:
        found: dict[str, list[InvocationNode]] = {}
        for one in fed:
            for side, nodes in self._feeding.sides(one.node.id).items():
                known = found.setdefault(side, [])
                known += [node for node in nodes if node not in known]
        return found

    def _feeds(self, fed: list[Fed], sides: dict[str, list[InvocationNode]]) -> str:
        """`Feeds Prompt of Prompt - SDXL, for the positive conditioning of Denoise - SD1.5, SDXL.`"""
        by_node: dict[str, list[str]] = {}
        for one in fed:
            template = one.node.input_template(self._schema, one.field)
            title = template.title if template else one.field
            titles = by_node.setdefault(node_name(one.node, self._schema), [])
            if title not in titles:
                titles.append(title)
        parts = []
        if by_node:
            parts.append(joined([f"{joined(titles)} of {name}" for name, titles in by_node.items()]))
        through = dict.fromkeys(_title(one.through, self._schema) for one in fed if one.through is not None)
        if through and all(one.through for one in fed):
            parts.append(f"through {joined(list(through))}")
        if sides:
            about = all_of(
                f"the {side} conditioning of {joined([node_name(node, self._schema) for node in nodes])}"
                for side, nodes in sides.items()
            )
            parts.append(f"for {about}" if parts else about)
        return f"Feeds {', '.join(parts)}." if parts else ""


def node_name(node: InvocationNode, schema: Schema) -> str:
    """A node's name in InvokeAI's editor, on one line: its label, else the title of its type. Long names are cut."""
    name = " ".join((node.label.strip() or _title(node, schema)).split())
    return cut(name, _LONGEST)


def _title(node: InvocationNode, schema: Schema) -> str:
    template = node.template(schema)
    return template.title if template else node.type


def _entry(node_type: str, field: InputTemplate) -> Entry | None:
    return entry_of(node_type, field.name, str(field.type))


def joined(names: list[str]) -> str:
    """`A, B and C`; equal names are counted, and a long list is cut short."""
    counted = [f"{name} ({count} nodes)" if (count := names.count(name)) > 1 else name for name in dict.fromkeys(names)]
    more = len(counted) - _MOST
    return all_of([*counted[:_MOST], f"{more} more"] if more > 0 else counted)
