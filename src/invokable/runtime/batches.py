"""Batches: the lists of values that the server multiplies a graph with, made of a flow's values.

The server does not check them: a value that its field cannot hold stays in the queue and blocks everything behind it.
So every item is checked here against the field that it goes to.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, Final

from invokable.runtime.errors import Problem, ValidationError
from invokable.runtime.pins import Pins
from invokable.runtime.protocol import Flow, Request, fetch

Values = Mapping[tuple[str, str], Any]
"""Wire values by node and field."""

_MAX_SEED: Final = 2**32 - 1


def batch_data(pins: Pins, values: Values) -> Flow[list[list[dict[str, Any]]]]:
    """The enqueue body's `data`. Raises ValidationError for items that do not fit, APIError and ConnectionError."""
    groups = []
    problems: list[Problem] = []
    for group in pins.batch:
        data = []
        for datum in group:
            items = yield from _items(datum, values)
            message = _misfit(items, datum)
            if message:
                problems.append(_problem(pins, datum, message))
            data.append({"node_path": datum["node_path"], "field_name": datum["field_name"], "items": items})
        lengths = {len(datum["items"]) for datum in data}
        if len(lengths) > 1:
            shown = ", ".join(str(len(datum["items"])) for datum in data)
            problems.append(_problem(pins, group[0], f"the lists of one batch group differ in length: {shown}"))
        groups.append(data)
    if problems:
        raise ValidationError(problems)
    return groups


def size_of(data: list[list[dict[str, Any]]]) -> int:
    """The number of queue items: lists of a group are zipped, groups are multiplied."""
    size = 1
    for group in data:
        size *= len(group[0]["items"])
    return size


def _items(datum: Mapping[str, Any], values: Values) -> Flow[list[Any]]:
    from invokable._generators import GeneratorError, draw, expand

    source = tuple(datum["source"])
    made: Any = values.get(source, datum.get("resolve", datum.get("items")))
    if source in values and isinstance(made, dict):
        try:
            made = expand(made)
        except GeneratorError as error:
            raise ValidationError([Problem(-1, datum["field_name"], datum["node_path"], str(error))]) from None
    if isinstance(made, list):
        return made
    kind = made["kind"]
    if kind == "random":
        return draw(made["generator"])
    if kind == "dynamic_prompts":
        body = dict(made["body"])
        if not body.get("combinatorial", True) and body.get("seed") is None:
            body["seed"] = random.randint(0, _MAX_SEED)
        answer = yield from fetch(Request("POST", "/api/v1/utilities/dynamicprompts", json=body))
        return [] if answer.get("error") else list(answer["prompts"])
    params = {"categories": made["categories"], "is_intermediate": "false"}
    names = yield from fetch(Request("GET", f"/api/v1/boards/{made['board_id']}/image_names", params))
    return [{"image_name": name} for name in names]


def _misfit(items: list[Any], datum: Mapping[str, Any]) -> str:
    if not items:
        return "the batch has no item"
    check = datum.get("check", {})
    for number, item in enumerate(items):
        words = _misfit_item(item, check)
        if words:
            return f"item {number} of the batch, {item!r:.60}, {words}"
    return ""


def _misfit_item(item: Any, check: Mapping[str, Any]) -> str:
    kind = check.get("type", "")
    if kind in ("IntegerField", "FloatField"):
        if isinstance(item, bool) or not isinstance(item, int if kind == "IntegerField" else int | float):
            return "is no integer" if kind == "IntegerField" else "is no number"
        return _beyond(item, check)
    if kind in ("StringField", "EnumField", "SchedulerField") and not isinstance(item, str):
        return "is no text"
    if kind == "BooleanField" and not isinstance(item, bool):
        return "is neither True nor False"
    if kind == "ImageField" and not (isinstance(item, dict) and "image_name" in item):
        return "is no image"
    options = check.get("options")
    return f"is not one of {', '.join(map(repr, options))}" if options and item not in options else ""


def _beyond(item: float, check: Mapping[str, Any]) -> str:
    if item < check.get("minimum", item):
        return f"is less than {check['minimum']}"
    if item > check.get("maximum", item):
        return f"is more than {check['maximum']}"
    if "exclusive_minimum" in check and item <= check["exclusive_minimum"]:
        return f"is not above {check['exclusive_minimum']}"
    if "exclusive_maximum" in check and item >= check["exclusive_maximum"]:
        return f"is not below {check['exclusive_maximum']}"
    if "multiple_of" in check and abs(item / check["multiple_of"] - round(item / check["multiple_of"])) > 1e-9:
        return f"is not a multiple of {check['multiple_of']}"
    return ""


def _problem(pins: Pins, datum: Mapping[str, Any], message: str) -> Problem:
    """A problem of the input that the items come from, else of the field that they go to."""
    for target in pins.targets:
        if [target.node_id, target.field] == datum["source"]:
            return Problem(target.index, target.attribute, target.label, message, "list")
    return Problem(-1, datum["field_name"], datum["node_path"], message, "list")
