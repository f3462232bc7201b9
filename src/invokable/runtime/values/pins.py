"""Pins: what a generated module says about itself, read once and verified."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from inspect import get_annotations
from types import ModuleType, NoneType, SimpleNamespace
from typing import Any, get_args, get_type_hints
from weakref import WeakKeyDictionary

from invokable.contract.batch import BatchTable
from invokable.contract.fields import FieldType
from invokable.contract.module import FORMATS, index_map_checksum
from invokable.runtime.errors import StaleWorkflowError
from invokable.runtime.values.custom import FieldValueClass, class_in
from invokable.runtime.values.inputs import Index
from invokable.runtime.values.result import WorkflowResult


@dataclass(frozen=True, slots=True)
class InputPin:
    """Where the value of an attribute goes."""

    index: int
    attribute: str
    node_id: str
    field: str
    type: FieldType
    label: str
    connected: bool
    """Whether an edge or a batch feeds the field, so that its value is not sent."""
    custom: FieldValueClass | None = None
    """The project's own class for the values."""


@dataclass(frozen=True, slots=True)
class OutputPin:
    """Where the value of a result's attribute comes from."""

    attribute: str
    node_id: str
    field: str
    type: FieldType
    many: bool
    custom: FieldValueClass | None = None
    """The project's own class for the values."""
    is_open: bool = False
    """Whether it is annotated as JSON because the runtime has no class for its type."""
    nullable: bool = False
    """Whether the value may be None."""


@dataclass(frozen=True, slots=True)
class Pins:
    """The constants of a generated module. The JSON values are shared: copy before changing."""

    inputs: tuple[InputPin, ...]
    outputs: tuple[OutputPin, ...]
    nodes: Mapping[str, str]
    schema: str
    graph: Mapping[str, Any]
    batch: BatchTable
    workflow: Mapping[str, Any] | None
    hints: Mapping[str, Any]
    """The annotations of the class, resolved."""


_READ: WeakKeyDictionary[type, Pins] = WeakKeyDictionary()


def pins_of(cls: type) -> Pins:
    """The pins of a workflow class. Raises StaleWorkflowError if they do not match the class or this runtime."""
    found = _READ.get(cls)
    if found is None:
        found = _READ[cls] = _read(cls)
    return found


def _read(cls: type) -> Pins:
    constants = vars(module_of(cls))
    _check_format(constants.get("FORMAT"), cls)
    entries = constants["INDEX_MAP"]
    if index_map_checksum(entries) != constants.get("INDEX_MAP_CHECKSUM"):
        raise StaleWorkflowError(f"{cls.__module__}: INDEX_MAP was changed after generation; generate the module again")
    graph = _json(constants["_GRAPH"])
    batch = BatchTable.from_json(_json(constants["_BATCH"]))
    workflow = _json(constants["_WORKFLOW"])
    hints = _hints(cls)
    fed = {(edge["destination"]["node_id"], edge["destination"]["field"]) for edge in graph["edges"]}
    fed |= {(target.node_id, target.field) for group in batch.groups for target in group}.union(batch.fed)
    return Pins(
        inputs=tuple(_inputs(cls, entries, hints, fed, _labels(workflow))),
        outputs=tuple(_outputs(cls, constants["OUTPUT_MAP"])),
        nodes=constants["NODES"],
        schema=constants["SCHEMA"],
        graph=graph,
        batch=batch,
        workflow=workflow,
        hints=hints,
    )


def _json(text: str | bytes) -> Any:
    """The value of a JSON text. Equal short strings are kept once, and text in UTF-8 is not copied as a whole."""
    from pydantic_core import from_json  # generated modules are imported without it

    return from_json(text)


def module_of(cls: type) -> ModuleType:
    """The generated module of a workflow class or of a subclass. Raises StaleWorkflowError if there is none."""
    for owner in cls.__mro__:
        module = sys.modules.get(owner.__module__)
        if module is not None and hasattr(module, "INDEX_MAP") and "__dataclass_fields__" in owner.__dict__:
            return module
    raise StaleWorkflowError(f"{cls.__name__} is not a generated workflow: its module has no INDEX_MAP")


def _hints(cls: type) -> dict[str, Any]:
    """The resolved annotations of the class and its bases, without those of `Workflow` itself."""
    found: dict[str, Any] = {}
    for owner in reversed(cls.__mro__):
        if hasattr(owner, "__dataclass_fields__"):
            found |= _own_hints(owner)
    return found


def _own_hints(owner: type) -> dict[str, Any]:
    own = SimpleNamespace(__annotations__=get_annotations(owner))
    return get_type_hints(own, vars(sys.modules[owner.__module__]), include_extras=True)


def _check_format(found: object, cls: type) -> None:
    if not isinstance(found, int) or found < FORMATS.start:
        raise StaleWorkflowError(
            f"{cls.__module__} has format {found!r}, which this version no longer supports; generate it again"
        )
    if found not in FORMATS:
        newest = FORMATS.stop - 1
        raise StaleWorkflowError(
            f"{cls.__module__} has format {found}, but this version supports formats up to {newest}; upgrade invokable"
        )


def _inputs(
    cls: type,
    entries: tuple[tuple[int, str, str, str], ...],
    hints: Mapping[str, Any],
    fed: set[tuple[str, str]],
    labels: Mapping[tuple[str, str], str],
) -> list[InputPin]:
    by_index = {index: (node_id, field, kind) for index, node_id, field, kind in entries}
    found = []
    for attribute in (field.name for field in fields(cls)):
        marker = _marker(hints[attribute])
        # Popped: an index belongs to one attribute.
        places = {by_index.pop(index, None) for index in marker.indices} if marker else {None}
        if marker is None or len(places) != 1 or None in places:
            raise StaleWorkflowError(
                f"{cls.__module__}: the index of {attribute!r} does not match INDEX_MAP; generate the module again"
            )
        node_id, field, kind = next(place for place in places if place)
        label = labels.get((node_id, field)) or field.replace("_", " ").title()
        connected = (node_id, field) in fed
        found.append(
            InputPin(
                marker.indices[0],
                attribute,
                node_id,
                field,
                FieldType.parse(kind),
                label,
                connected,
                class_in(hints[attribute]),
            )
        )
    return found


def _outputs(cls: type, entries: Iterable[tuple[str, str, str, str, bool]]) -> Iterator[OutputPin]:
    hints: dict[str, Any] = {}
    for owner in reversed(getattr(cls, "Result", WorkflowResult).__mro__):
        if issubclass(owner, WorkflowResult) and owner is not WorkflowResult:
            hints |= _own_hints(owner)
    for attribute, node_id, field, kind, many in entries:
        hint = hints.get(attribute)
        single = get_args(hint)[0] if many and get_args(hint) else hint
        is_open = single is Any
        nullable = is_open or NoneType in get_args(single)
        yield OutputPin(attribute, node_id, field, FieldType.parse(kind), many, class_in(hint), is_open, nullable)


def _marker(hint: Any) -> Index | None:
    return next((extra for extra in getattr(hint, "__metadata__", ()) if isinstance(extra, Index)), None)


def _labels(workflow: Mapping[str, Any] | None) -> dict[tuple[str, str], str]:
    """The user's labels, by node and field."""
    found = {}
    for node in (workflow or {}).get("nodes", []):
        for name, field in node.get("data", {}).get("inputs", {}).items():
            if field.get("label"):
                found[node["id"], name] = field["label"]
    return found
