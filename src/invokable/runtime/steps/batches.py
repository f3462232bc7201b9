"""Batches: the lists of values that the server multiplies a graph with, made of a flow's values.

The server does not check them: a value that its field cannot hold stays in the queue and blocks everything behind it.
So every item is checked here against the field that it goes to.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, Final

from invokable.contract.batch import BatchSource, BatchTarget, ItemCheck
from invokable.runtime.errors import Problem, ValidationError
from invokable.runtime.steps.protocol import Flow, Request, fetch
from invokable.runtime.values.pins import Pins

Values = Mapping[tuple[str, str], Any]
"""Wire values by node and field."""

_MAX_SEED: Final = 2**32 - 1


def batch_data(pins: Pins, values: Values) -> Flow[list[list[dict[str, Any]]]]:
    """The enqueue body's `data`. Raises ValidationError for items that do not fit, APIError and ConnectionError."""
    lists: list[list[Any]] = []
    problems: list[Problem] = []
    for source in pins.batch.sources:
        lists.append((yield from _items(source, values)))  # noqa: PERF401  (a comprehension cannot yield)
    for group in pins.batch.groups:
        for target in group:
            message = _misfit(lists[target.source], target.check)
            if message:
                problems.append(_problem(pins, target, message))
        lengths = [len(lists[target.source]) for target in group]
        if len(set(lengths)) > 1:
            shown = ", ".join(map(str, lengths))
            problems.append(_problem(pins, group[0], f"the lists of one batch group differ in length: {shown}"))
    if problems:
        raise ValidationError(problems)
    return [
        [{"node_path": target.node_id, "field_name": target.field, "items": lists[target.source]} for target in group]
        for group in pins.batch.groups
    ]


def size_of(data: list[list[dict[str, Any]]]) -> int:
    """The number of queue items: lists of a group are zipped, groups are multiplied."""
    size = 1
    for group in data:
        size *= len(group[0]["items"])
    return size


def _items(source: BatchSource, values: Values) -> Flow[list[Any]]:
    from invokable.contract.generators import GeneratorError, draw, expand

    made: Any = values.get(
        (source.node_id, source.field), source.items if source.generator is None else source.generator
    )
    if isinstance(made, dict):
        try:
            made = expand(made)
        except GeneratorError as error:
            raise ValidationError([Problem(-1, source.field, source.node_id, str(error))]) from None
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


def _misfit(items: list[Any], check: ItemCheck) -> str:
    if not items:
        return "the batch has no item"
    for number, item in enumerate(items):
        words = check.misfit(item)
        if words:
            return f"item {number} of the batch, {item!r:.60}, {words}"
    return ""


def _problem(pins: Pins, end: BatchTarget, message: str) -> Problem:
    """A problem of the input that the items come from, else of the field that they go to."""
    source = pins.batch.sources[end.source]
    for target in pins.targets:
        if (target.node_id, target.field) == (source.node_id, source.field):
            return Problem(target.index, target.attribute, target.label, message, "list")
    return Problem(-1, end.field, end.node_id, message, "list")
