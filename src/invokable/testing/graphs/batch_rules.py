"""Batch rules: the server's checks of the body of enqueue_batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import uuid4

from pydantic_core import CoreConfig, CoreSchema, SchemaValidator, ValidationError, core_schema

from invokable.schema import Limits
from invokable.testing.graphs.graph_rules import graph_schema
from invokable.testing.graphs.rules import RULED
from invokable.testing.graphs.values import Reader
from invokable.testing.graphs.workflow_rules import workflow_schema
from invokable.testing.server import checks
from invokable.testing.server.batches import Batch, FieldValue, substituted
from invokable.testing.server.problems import Broken
from invokable.testing.server.queue import ReadBack

_ITEM: Final = "list[union[str,float,int,ImageField,VideoField]]"


def batch_schema(reader: Reader) -> CoreSchema:
    """The schema of a batch, which becomes a Batch."""
    text = checks.absent(checks.optional(checks.TEXT))
    data = checks.several(checks.several(_datum(list_items=reader.release.has("list_items"))))
    batch = checks.record(
        "Batch",
        {
            "batch_id": core_schema.with_default_schema(checks.TEXT, default_factory=lambda: str(uuid4())),
            "origin": text,
            "destination": text,
            "data": checks.absent(checks.optional(checks.changed(data, _shaped))),
            "graph": graph_schema(reader),
            "workflow": checks.absent(checks.optional(workflow_schema(reader.release))),
            "runs": checks.absent(checks.integer(Limits(minimum=1)), 1),
        },
    )
    return checks.changed(batch, _batch)


def _batch(members: dict[str, Any]) -> Batch:
    for group in members["data"] or ():
        for datum in group:
            node = members["graph"]["nodes"].get(datum["node_path"])
            if node is None:
                raise ValueError(f"Node {datum['node_path']} not found in graph")
            if datum["field_name"] not in node:
                raise ValueError(f"Field {datum['field_name']} not found in node {datum['node_path']}")
    return Batch(**members)


def _datum(*, list_items: bool) -> CoreSchema:
    image = checks.record("ImageField", {"image_name": checks.TEXT})
    video = checks.record("VideoField", {"video_name": checks.TEXT})
    kinds: list[Any] = [checks.TEXT, checks.number(), checks.INTEGER, (image, "ImageField")]
    if list_items:  # they came with videos
        kinds.append((video, "VideoField"))
        kinds.append((checks.several(core_schema.union_schema(list(kinds))), _ITEM))
    items = checks.absent(checks.several(core_schema.union_schema(kinds)), [])
    return checks.record("BatchDatum", {"node_path": checks.TEXT, "field_name": checks.TEXT, "items": items})


def _shaped(data: list[list[Any]]) -> list[list[Any]]:
    if any(len({len(datum["items"]) for datum in group}) > 1 for group in data):
        raise ValueError("Zipped batch items must all have the same length")
    if any(len({_kind(item) for item in datum["items"]}) > 1 for group in data for datum in group):
        raise ValueError("All items in a batch must have the same type")
    places = [(datum["node_path"], datum["field_name"]) for group in data for datum in group]
    if len(set(places)) < len(places):
        raise ValueError("Each batch data must have unique node_id and field_name")
    return data


def _kind(item: Any) -> str:
    if isinstance(item, int | float):
        return "number"
    return next(iter(item)) if isinstance(item, dict) else type(item).__name__


def reading_back(graph: dict[str, Any], reader: Reader) -> ReadBack:
    """Return what reads an item: the nodes that its values change, and why the server cannot read it.

    The server finds that out too late: it checks the values of a batch, and defaults, for the first time when it reads
    the stored graph. The nodes without values are the same in each item, so they are read only once.
    """
    stored, nodes = _stored(reader), graph["nodes"]
    unreadable = {node_id for node_id, node in nodes.items() if node["type"] in RULED and not _reads(stored, node)}

    def read_back(values: Sequence[FieldValue]) -> tuple[dict[str, Any], str | None]:
        changed = substituted(nodes, values)
        suspects = {
            name: changed.get(name, node) for name, node in nodes.items() if name in changed or name in unreadable
        }
        try:
            taken = _read(stored, suspects)
        except ValidationError as error:
            return changed, str(error)
        return {node_id: taken[node_id] for node_id in changed}, None

    return read_back


def _reads(stored: SchemaValidator, node: dict[str, Any]) -> bool:
    try:
        _read(stored, {"": node})
    except (ValidationError, Broken):
        return False
    return True


def _read(stored: SchemaValidator, nodes: dict[str, Any]) -> dict[str, Any]:
    kept = {
        node_id: {name: value for name, value in node.items() if value is not None} for node_id, node in nodes.items()
    }
    taken: dict[str, Any] = stored.validate_python({"graph": {"nodes": kept}})["graph"]["nodes"]
    return taken


def _stored(reader: Reader) -> SchemaValidator:
    nodes = core_schema.dict_schema(checks.TEXT, core_schema.no_info_plain_validator_function(reader.node))
    state = checks.record("State", {"graph": checks.record("Graph", {"nodes": nodes})})
    return SchemaValidator(state, CoreConfig(title="GraphExecutionState"))
