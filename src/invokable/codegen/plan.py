"""Plan: everything that a module will say, decided before a line of it is written.

Reading ── names ── types ── outputs ──▶ ModulePlan ──▶ render
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from invokable.codegen.checksums import source_checksum
from invokable.codegen.hints import choose_names
from invokable.codegen.models import InstalledModel, model_choices
from invokable.codegen.names import alias_name, class_name
from invokable.codegen.outputs import FoundOutput, find_outputs
from invokable.codegen.types import Choices, InputType, effective_limits, input_type
from invokable.contract.batch import BatchSource, BatchTable, BatchTarget, ItemCheck
from invokable.contract.module import index_map_checksum

if TYPE_CHECKING:
    from invokable.workflow import FormInput, OutlineItem, Reading
    from invokable.workflow.reading import BatchDatum

_INLINE_CHOICES: Final = 60
"""Characters of a Literal that still stand inline; a longer one gets an alias."""


@dataclass(frozen=True, slots=True)
class Naming:
    """Names that are decided outside of the workflow: by the configuration, or by the module generated before."""

    inputs: Mapping[tuple[str, str], str] = field(default_factory=dict)
    outputs: Mapping[tuple[str, str], str] = field(default_factory=dict)
    nodes: Mapping[str, str] = field(default_factory=dict)
    """Nodes whose results are outputs, by id, and the attribute of each: also such as save no lasting image."""
    class_name: str | None = None


@dataclass(frozen=True, slots=True)
class PlannedInput:
    """An attribute of the dataclass."""

    attribute: str
    item: FormInput
    type: InputType
    alias: str | None
    """The name of the type alias that holds the choices, where they are many."""

    @property
    def indices(self) -> tuple[int, ...]:
        """All form indices that show this input."""
        return (self.item.index, *self.item.aliases)

    @property
    def limits(self) -> dict[str, float]:
        """The limits of the value that are set, by name."""
        return effective_limits(self.item).to_json()


@dataclass(frozen=True, slots=True)
class PlannedOutput:
    """An attribute of the result."""

    attribute: str
    output: FoundOutput


@dataclass(frozen=True, slots=True)
class ModulePlan:
    """What a generated module says."""

    class_name: str
    title: str
    source: str
    source_sha256: str
    schema_version: str
    nodes: Mapping[str, str]
    index_map: tuple[tuple[int, str, str, str], ...]
    inputs: tuple[PlannedInput, ...]
    outputs: tuple[PlannedOutput, ...]
    aliases: Mapping[str, Choices]
    models: Mapping[str, Mapping[str, InstalledModel]]
    """Installed models by attribute, then by the name that completes; empty unless they were asked for."""
    reading: Reading

    @property
    def index_map_checksum(self) -> str:
        """SHA-256 of the index map."""
        return index_map_checksum(self.index_map)

    @property
    def output_map(self) -> tuple[tuple[str, str, str, str, bool], ...]:
        """(attribute, node id, output field, type, many) of each output."""
        return tuple(
            (
                planned.attribute,
                planned.output.node_id,
                planned.output.field,
                str(planned.output.type),
                planned.output.many,
            )
            for planned in self.outputs
        )

    @property
    def batch(self) -> BatchTable:
        """The batches: where the values come from, where they go, and what the fields there take."""
        sources: dict[tuple[str, str], BatchSource] = {}
        for datum in (datum for group in self.reading.batches for datum in group.data):
            items = datum.items if datum.generator is None else None
            source = BatchSource(datum.source_node, datum.source_field, items, datum.generator)
            sources.setdefault((source.node_id, source.field), source)
        positions = {key: position for position, key in enumerate(sources)}
        groups = tuple(
            tuple(
                BatchTarget(
                    datum.node_path,
                    datum.field_name,
                    positions[datum.source_node, datum.source_field],
                    self._check_of(datum),
                )
                for datum in group.data
            )
            for group in self.reading.batches
        )
        return BatchTable(tuple(sources.values()), groups)

    def _check_of(self, datum: BatchDatum) -> ItemCheck:
        """What the field at the end of a batch edge takes: the server does not check it before the item runs."""
        node = self.reading.graph["nodes"].get(datum.node_path)
        template = node and self.reading.schema.nodes[node["type"]].inputs.get(datum.field_name)
        return ItemCheck(template.type.name, template.limits, template.options) if template else ItemCheck()


def plan_module(
    reading: Reading,
    document: object,
    *,
    source: str,
    naming: Naming | None = None,
    installed: Collection[InstalledModel] = (),
) -> ModulePlan:
    """Decide all names, types and constants of the module for a workflow.

    `document` is the workflow as it was read, whose checksum the module carries; `source` is the file's name.
    """
    naming = naming or Naming()
    found = find_outputs(reading, naming.nodes)
    names, output_names = choose_names(
        reading, found, inputs=naming.inputs, outputs_fixed={**naming.outputs, **_named_outputs(found, naming.nodes)}
    )
    name = naming.class_name or class_name(reading.workflow.name, fallback=source.rpartition(".")[0] or source)
    aliases: dict[str, Choices] = {}
    inputs = []
    for attribute, item in zip(names, reading.inputs, strict=True):
        typed = input_type(item)
        inputs.append(PlannedInput(attribute, item, typed, _alias(attribute, typed, aliases, name)))
    return ModulePlan(
        class_name=name,
        title=reading.workflow.name.strip() or source,
        source=source,
        source_sha256=source_checksum(document),
        schema_version=reading.schema.version,
        nodes=_node_versions(reading),
        index_map=_index_map(reading),
        inputs=tuple(inputs),
        outputs=tuple(PlannedOutput(*pair) for pair in zip(output_names, found, strict=True)),
        aliases=aliases,
        models={
            planned.attribute: fit for planned in inputs if (fit := model_choices(planned.item.template, installed))
        },
        reading=reading,
    )


def outline_lines(outline: tuple[OutlineItem, ...], describe: Mapping[int, str]) -> list[str]:
    """The form as lines of text: headings as they stand, fields by `describe` of their index.

    What stands in a container with a heading of its own is indented; a container that only lays fields out is not seen.
    """
    lines: list[str] = []
    titled: list[bool] = []
    for position, item in enumerate(outline):
        del titled[max(0, item.depth - 1) :]
        margin = "  " * sum(titled)
        text = " ".join(item.text.split())
        if item.kind == "container":
            following = outline[position + 1 : position + 2]
            titled.append(any(after.kind == "heading" and after.depth > item.depth for after in following))
        elif item.kind == "field" and item.index is not None and item.index in describe:
            lines.append(margin + describe[item.index])
        elif item.kind == "heading" and text:
            lines += ["", margin[2:] + text]
        elif item.kind == "text" and text:
            lines.append(margin + text)
    while lines and not lines[0]:
        lines.pop(0)
    return lines


def _named_outputs(found: list[FoundOutput], nodes: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """The names that the configuration gives: a node's first output gets it as it is, others with their field."""
    named: dict[tuple[str, str], str] = {}
    for output in found:
        if output.node_id in nodes:
            name = nodes[output.node_id]
            first = not any(node_id == output.node_id for node_id, _ in named)
            named[output.node_id, output.field] = name if first else f"{name}_{output.field}"
    return named


def _alias(attribute: str, typed: InputType, aliases: dict[str, Choices], module_class: str) -> str | None:
    if len(typed.annotation) <= _INLINE_CHOICES or not typed.choices:
        return None
    for name, choices in aliases.items():
        if choices == typed.choices:
            return name
    name = alias_name(attribute, [*aliases, module_class])
    aliases[name] = typed.choices
    return name


def _node_versions(reading: Reading) -> dict[str, str]:
    types = sorted({node["type"] for node in reading.graph["nodes"].values()})
    return {name: reading.schema.nodes[name].version for name in types if name in reading.schema.nodes}


def _index_map(reading: Reading) -> tuple[tuple[int, str, str, str], ...]:
    entries = [
        (index, item.node_id, item.field, str(item.template.type))
        for item in reading.inputs
        for index in (item.index, *item.aliases)
    ]
    return tuple(sorted(entries))
