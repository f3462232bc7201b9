"""Retry: run failed and canceled items again, exactly once.

The server's retry makes a new queue item from an old one. Like a submission, it is not idempotent: if its answer is
lost, the client looks for the new items before it sends the request again. So does a later retry of the same run, in
this process or another. Retries of one run at the same time, from several threads or tasks, take turns.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence, Set
from dataclasses import replace
from typing import Final, TypeAlias

from invokable.contract.server import AGAIN
from invokable.runtime.errors import (
    APIError,
    ConnectionError,  # noqa: A004
    EnqueueUncertain,
    InvokableError,
    QueueFullError,
    RunTimeout,
    WorkflowError,
)
from invokable.runtime.steps.exchange.answers import Retried, RunItem
from invokable.runtime.steps.exchange.deadline import Clock, TimeUp
from invokable.runtime.steps.exchange.logs import LOG
from invokable.runtime.steps.exchange.policy import is_refusal
from invokable.runtime.steps.exchange.protocol import Request, Response, Sleep, Steps
from invokable.runtime.steps.exchange.responses import not_invokeai, read
from invokable.runtime.steps.resources.run_items import (
    QUEUE,
    cancel_items,
    has_other_users,
    listed_items,
    other_users_error,
)
from invokable.runtime.steps.runs.run_state import RunState
from invokable.runtime.steps.runs.search import LATEST_ARRIVAL
from invokable.runtime.values.submission import items_in

_MOST_ATTEMPTS: Final = 3
_PAUSE: Final = 1.0
Retries: TypeAlias = dict[tuple[int, str], object]
"""The runs that are being retried, by process and batch id: a fork does not copy the threads that retry them."""
_NOT_THERE: Final = re.compile(r": No queue item with id \d+$")  # a 500 of servers before 6.12


def retry(state: RunState, retries: Retries, clock: Clock) -> Steps[list[int]]:
    """Run failed and canceled items of a run again; its submission then names the new items.

    Continues with items that already run again, because of an earlier attempt or somebody else. Returns the items that
    are no longer in the queue, so that it is not known how they ended, and they cannot run again. `retries` are those
    of the client.

    Raises APIError, ConnectionError, RunTimeout, EnqueueUncertain if the new items do not appear, QueueFullError if the
    server had no room for all of them, and WorkflowError if another user or program submitted the run.
    """
    run, this = (os.getpid(), state.submission.batch_id), object()
    try:
        while retries.setdefault(run, this) is not this:
            yield Sleep(_PAUSE / 4)
        return (yield from _retry(state, clock))
    except TimeUp:
        if not state.expected_total:
            raise RunTimeout("timed out before anything ran again") from None
        raise _uncertain(state, "timed out") from None
    finally:
        if retries.get(run) is this:
            del retries[run]


def _retry(state: RunState, clock: Clock) -> Steps[list[int]]:
    listed = yield from listed_items(state.submission)
    if not listed and not items_in(state.submission.batch_id):
        raise WorkflowError(
            f"batch {state.submission.batch_id} was not submitted by invokable; client.queue.retry runs its items again"
        )
    if has_other_users(listed):
        raise other_users_error(state.submission)
    state.correct(listed)
    own = set(state.submission.item_ids)
    removed = sorted(own - {item.item_id for item in listed})
    old = {item.original_id: item for item in listed if item.item_id in own and item.status in AGAIN}
    running = [item for item in listed if item.original_id in old and item.item_id > old[item.original_id].item_id]
    yield from _replace_items(state, old, [item for item in running if item.status not in AGAIN])
    if not old:
        state.expected_total = 0
        return removed
    last = max(item.item_id for item in listed)
    state.expected_total = len(listed) + len(old)
    wanted = len(old)
    for _ in range(_MOST_ATTEMPTS):
        asked = [item.item_id for item in old.values()]
        accepted = yield from _request_retry(asked, state, clock)
        gone = yield from _replace_once_there(state, old, last, clock, accepted)
        removed += gone
        wanted -= len(gone)
        if not old:
            state.expected_total = 0
            return sorted(removed)
        if accepted is not None and len(accepted) < len(asked) and not gone:
            raise _full(state, wanted - len(old), wanted)
    raise _uncertain(state, "they do not appear")


def _replace_items(state: RunState, old: dict[int, RunItem], new: Sequence[RunItem]) -> Steps[None]:
    """Replace old items by new ones; if there are several, the earliest is kept and the others are canceled."""
    kept = _earliest(new)
    if not kept:
        return
    replaced = {old.pop(first).item_id: item_id for first, item_id in kept.items()}
    ids = tuple(replaced.get(item_id, item_id) for item_id in state.submission.item_ids)
    state.retried_ids |= replaced.keys()
    state.connection_id = 0
    state.submission = replace(state.submission, item_ids=ids)  # last: others who wait for the run notice it
    yield from cancel_items(item.item_id for item in new if item.item_id not in kept.values() and not item.ended)


def _request_retry(item_ids: list[int], state: RunState, clock: Clock) -> Steps[Set[int] | None]:
    """Request a retry of items; return those that the server certainly retried, or None if that is unclear.

    A server before 6.12 retries none if one of them is no longer in the queue.
    """
    request = Request("PUT", f"{QUEUE}/retry_items_by_id", json=item_ids)
    try:
        response: Response = yield request
        accepted = frozenset(read(response, Retried).retried_item_ids)
        if not accepted.issubset(item_ids):
            raise not_invokeai(response.url, f"the answer is about items {sorted(accepted)} instead of {item_ids}")
    except InvokableError as error:
        if isinstance(error, APIError) and _NOT_THERE.search(error.detail):
            return frozenset()
        is_refused = isinstance(error, APIError) and is_refusal(error.status)
        if is_refused or (isinstance(error, ConnectionError) and not error.sent):
            raise
        LOG.warning("it is unclear whether the server runs items %s again: %s", item_ids, error)
        state.unclear_since = clock()
        return None
    return accepted


def _replace_once_there(
    state: RunState, old: dict[int, RunItem], last: int, clock: Clock, accepted: Set[int] | None
) -> Steps[list[int]]:
    """Look for the new item of each old one, and use them once there are all that may appear, or no more will.

    `old` keeps those without a new item. Returns those that are no longer in the queue, and so cannot run again.
    """
    begin = clock()
    new: list[RunItem] = []
    while True:
        try:
            listed = yield from listed_items(state.submission)
        except InvokableError as error:
            LOG.info("looking for the retried items of batch %s: %s", state.submission.batch_id, error)
        else:
            new = [item for item in listed if item.item_id > last and item.original_id in old]
            there, kept = {item.item_id for item in listed}, _earliest(new)
            left = {first: item.item_id for first, item in old.items() if first not in kept}
            gone = {first: item_id for first, item_id in left.items() if item_id not in there}
            if not any(accepted is None or item_id in accepted for first, item_id in left.items() if first not in gone):
                yield from _replace_items(state, old, new)
                for first in gone:
                    del old[first]
                return list(gone.values())
        if clock() - begin > LATEST_ARRIVAL:
            yield from _replace_items(state, old, new)
            return []
        yield Sleep(_PAUSE if accepted is None else _PAUSE / 4)


def _earliest(new: Sequence[RunItem]) -> dict[int, int]:
    """The earliest of the new items, which are listed oldest first, for each original item."""
    return {item.original_id: item.item_id for item in reversed(new)}


def _uncertain(state: RunState, why: str) -> EnqueueUncertain:
    return EnqueueUncertain(
        f"it is not known whether the failed and canceled items of batch {state.submission.batch_id} run again: {why}; "
        "job.retry() looks for them before it tries again"
    )


def _full(state: RunState, enqueued: int, requested: int) -> QueueFullError:
    state.expected_total = 0
    return QueueFullError(
        f"the queue had room for only {enqueued} of the {requested} failed and canceled items of batch "
        f"{state.submission.batch_id}; job.retry() runs the others again once there is room",
        enqueued=enqueued,
        requested=requested,
    )
