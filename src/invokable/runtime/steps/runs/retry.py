"""Retry: run failed and canceled items again, exactly once.

The server's retry makes a new queue item from an old one. Like a submission, it is not idempotent: if its answer is
lost, the client looks for the new items before it sends the request again. So does a later retry of the same run, in
this process or another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from invokable.contract.server import AGAIN
from invokable.runtime.errors import (
    APIError,
    ConnectionError,  # noqa: A004
    EnqueueUncertain,
    InvokableError,
    RunTimeout,
)
from invokable.runtime.steps.exchange.answers import RunItem
from invokable.runtime.steps.exchange.deadline import Clock, TimeUp
from invokable.runtime.steps.exchange.logs import LOG
from invokable.runtime.steps.exchange.policy import is_refusal
from invokable.runtime.steps.exchange.protocol import Request, Response, Sleep, Steps
from invokable.runtime.steps.exchange.responses import parse
from invokable.runtime.steps.resources.queue import (
    QUEUE,
    cancel_items,
    has_other_users,
    listed_items,
    other_users_error,
)
from invokable.runtime.steps.runs.run_state import RunState
from invokable.runtime.steps.runs.search import LATEST_ARRIVAL

_MOST_ATTEMPTS: Final = 3
_PAUSE: Final = 1.0


def retry(state: RunState, clock: Clock) -> Steps[list[int]]:
    """Run failed and canceled items of a run again; its submission then names the new items.

    Continues with items that already run again, because of an earlier attempt or somebody else. Returns the items that
    are no longer in the queue, so that it is not known how they ended, and they cannot run again.

    Raises APIError, ConnectionError, RunTimeout, EnqueueUncertain if the new items do not appear, and WorkflowError if
    another user submitted the run.
    """
    try:
        return (yield from _retry(state, clock))
    except TimeUp:
        if not state.expected_total:
            raise RunTimeout("timed out before anything ran again") from None
        raise _uncertain(state, "timed out") from None


def _retry(state: RunState, clock: Clock) -> Steps[list[int]]:
    listed = yield from listed_items(state.submission)
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
    again = [item.item_id for item in old.values()]
    last = max(item.item_id for item in listed)
    state.expected_total = len(listed) + len(again)
    for _ in range(_MOST_ATTEMPTS):
        is_accepted = yield from _request_retry(again, state, clock)
        if (yield from _replace_once_there(state, old, last, clock, is_accepted=is_accepted)):
            return removed
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


def _request_retry(item_ids: Sequence[int], state: RunState, clock: Clock) -> Steps[bool]:
    """Request a retry of items; return whether the server certainly accepted it."""
    request = Request("PUT", f"{QUEUE}/retry_items_by_id", json=list(item_ids))
    try:
        response: Response = yield request
        parse(response)
    except InvokableError as error:
        is_refused = isinstance(error, APIError) and is_refusal(error.status)
        if is_refused or (isinstance(error, ConnectionError) and not error.sent):
            raise
        LOG.warning("it is unclear whether the server runs items %s again: %s", list(item_ids), error)
        state.unclear_since = clock()
        return False
    return True


def _replace_once_there(
    state: RunState, old: dict[int, RunItem], last: int, clock: Clock, *, is_accepted: bool
) -> Steps[bool]:
    """Look for the new item of each old one, and use them once there are all; return whether there are."""
    begin = clock()
    while True:
        try:
            listed = yield from listed_items(state.submission)
            new = [item for item in listed if item.item_id > last and item.original_id in old]
        except InvokableError as error:
            LOG.info("looking for the retried items of batch %s: %s", state.submission.batch_id, error)
            new = []
        if len(_earliest(new)) == len(old):
            state.expected_total = 0
            yield from _replace_items(state, dict(old), new)
            return True
        if clock() - begin > LATEST_ARRIVAL:
            return False
        yield Sleep(_PAUSE if not is_accepted else _PAUSE / 4)


def _earliest(new: Sequence[RunItem]) -> dict[int, int]:
    """The earliest of the new items, which are listed oldest first, for each original item."""
    return {item.original_id: item.item_id for item in reversed(new)}


def _uncertain(state: RunState, why: str) -> EnqueueUncertain:
    return EnqueueUncertain(
        f"it is not known whether the failed and canceled items of batch {state.submission.batch_id} run again: {why}; "
        "job.retry() looks for them before it tries again"
    )
