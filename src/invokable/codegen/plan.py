"""Plan: the whole content of a module, decided before any of it is rendered.

Reading ── names ── types ── outputs ──▶ ModulePlan ──▶ render
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from invokable.codegen.naming.hints import choose_names
from invokable.codegen.naming.lock import Names
from invokable.codegen.naming.names import RESULT_MEMBERS, alias_name, class_name, is_valid_attribute
from invokable.codegen.python import expression
from invokable.codegen.python.expression import Expression
from invokable.codegen.typing.annotations import distinct, result_type, type_of
from invokable.codegen.typing.custom import CustomFields
from invokable.codegen.typing.inputs import InputType, input_type
from invokable.codegen.typing.limits import usable_limits
from invokable.codegen.typing.models import InstalledModel, model_choices
from invokable.codegen.written.checksums import source_checksum
from invokable.contract.batch import BatchSource, BatchTable, BatchTarget, ItemCheck
from invokable.contract.fields import Choices, fit_a_literal
from invokable.contract.models import ModelFilter
from invokable.contract.module import index_map_checksum
from invokable.workflow.outputs import FoundOutput, find_outputs

if TYPE_CHECKING:
    from invokable.workflow import FormInput, Reading
    from invokable.workflow.reading import BatchDatum

_INLINE_CHOICES: Final = 60
"""Characters of the longest inline Literal; a longer one gets an alias."""


@dataclass(frozen=True, slots=True)
class Naming:
    """Names from outside the workflow: from the configuration or from the existing module."""

    inputs: Mapping[tuple[str, str], str] = field(default_factory=dict)
    outputs: Mapping[tuple[str, str], str] = field(default_factory=dict)
    nodes: Mapping[str, str] = field(default_factory=dict)
    """The attribute names of nodes configured as outputs, by node id; they need not save an image."""
    class_name: str | None = None


@dataclass(frozen=True, slots=True)
class PlannedInput:
    """An attribute of the dataclass."""

    attribute: str
    item: FormInput
    type: InputType
    alias: str | None
    """The name of the type alias for the choices, if there are many."""

    @property
    def indices(self) -> tuple[int, ...]:
        """All form indices of this input."""
        return (self.item.index, *self.item.aliases)

    @property
    def limits(self) -> dict[str, float]:
        """The limits that are set, by name."""
        return self.type.limits.to_json()


@dataclass(frozen=True, slots=True)
class PlannedOutput:
    """An attribute of the result."""

    attribute: str
    output: FoundOutput
    annotation: Expression


@dataclass(frozen=True, slots=True)
class PlanSummary:
    """The parts of a plan that are needed after the module is written. The plan itself takes much memory."""

    class_name: str
    schema_version: str
    names: Names
    """The names of the module's class, inputs and outputs."""
    warnings: tuple[str, ...]
    """What was dropped and which values could not be defaults, one line each."""


@dataclass(frozen=True, slots=True)
class ModulePlan:
    """The content of a generated module."""

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
    """Installed models by attribute, then by name; empty unless requested."""
    reading: Reading

    @property
    def index_map_checksum(self) -> str:
        """SHA-256 of the index map."""
        return index_map_checksum(self.index_map)

    @property
    def names(self) -> Names:
        """The names of the module's class, inputs and outputs."""
        return Names(
            class_name=self.class_name,
            inputs={(p.item.node_id, p.item.field): p.attribute for p in self.inputs},
            outputs={(p.output.node_id, p.output.field): p.attribute for p in self.outputs},
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was dropped and which values could not be defaults, one line each."""
        dropped = [f"{warning.pointer}: {warning.message}" for warning in self.reading.warnings]
        required = [
            f"{planned.item.pointer}: {planned.attribute} is required: {planned.type.unfit}"
            for planned in self.inputs
            if planned.type.unfit
        ]
        limits = [
            f"{planned.item.pointer}: {planned.attribute} is written without {limit}"
            for planned in self.inputs
            for limit in planned.type.dropped
        ]
        return (*dropped, *required, *limits)

    @property
    def summary(self) -> PlanSummary:
        """The parts that are needed after the module is written."""
        return PlanSummary(self.class_name, self.schema_version, self.names, self.warnings)

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
        """The batches: where their values come from, where they go, and what those fields accept."""
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
        graph = self.reading.graph["nodes"]
        shown = ((planned.item.node_id, planned.item.field) for planned in self.inputs if planned.item.connected)
        return BatchTable(tuple(sources.values()), groups, tuple(place for place in shown if place[0] not in graph))

    def _check_of(self, datum: BatchDatum) -> ItemCheck:
        """What the field at the end of a batch edge accepts: the server does not check it before the item runs."""
        node = self.reading.graph["nodes"].get(datum.node_path)
        template = node and self.reading.schema.nodes[node["type"]].inputs.get(datum.field_name)
        return ItemCheck(template.type.name, usable_limits(template)[0], template.options) if template else ItemCheck()


def plan_module(
    reading: Reading,
    document: object,
    *,
    source: str,
    naming: Naming | None = None,
    installed: Collection[InstalledModel] = (),
    custom: CustomFields | None = None,
) -> ModulePlan:
    """Decide all names, types and constants of a workflow's module.

    `document` is the workflow as read; the module contains its checksum. `source` is its file, as a path with slashes.
    """
    naming, custom = naming or Naming(), custom or CustomFields()
    file = source.rpartition("/")[2]
    found = find_outputs(reading, naming.nodes)
    names, output_names = choose_names(
        reading, found, inputs=naming.inputs, outputs_fixed=_named_outputs(found, naming)
    )
    name = naming.class_name or class_name(reading.workflow.name, fallback=file.rpartition(".")[0] or file)
    while name in custom.names:
        name = f"{name}Workflow"
    aliases = _Aliases({name, *names, *output_names, *custom.names})
    inputs = []
    for attribute, item in zip(names, reading.inputs, strict=True):
        typed = input_type(item, custom.class_of(item.node_type, item.field, item.template.type.name))
        alias = aliases.of(attribute, item.field, typed.annotation, typed.choices)
        inputs.append(PlannedInput(attribute, item, typed, alias))
    outputs = [_output(*pair, custom, aliases) for pair in zip(output_names, found, strict=True)]
    return ModulePlan(
        class_name=name,
        title=reading.workflow.name.strip() or file,
        source=source,
        source_sha256=source_checksum(document),
        schema_version=reading.schema.version,
        nodes=_node_versions(reading),
        index_map=_index_map(reading),
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        aliases=aliases.choices,
        models=_models(inputs, installed),
        reading=reading,
    )


def _output(attribute: str, found: FoundOutput, custom: CustomFields, aliases: _Aliases) -> PlannedOutput:
    single = custom.class_of(found.node_type, found.field, found.type.name)
    if single is None and (choices := distinct(found.options)):
        single = type_of(choices)
        if alias := aliases.of(attribute, found.field, single, choices):
            single = expression.local(alias)
    return PlannedOutput(attribute, found, result_type(found.type, found.many, single, nullable=found.nullable))


def _models(
    inputs: Iterable[PlannedInput], installed: Collection[InstalledModel]
) -> dict[str, Mapping[str, InstalledModel]]:
    fitting: dict[tuple[str, ModelFilter], Mapping[str, InstalledModel]] = {}
    found = {}
    for planned in inputs:
        template = planned.item.template
        key = (template.type.name, template.models)
        if key not in fitting:
            fitting[key] = model_choices(template, installed)
        if fitting[key]:
            found[planned.attribute] = fitting[key]
    return found


def _named_outputs(found: Sequence[FoundOutput], naming: Naming) -> dict[tuple[str, str], str]:
    """The names of outputs from outside the workflow.

    The first output of a configured node gets the name as it is; the others get it with their field appended, if that
    name is valid and free.
    """
    keys = {(output.node_id, output.field) for output in found}
    named = {key: name for key, name in naming.outputs.items() if key in keys}
    taken = {*naming.nodes.values(), *named.values()}
    seen: set[str] = set()
    for output in found:
        if output.node_id not in naming.nodes:
            continue
        name = naming.nodes[output.node_id]
        if output.node_id not in seen:
            named[output.node_id, output.field] = name
        elif (longer := f"{name}_{output.field}") not in taken and is_valid_attribute(longer, RESULT_MEMBERS):
            named[output.node_id, output.field] = longer
            taken.add(longer)
        seen.add(output.node_id)
    return named


class _Aliases:
    """The type aliases of a module; equal choices share one."""

    def __init__(self, taken: set[str]) -> None:
        self.choices: dict[str, Choices] = {}
        self._names: dict[Choices, str] = {}
        self._taken = taken

    def of(self, attribute: str, field: str, annotation: Expression, choices: Choices) -> str | None:
        """The alias for the choices of an input or output; None if they are written inline.

        `base_scheduler` and `refiner_scheduler` share a `Scheduler`, after the field.
        """
        if len(annotation.code) <= _INLINE_CHOICES or not choices or not fit_a_literal(choices):
            return None
        if choices not in self._names:
            shared = alias_name(field, ()) if attribute.endswith(f"_{field}") else ""
            name = shared if shared and shared not in self._taken else alias_name(attribute, self._taken)
            self._taken.add(name)
            self._names[choices] = name
            self.choices[name] = choices
        return self._names[choices]


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
