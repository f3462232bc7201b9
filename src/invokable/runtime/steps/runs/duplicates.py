"""Duplicates: which items count if a batch, or a retry of it, has arrived more than once."""

from __future__ import annotations

import json
import math
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from invokable.contract.server import AGAIN
from invokable.runtime.steps.exchange.answers import RunItem
from invokable.runtime.steps.resources.run_items import latest_of
from invokable.runtime.values.submission import Submission

Row: TypeAlias = Sequence[tuple[str, str, Any]]
"""The values of an item: (node, field, value)."""


def choose_items(items: Sequence[RunItem], requested: int, rows: Sequence[Row] | None) -> tuple[list[int], list[int]]:
    """The items to keep, the earliest for each row of values, and the surplus ones.

    If a row has none, items were pruned, and all others are kept; or the queue had no room, and all are surplus.
    Without the rows, as in another process, items are assumed to be missing only because they were pruned: later on,
    that is likelier, and harmless.
    """
    ids = [item.item_id for item in items]
    if rows is None or all(item.field_values is None for item in items):  # servers before 6.0 do not list values
        kept = _latest_complete(items, requested) if len(ids) >= requested else ids
        return kept, [item for item in ids if item not in set(kept)]
    unused: defaultdict[str, deque[int]] = defaultdict(deque)
    for item in items:
        unused[_key_of(item)].append(item.item_id)
    has_first = bool(unused[_key(rows[0])])
    kept = []
    for row in rows:
        same = unused[_key(row)]
        if not same:  # a queue without room has the first items of the batch
            return ([], ids) if has_first else (ids, [])
        kept.append(same.popleft())
    return kept, sorted(item for queue in unused.values() for item in queue)


def corrected(submission: Submission, listed: Sequence[RunItem]) -> Submission:
    """A submission with the ids in the server's list of its batch, if the list is complete and lacks one of its own.

    They come from the answer to the POST, which something between client and server may have mixed up.
    """
    latest = latest_of(listed)
    if len(latest) < submission.requested or {item.item_id for item in listed}.issuperset(submission.item_ids):
        return submission
    kept, _ = choose_items(latest, submission.requested, None)
    return replace(submission, item_ids=tuple(kept))


def duplicates(listed: Sequence[RunItem], submission: Submission) -> list[int]:
    """The open items of a POST, or of a retry, that arrived again, without those of somebody else's retry."""
    ids = set(submission.item_ids)
    own = [item for item in listed if item.item_id in ids]
    # While these run, or once they are completed, there is nothing to retry.
    retried = {
        item.original_id: item.item_id for item in own if item.original_id != item.item_id and item.status not in AGAIN
    }
    return [
        item.item_id
        for item in listed
        if item.item_id not in ids
        and not item.ended
        and (item.original_id == item.item_id or item.item_id > retried.get(item.original_id, math.inf))
    ]


def _latest_complete(items: Sequence[RunItem], requested: int) -> list[int]:
    """The items of one of several batches; of each item, the first copy that was not canceled.

    If the number is uneven, all but the last batch were accepted in part.
    """
    if len(items) % requested:
        return [item.item_id for item in items[-requested:]]
    copies = [items[start::requested] for start in range(requested)]
    return [min(same, key=lambda item: item.status == "canceled").item_id for same in copies]


def _key_of(item: RunItem) -> str:
    return _key([(v.node_path, v.field_name, v.value) for v in item.field_values or ()])


def _key(row: Row) -> str:
    """A row of values as text, in which 1 and 1.0 are equal, and an image is just its name."""
    return json.dumps(sorted((node, field, _normalized(value)) for node, field, value in row))


def _normalized(value: Any) -> str:
    if isinstance(value, bool | int | float):
        return repr(float(value))
    if isinstance(value, dict):
        return json.dumps(value.get("image_name") or value.get("video_name"))
    if isinstance(value, list):
        return json.dumps([_normalized(item) for item in value])
    return json.dumps(value)
