"""Batch rules: the server's checks of the body of enqueue_batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

from invokable.schema import Limits
from invokable.testing.graphs import scalars
from invokable.testing.graphs.graph_rules import read_graph
from invokable.testing.graphs.scalars import Loc, Taken
from invokable.testing.graphs.values import Reader
from invokable.testing.graphs.workflow_rules import read_workflow
from invokable.testing.server.batches import Batch, FieldValue
from invokable.testing.server.problems import Detail, Invalid, missing, value_error

_LOC: Final[Loc] = ("body", "batch")
_ITEM: Final = "list[union[str,float,int,ImageField,VideoField]]"
_DICT: Final = "Input should be a valid dictionary or object to extract fields from"


def read_batch(value: Any, reader: Reader) -> Batch:
    """The batch of a request. Raises Invalid with all errors that the server reports."""
    if not isinstance(value, Mapping):
        raise Invalid([Detail("model_attributes_type", _LOC, _DICT, value)])
    details: list[Detail] = []
    list_items = reader.release.has("list_items")

    def take(name: str, taken: Taken) -> Any:
        details.extend(taken[1])
        return taken[0]

    batch_id = take("batch_id", _text(value.get("batch_id", str(uuid4())), (*_LOC, "batch_id")))
    origin = take("origin", _optional_text(value.get("origin"), (*_LOC, "origin")))
    destination = take("destination", _optional_text(value.get("destination"), (*_LOC, "destination")))
    data = take("data", _data(value.get("data"), (*_LOC, "data"), list_items=list_items))
    if "graph" in value:
        graph = take("graph", read_graph(value["graph"], reader, (*_LOC, "graph")))
    else:
        graph = take("graph", (None, [missing((*_LOC, "graph"), value)]))
    given = value.get("workflow")
    workflow = take("workflow", read_workflow(given, reader.release, (*_LOC, "workflow"), optional=True))
    runs = take("runs", scalars.integer(value.get("runs", 1), Limits(minimum=1), (*_LOC, "runs")))
    if not details and (problem := _misplaced(data, graph)):
        details.append(value_error(_LOC, problem, value))
    if details:
        raise Invalid(details)
    return Batch(batch_id, graph, origin, destination, workflow, data, runs)


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


def _text(value: Any, loc: Loc) -> Taken:
    if isinstance(value, str):
        return value, []
    return None, [Detail("string_type", loc, "Input should be a valid string", value)]


def _optional_text(value: Any, loc: Loc) -> Taken:
    return (None, []) if value is None else _text(value, loc)


def _data(value: Any, loc: Loc, *, list_items: bool) -> Taken:
    if value is None:
        return None, []
    if not isinstance(value, list):
        return None, [Detail("list_type", loc, "Input should be a valid list", value)]
    details: list[Detail] = []
    data: list[list[Any]] = []
    for i, group in enumerate(value):
        if not isinstance(group, list):
            details.append(Detail("list_type", (*loc, i), "Input should be a valid list", group))
            continue
        data.append([])
        for j, datum in enumerate(group):
            taken, found = _datum(datum, (*loc, i, j), list_items=list_items)
            details += found
            data[-1].append(taken)
    if not details and (problem := _shape_problem(data)):
        details.append(value_error(loc, problem, value))
    return data, details


def _datum(datum: Any, loc: Loc, *, list_items: bool) -> Taken:
    if not isinstance(datum, Mapping):
        return None, [Detail("model_attributes_type", loc, _DICT, datum)]
    details: list[Detail] = []
    taken: dict[str, Any] = {}
    for name in ("node_path", "field_name"):
        if name in datum:
            taken[name], found = _text(datum[name], (*loc, name))
            details += found
        else:
            details.append(missing((*loc, name), datum))
    items = datum.get("items", [])
    if not isinstance(items, list):
        return taken, [*details, Detail("list_type", (*loc, "items"), "Input should be a valid list", items)]
    taken["items"] = []
    for position, item in enumerate(items):
        value, found = _item(item, (*loc, "items", position), list_items=list_items)
        taken["items"].append(value)
        details += found
    return taken, details


def _item(item: Any, loc: Loc, *, list_items: bool) -> Taken:
    if isinstance(item, list) and list_items:
        taken = [_item(one, (*loc, _ITEM, position), list_items=False) for position, one in enumerate(item)]
        return [value for value, _ in taken], [detail for _, found in taken for detail in found]
    if isinstance(item, bool):
        return float(item), []
    if isinstance(item, str | int | float):
        return item, []
    if isinstance(item, Mapping):
        for name in ("image_name", "video_name"):
            if isinstance(item.get(name), str):
                return {name: item[name]}, []
    return None, _no_item(item, loc, list_items=list_items)


def _no_item(item: Any, loc: Loc, *, list_items: bool) -> list[Detail]:
    details = [
        Detail("string_type", (*loc, "str"), "Input should be a valid string", item),
        Detail("float_type", (*loc, "float"), "Input should be a valid number", item),
        Detail("int_type", (*loc, "int"), "Input should be a valid integer", item),
    ]
    for name, member in (("ImageField", "image_name"), ("VideoField", "video_name")):
        if isinstance(item, Mapping):
            details.append(missing((*loc, name, member), item))
        else:
            details.append(Detail("model_attributes_type", (*loc, name), _DICT, item))
    if list_items:
        details.append(Detail("list_type", (*loc, _ITEM), "Input should be a valid list", item))
        return details
    return [detail for detail in details if "VideoField" not in detail.loc]


def _shape_problem(data: list[list[Any]]) -> str | None:
    for group in data:
        if len({len(datum["items"]) for datum in group}) > 1:
            return "Zipped batch items must all have the same length"
    for group in data:
        if any(len({_kind(item) for item in datum["items"]}) > 1 for datum in group):
            return "All items in a batch must have the same type"
    places = [(datum["node_path"], datum["field_name"]) for group in data for datum in group]
    return "Each batch data must have unique node_id and field_name" if len(set(places)) < len(places) else None


def _kind(item: Any) -> str:
    if isinstance(item, int | float):
        return "number"
    return next(iter(item)) if isinstance(item, dict) else type(item).__name__


def _misplaced(data: list[list[Any]] | None, graph: dict[str, Any]) -> str | None:
    for group in data or ():
        for datum in group:
            node = graph["nodes"].get(datum["node_path"])
            if node is None:
                return f"Node {datum['node_path']} not found in graph"
            if datum["field_name"] not in node:
                return f"Field {datum['field_name']} not found in node {datum['node_path']}"
    return None
