"""Pins: what a generated module says about itself, read once and checked before it is believed."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, get_type_hints
from weakref import WeakKeyDictionary

from invokable.contract.batch import BatchTable
from invokable.contract.module import FORMATS, index_map_checksum
from invokable.runtime.errors import StaleWorkflowError
from invokable.runtime.values.inputs import Index


@dataclass(frozen=True, slots=True)
class Target:
    """Where the value of an attribute goes."""

    index: int
    attribute: str
    node_id: str
    field: str
    type: str
    label: str
    connected: bool
    """An edge or a batch feeds the field: its value is not sent."""


@dataclass(frozen=True, slots=True)
class Output:
    """Where the value of a result's attribute comes from."""

    attribute: str
    node_id: str
    field: str
    type: str
    many: bool


@dataclass(frozen=True, slots=True)
class Pins:
    """The constants of a generated module. The JSON values are shared: copy before changing."""

    targets: tuple[Target, ...]
    outputs: tuple[Output, ...]
    nodes: Mapping[str, str]
    schema: str
    graph: Mapping[str, Any]
    batch: BatchTable
    workflow: Mapping[str, Any] | None
    hints: Mapping[str, Any]
    """The annotations of the class, resolved."""


_READ: WeakKeyDictionary[type, Pins] = WeakKeyDictionary()


def pins_of(cls: type) -> Pins:
    """The pins of a workflow class. Raises StaleWorkflowError when they do not fit the class or this runtime."""
    if cls not in _READ:
        _READ[cls] = _read(cls)
    return _READ[cls]


def _read(cls: type) -> Pins:
    constants = _constants(cls)
    _check_format(constants.get("FORMAT"), cls)
    entries = constants["INDEX_MAP"]
    if index_map_checksum(entries) != constants.get("INDEX_MAP_CHECKSUM"):
        raise StaleWorkflowError(
            f"{cls.__module__}: INDEX_MAP was changed since it was generated; generate the module anew"
        )
    graph = json.loads(constants["_GRAPH"])
    batch = BatchTable.from_json(json.loads(constants["_BATCH"]))
    workflow = json.loads(constants["_WORKFLOW"])
    hints = get_type_hints(cls, include_extras=True)
    fed = {(edge["destination"]["node_id"], edge["destination"]["field"]) for edge in graph["edges"]}
    fed |= {(target.node_id, target.field) for group in batch.groups for target in group}
    return Pins(
        targets=tuple(_targets(cls, entries, hints, fed, _labels(workflow))),
        outputs=tuple(Output(*entry) for entry in constants["OUTPUT_MAP"]),
        nodes=constants["NODES"],
        schema=constants["SCHEMA"],
        graph=graph,
        batch=batch,
        workflow=workflow,
        hints=hints,
    )


def _constants(cls: type) -> Mapping[str, Any]:
    for owner in cls.__mro__:
        module = sys.modules.get(owner.__module__)
        if module is not None and hasattr(module, "INDEX_MAP") and "__dataclass_fields__" in owner.__dict__:
            return vars(module)
    raise StaleWorkflowError(f"{cls.__name__} is no generated workflow: its module has no INDEX_MAP")


def _check_format(found: object, cls: type) -> None:
    if not isinstance(found, int) or found < FORMATS.start:
        raise StaleWorkflowError(f"{cls.__module__} has format {found!r}: generate it anew with this invokable")
    if found not in FORMATS:
        raise StaleWorkflowError(
            f"{cls.__module__} has format {found}, this invokable knows up to {FORMATS.stop - 1}: upgrade invokable"
        )


def _targets(
    cls: type,
    entries: tuple[tuple[int, str, str, str], ...],
    hints: Mapping[str, Any],
    fed: set[tuple[str, str]],
    labels: Mapping[tuple[str, str], str],
) -> list[Target]:
    by_index = {index: (node_id, field, kind) for index, node_id, field, kind in entries}
    targets = []
    for attribute in (field.name for field in fields(cls)):
        marker = _marker(hints[attribute])
        if marker is None or {by_index.get(index) for index in marker.indices} != {by_index.get(marker.indices[0])}:
            raise StaleWorkflowError(
                f"{cls.__module__}: the index of {attribute!r} does not fit INDEX_MAP; generate the module anew"
            )
        if marker.indices[0] not in by_index:
            raise StaleWorkflowError(
                f"{cls.__module__}: INDEX_MAP has no index {marker.indices[0]}; generate the module anew"
            )
        node_id, field, kind = by_index[marker.indices[0]]
        label = labels.get((node_id, field)) or field.replace("_", " ").title()
        targets.append(Target(marker.indices[0], attribute, node_id, field, kind, label, (node_id, field) in fed))
    return targets


def _marker(hint: Any) -> Index | None:
    return next((extra for extra in getattr(hint, "__metadata__", ()) if isinstance(extra, Index)), None)


def _labels(workflow: Mapping[str, Any] | None) -> dict[tuple[str, str], str]:
    """The labels that the user gave, by node and field."""
    found = {}
    for node in (workflow or {}).get("nodes", []):
        for name, field in node.get("data", {}).get("inputs", {}).items():
            if field.get("label"):
                found[node["id"], name] = field["label"]
    return found
