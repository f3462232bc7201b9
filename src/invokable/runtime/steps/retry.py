"""Retry: run failed and canceled items again, exactly once.

The server's retry makes a new queue item from an old one. Like a submission, it is not idempotent: if its answer is
lost, the client looks for the new items before it sends the request again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from invokable.runtime.errors import APIError, ConnectionError, EnqueueUncertain, InvokableError  # noqa: A004
from invokable.runtime.steps.answers import QueueItem, parse
from invokable.runtime.steps.deadline import Clock
from invokable.runtime.steps.protocol import Request, Response, Sleep, Steps
from invokable.runtime.steps.queue import LOG, QUEUE, cancel_items, rows_of
from invokable.runtime.steps.submit import LATE, Submitting

_TIMES: Final = 3
_PAUSE: Final = 1.0
_AGAIN: Final = frozenset({"failed", "canceled"})


def retry(state: Submitting, clock: Clock) -> Steps[None]:
    """Run failed and canceled items of a run again; its submission then names the new items.

    Raises APIError, ConnectionError, and EnqueueUncertain if the new items do not appear.
    """
    rows = yield from rows_of(state.submission)
    own = set(state.submission.item_ids)
    old = {row.retried_from_item_id or row.item_id: row for row in rows if row.item_id in own and row.status in _AGAIN}
    if not old:
        return
    again = [row.item_id for row in old.values()]
    last = max(row.item_id for row in rows)
    for _ in range(_TIMES):
        sure = yield from _put(again)
        new = yield from _new_items(state, old, last, clock, sure=sure)
        if new:
            replaced = {row.item_id: new[first] for first, row in old.items()}
            ids = tuple(replaced.get(item_id, item_id) for item_id in state.submission.item_ids)
            state.submission = replace(state.submission, item_ids=ids)
            state.line = 0
            return
    error = EnqueueUncertain(f"it is not known whether items {', '.join(map(str, again))} run again")
    error.submission = state.submission
    raise error


def _put(item_ids: Sequence[int]) -> Steps[bool]:
    """Request a retry of items; return whether the server certainly accepted it."""
    try:
        response: Response = yield Request("PUT", f"{QUEUE}/retry_items_by_id", json=list(item_ids))
        parse(response)
    except InvokableError as error:
        if isinstance(error, APIError) and error.status < 500 and error.status not in (408, 429):
            raise
        if isinstance(error, ConnectionError) and not error.sent:
            raise
        LOG.warning("it is unclear whether the server runs items %s again: %s", list(item_ids), error)
        return False
    return True


def _new_items(
    state: Submitting, firsts: Collection[int], last: int, clock: Clock, *, sure: bool
) -> Steps[dict[int, int]]:
    """The new item for each original one; if there are several, the earliest is kept and the others are canceled."""
    begin = clock()
    while True:
        try:
            rows = yield from rows_of(state.submission)
            found = [row for row in rows if row.item_id > last and row.retried_from_item_id in firsts]
        except InvokableError as error:
            LOG.info("looking for the retried items of batch %s: %s", state.submission.batch_id, error)
            found = []
        new = _earliest(found)
        if len(new) == len(firsts):
            yield from cancel_items(row.item_id for row in found if row.item_id not in set(new.values()))
            return new
        if clock() - begin > LATE:
            return {}
        yield Sleep(_PAUSE if not sure else _PAUSE / 4)


def _earliest(rows: Sequence[QueueItem]) -> dict[int, int]:
    new: dict[int, int] = {}
    for row in sorted(rows, key=lambda row: row.item_id):
        if row.retried_from_item_id is not None:
            new.setdefault(row.retried_from_item_id, row.item_id)
    return new
