"""Batch rules: the server's checks of the body of enqueue_batch."""

from __future__ import annotations

from typing import Any, Final
from uuid import uuid4

from pydantic_core import CoreSchema, core_schema

from invokable.schema import Limits
from invokable.testing.graphs.graph_rules import graph_schema
from invokable.testing.graphs.values import Reader
from invokable.testing.graphs.workflow_rules import workflow_schema
from invokable.testing.server import checks
from invokable.testing.server.batches import Batch, FieldValue
from invokable.testing.server.problems import Detail

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


def inspect_value(value: FieldValue, graph: dict[str, Any], reader: Reader) -> tuple[Any, str | None]:
    """A batch value converted for its field, and its error, which the server only finds on running it."""
    node = graph["nodes"][value["node_path"]]
    name, given = value["field_name"], value["value"]
    template = reader.schema.nodes[node["type"]].inputs.get(name)
    if template is None:
        if name == "type" and given != node["type"]:
            return given, f"Input tag {given!r} found using 'type' does not match any of the expected tags"
        return given, None
    taken, details = reader.value(given, template, ("graph", "nodes", node["id"], node["type"], name))
    if details:
        return given, _unreadable(details[0])
    return taken, None


def _unreadable(detail: Detail) -> str:
    """The error of an item, in pydantic's format."""
    where, value = ".".join(map(str, detail.loc)), detail.input
    about = f"[type={detail.type}, input_value={value!r}, input_type={type(value).__name__}]"
    return f"1 validation error for GraphExecutionState\n{where}\n  {detail.msg} {about}"
