"""Destinations: what an input feeds, in words, and what its value means there.

A primitive says nothing of what its value is for: the field behind it does. A prompt is for the positive or for the
negative side, which only the graph knows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from invokable.codegen.describing.glossary import Entry, entry_of
from invokable.codegen.typing.words import cut
from invokable.workflow.feeding import Fed, Feeding

if TYPE_CHECKING:
    from invokable.schema.model import InputTemplate, Schema
    from invokable.workflow import FormInput, Reading
    from invokable.workflow.model import InvocationNode

_MOST: Final = 3  # nodes that are named
_LONGEST: Final = 60  # characters of a node's name


@dataclass(frozen=True, slots=True)
class Destination:
    """What is known about an input from where its value goes."""

    entry: Entry | None = None
    """What the glossary says about the field that gets the value, or else about the input's own."""
    side: str = ""
    """The only conditioning that it feeds, `positive` or `negative`; empty when it feeds both or none."""
    feeds: str = ""
    """Which fields and which conditioning it feeds; empty where the input's own node and name say it."""
    fields: tuple[InputTemplate, ...] = ()
    """The templates of the fields that get the value as it is given."""

    @property
    def does(self) -> str:
        """What the input does, in a sentence or two; empty when the glossary does not know it."""
        if self.entry is None:
            return ""
        return self.entry.negative if self.side == "negative" and self.entry.negative else self.entry.text

    @property
    def values(self) -> str:
        """What some of its values mean; empty when there is nothing to say about them."""
        return self.entry.values if self.entry else ""

    @property
    def without(self) -> str:
        """What happens when nothing is given; empty when the glossary does not know it."""
        return self.entry.without if self.entry else ""


class Destinations:
    """The destinations of a workflow's inputs."""

    def __init__(self, reading: Reading) -> None:
        self._schema = reading.schema
        self._feeding = Feeding(reading)

    def of(self, item: FormInput) -> Destination:
        """What is known about an input from where its value goes."""
        own = _entry(item.node_type, item.template)
        fed = self._feeding.fed_by(item.node_id, item.field)
        sides = self._sides(fed)
        straight = [
            (one.node.type, field)
            for one in fed
            if one.through is None and (field := one.node.input_template(self._schema, one.field))
        ]
        entries = (_entry(node_type, field) for node_type, field in straight)
        told = not self._feeding.hands_on(item.node_id, item.field) or (own is not None and not straight)
        return Destination(
            entry=next(filter(None, entries), own),
            side=next(iter(sides)) if len(sides) == 1 else "",
            feeds=self._feeds([] if told else fed, sides),
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
            parts.append(f"by way of {joined(list(through))}")
        if sides:
            about = " and ".join(
                f"the {side} conditioning of {joined([node_name(node, self._schema) for node in nodes])}"
                for side, nodes in sides.items()
            )
            parts.append(f"for {about}" if parts else about)
        return f"Feeds {', '.join(parts)}." if parts else ""


def node_name(node: InvocationNode, schema: Schema) -> str:
    """What the editor calls a node, on one line: its label, else the title of its type. Long ones are cut."""
    name = " ".join((node.label.strip() or _title(node, schema)).split())
    return cut(name, _LONGEST)


def _title(node: InvocationNode, schema: Schema) -> str:
    template = node.template(schema)
    return template.title if template else node.type


def _entry(node_type: str, field: InputTemplate) -> Entry | None:
    return entry_of(node_type, field.name, str(field.type))


def joined(names: list[str]) -> str:
    """`A, B and C`; several of one name are counted, and many cut short."""
    counted = [f"{name} ({count} nodes)" if (count := names.count(name)) > 1 else name for name in dict.fromkeys(names)]
    more = len(counted) - _MOST
    return _and([*counted[:_MOST], f"{more} more"] if more > 0 else counted)


def _and(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
