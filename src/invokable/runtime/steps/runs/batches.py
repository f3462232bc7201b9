"""Batches: the lists of values from which the server makes several runs of a graph.

The server does not check them: an item with an invalid value stays in the queue and blocks everything behind it. So
every value is checked here against the field that it goes to.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Mapping, Sequence
from typing import Any, Final

from invokable.contract.batch import BatchSource, BatchTarget, ItemCheck
from invokable.runtime.errors import APIError, Problem
from invokable.runtime.steps.exchange.answers import Prompts
from invokable.runtime.steps.exchange.fetching import fetch
from invokable.runtime.steps.exchange.protocol import File, Request, Steps
from invokable.runtime.steps.exchange.responses import read
from invokable.runtime.steps.resources.boards import image_names
from invokable.runtime.steps.resources.uploads import replace_files
from invokable.runtime.steps.runs.substitution import Values
from invokable.runtime.values.pins import Pins

Data = list[list[dict[str, Any]]]
"""The `data` of the enqueue body: the lists of a group are zipped, groups are multiplied."""

_MAX_SEED: Final = 2**32 - 1


def least_size(pins: Pins, values: Values) -> int:
    """The number of queue items, without making the values of generators: a line of settings can mean 100,000.

    A list that only the server knows, or that is invalid, counts as one value.
    """
    return math.prod(_count(pins.batch.sources[group[0].source], values) for group in pins.batch.groups)


def batch_data(pins: Pins, values: Values, problems: list[Problem]) -> Steps[Data]:
    """The enqueue body's `data`. Adds what is invalid to `problems`. Raises APIError and ConnectionError."""
    by_source: dict[int, list[BatchTarget]] = {}
    for group in pins.batch.groups:
        for target in group:
            by_source.setdefault(target.source, []).append(target)
    lists = []
    for position, source in enumerate(pins.batch.sources):
        lists.append((yield from _checked_items(pins, source, by_source.get(position, []), values, problems)))
    for group in pins.batch.groups:
        lengths = [len(lists[target.source]) for target in group]
        if len(set(lengths)) > 1 and all(lengths):
            shown = ", ".join(map(str, lengths))
            problems.append(problem_of(pins, group[0], f"the lists of a batch group differ in length: {shown}"))
    return [
        [{"node_path": target.node_id, "field_name": target.field, "items": lists[target.source]} for target in group]
        for group in pins.batch.groups
    ]


def size_of(data: Data) -> int:
    """The number of queue items."""
    return math.prod(len(group[0]["items"]) for group in data)


def expanded(data: Data) -> list[list[tuple[str, str, Any]]]:
    """The values of each queue item in the server's order: (node, field, value) for every list, last group fastest."""
    groups = [
        [
            [(entry["node_path"], entry["field_name"], entry["items"][number]) for entry in group]
            for number in range(len(group[0]["items"]))
        ]
        for group in data
    ]
    return [[value for part in row for value in part] for row in itertools.product(*groups)]


def _checked_items(
    pins: Pins, source: BatchSource, targets: Sequence[BatchTarget], values: Values, problems: list[Problem]
) -> Steps[list[Any]]:
    """The values of a batch, checked against the fields that they go to; none if there are no valid ones."""
    if _given(source, values) is None:  # invalid, and reported already
        return []
    try:
        items = yield from _items(source, values)
    except _NoItemsError as error:
        problems += [problem_of(pins, target, str(error)) for target in targets[:1]]
        return []
    misfits = {check: _misfit(items, check) for check in {target.check for target in targets}}
    problems += [problem_of(pins, target, misfits[target.check]) for target in targets if misfits[target.check]]
    return items


class _NoItemsError(Exception):
    """A generator makes no values; the message says why."""


def _given(source: BatchSource, values: Values) -> Any:
    """The values of a batch, or the settings of their generator; None if they are invalid."""
    own = source.items if source.generator is None else source.generator
    return values.get((source.node_id, source.field), own)


def _count(source: BatchSource, values: Values) -> int:
    from invokable.contract.generators import GeneratorError, count

    given = _given(source, values)
    try:
        number = count(given) if isinstance(given, dict) else len(given or [None])
    except GeneratorError:
        return 1
    return 1 if number is None else number


def _items(source: BatchSource, values: Values) -> Steps[list[Any]]:
    from invokable.contract.generators import GeneratorError, draw, expand

    given = _given(source, values)
    try:
        if isinstance(given, dict):
            given = expand(given)
        if isinstance(given, list):
            return given
        if given["kind"] == "random":
            return draw(given["generator"])
    except GeneratorError as error:
        raise _NoItemsError(str(error)) from None
    if given["kind"] == "dynamic_prompts":
        return (yield from _prompts(given["body"]))
    return (yield from _board_images(given))


def _prompts(settings: Mapping[str, Any]) -> Steps[list[Any]]:
    body = dict(settings)
    if not body.get("combinatorial", True) and body.get("seed") is None:
        body["seed"] = random.randint(0, _MAX_SEED)
    response = yield from fetch(Request("POST", "/api/v1/utilities/dynamicprompts", json=body))
    answer = read(response, Prompts)
    if answer.error:
        raise _NoItemsError(f"the server cannot expand the prompt: {answer.error}")
    return list(answer.prompts)


def _board_images(settings: Mapping[str, Any]) -> Steps[list[Any]]:
    try:
        names = yield from image_names(settings["board_id"], categories=settings["categories"], is_intermediate="false")
    except APIError as error:
        if error.status == 404:
            raise _NoItemsError(f"the server has no board with the id {settings['board_id']!r}") from None
        raise
    return [{"image_name": name} for name in names]


def _misfit(items: list[Any], check: ItemCheck) -> str:
    if not items:
        return "the batch has no values"
    for number, item in enumerate(items):
        misfit = check.misfit(replace_files(item, _not_yet_uploaded))
        if misfit:
            return f"item {number} of the batch, {item!r:.60}, {misfit}"
    return ""


def _not_yet_uploaded(file: File) -> dict[str, str]:
    return {f"{file.kind}_name": ""}


def problem_of(pins: Pins, target: BatchTarget, message: str) -> Problem:
    """A problem of the input that the values come from, or else of the field that they go to."""
    source = pins.batch.sources[target.source]
    for pin in pins.inputs:
        if (pin.node_id, pin.field) == (source.node_id, source.field):
            return Problem(pin.index, pin.attribute, pin.label, message, "list")
    return Problem(None, target.field, target.node_id, message, "list")
