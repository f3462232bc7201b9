"""Wait: wait until every item of a run has ended, through any outage.

events so far ──▶ events arrive, and none is lost ── yes ──▶ take ended items, from the events or by one request
                                 │ no                                                  │ now and then: poll
                                 ▼                                                     ▼
        status ── more ended than before? ── read those items          all open items in one request, for all runs
           └── more items than requested? ── cancel the duplicates

Events make it fast, polling makes it reliable: polling finds what no event has reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from invokable.contract.server import ENDED
from invokable.runtime.errors import APIError, InvokableError, RunTimeout
from invokable.runtime.steps.exchange.answers import BatchStatus, ItemSummary
from invokable.runtime.steps.exchange.deadline import Clock, TimeUp
from invokable.runtime.steps.exchange.logs import LOG
from invokable.runtime.steps.exchange.policy import Policy
from invokable.runtime.steps.exchange.protocol import GetPolicy, ReadItems, ReceivedEvents, Report, Sleep, Steps
from invokable.runtime.steps.resources.run_items import (
    batch_status,
    cancel_items,
    items_by_id,
    listed_items,
    other_users_error,
    summaries_by_id,
)
from invokable.runtime.steps.resources.server_cache import ServerCache
from invokable.runtime.steps.runs.duplicates import duplicates
from invokable.runtime.steps.runs.pacing import Outage, Pace
from invokable.runtime.steps.runs.search import LATEST_ARRIVAL
from invokable.runtime.steps.runs.wait_state import WaitState
from invokable.runtime.values.events import JobEvent

_DUPLICATE_POLL: Final = 1.0
_MARGIN: Final = 8  # items read in addition to the oldest open ones, since several devices finish out of order


def wait(waiting: WaitState, cache: ServerCache, clock: Clock) -> Steps[None]:
    """Wait until every item has ended or is no longer in the queue; `waiting` holds the items.

    Raises RunTimeout after the deadline, and APIError if the server keeps refusing to answer.
    """
    outage = Outage(clock, waiting.submission.batch_id)
    pause = 0.0
    try:
        policy: Policy = yield GetPolicy()
        pace = Pace(clock, policy)
        while True:
            waiting.catch_up()
            received: ReceivedEvents = yield waiting.next_events(pause)
            yield from _report(waiting, waiting.process(received))
            receives_all = waiting.receives_all(received.connection_id)
            try:
                is_over = yield from (
                    _follow_events(waiting, cache, pace) if receives_all else _poll(waiting, cache, received)
                )
            except InvokableError as error:
                waiting.connection_id, pause = 0, 0.0
                yield Sleep(outage.pause_after(error))
                waiting.had_outage |= not isinstance(error, APIError) or error.status >= 500
                continue
            outage.over()
            yield from _report(waiting, waiting.new_events())
            if is_over:
                yield from _report(waiting, waiting.removal_events())
                return
            pause = pace.pause(receives_events=waiting.connection_id != 0, runs=received.runs)
    except TimeUp:
        if not waiting.open:
            return
        ended, all_of_them = len(waiting.ended), waiting.submission.requested
        raise RunTimeout(
            f"batch {waiting.submission.batch_id} timed out with {ended} of {all_of_them} items done; "
            "it is still on the server: client.attach waits for it again, client.cancel cancels it"
        ) from None


def _report(waiting: WaitState, events: Iterable[JobEvent]) -> Steps[None]:
    if waiting.tracker.watched and (reported := list(events)):
        yield Report(reported)


def _poll(waiting: WaitState, cache: ServerCache, received: ReceivedEvents) -> Steps[bool]:
    """Poll the batch; return whether nothing is left to wait for."""
    may_be_doubled = waiting.run.is_unclear or waiting.tracker.has_unknown_items
    if received.connection_id and not may_be_doubled and not (yield from _check_open_items(waiting, cache)):
        waiting.connection_id = received.connection_id
        return not waiting.open
    status = yield from batch_status(waiting.submission.batch_id)
    yield from _cancel_duplicates(waiting, status)
    yield from _read_ended(waiting, status, cache)
    if (yield from _correct_ids(waiting, status)):
        yield from _read_ended(waiting, status, cache)
    yield from _report(waiting, waiting.new_events(is_running=status.in_progress > 0))
    if not waiting.open:
        return True
    is_removed = waiting.is_removed(status)
    if is_removed:
        _take_reported(waiting)  # the server no longer has their results
    return is_removed


def _correct_ids(waiting: WaitState, status: BatchStatus) -> Steps[bool]:
    """Correct the ids of the items, if the server has the whole batch, but not under them; return whether it has.

    Raises WorkflowError if another user submitted them.
    """
    if not waiting.unseen:
        return False
    if not waiting.run.is_listed and status.total >= waiting.submission.requested:
        return waiting.correct((yield from listed_items(waiting.submission)))
    if waiting.has_other_users:
        raise other_users_error(waiting.submission)
    return False


def _check_open_items(waiting: WaitState, cache: ServerCache) -> Steps[list[int]]:
    """Read all items that have ended; return those that are no longer in the queue."""
    asked = tuple(waiting.open)
    found: dict[int, ItemSummary] = waiting.own(asked, (yield ReadItems(summaries_by_id, asked, cache)))
    ended = [item_id for item_id, item in found.items() if item.status in ENDED]
    missing = [item_id for item_id in asked if item_id not in found]
    if ended or missing:
        waiting.run.connection_id = 0  # no event said so; those who wait next ask at once instead of waiting for one
    yield from _read_items(waiting, ended, cache)
    return missing


def _follow_events(waiting: WaitState, cache: ServerCache, pace: Pace) -> Steps[bool]:
    """Take the items that events report as ended; return whether nothing is left to wait for."""
    tracker = waiting.tracker
    missing = yield from _read_items(waiting, _take_reported(waiting), cache)
    has_unknown_items = tracker.has_unknown_items
    if has_unknown_items:
        yield from _cancel_duplicates(waiting, (yield from batch_status(waiting.submission.batch_id)))
    needs_poll, tracker.needs_poll = tracker.needs_poll, False
    must_poll = missing or needs_poll or (has_unknown_items and not waiting.seen) or pace.is_due()
    if waiting.open and must_poll and (yield from _check_open_items(waiting, cache)):
        status = yield from batch_status(waiting.submission.batch_id)
        if (yield from _correct_ids(waiting, status)):
            yield from _check_open_items(waiting, cache)
        return not waiting.open or waiting.is_removed(status)
    return not waiting.open


def _take_reported(waiting: WaitState) -> list[int]:
    """Take the completed items all of whose results events have reported; return the others that have ended."""
    tracker = waiting.tracker
    ended = [item_id for item_id in waiting.open if item_id in tracker.ended]
    complete = {item_id: item for item_id in ended if (item := tracker.completed_item(item_id)) is not None}
    waiting.run.keep(complete.values())
    waiting.ended |= complete
    waiting.unconfirmed |= complete.keys()
    return [item_id for item_id in ended if item_id not in complete]


def read_unconfirmed(waiting: WaitState, cache: ServerCache) -> Steps[None]:
    """Read the items whose results are known only from events. Raises ConnectionError and APIError."""
    unconfirmed, waiting.unconfirmed = waiting.unconfirmed, set()
    yield from _read_items(waiting, sorted(unconfirmed), cache)


def cancel_late_duplicates(waiting: WaitState, clock: Clock) -> Steps[None]:
    """After a run whose POST or retry was unclear: cancel duplicates for as long as they may arrive."""
    try:
        while waiting.run.unclear_since is not None:
            try:
                yield from _cancel_duplicates(waiting, (yield from batch_status(waiting.submission.batch_id)))
            except InvokableError as error:
                LOG.info("looking for duplicates of batch %s: %s", waiting.submission.batch_id, error)
            if clock() - waiting.run.unclear_since >= LATEST_ARRIVAL:
                return
            # An event shows a duplicate before the next poll.
            waiting.process((yield waiting.next_events(_DUPLICATE_POLL)))
    except TimeUp:
        return


def _cancel_duplicates(waiting: WaitState, status: BatchStatus) -> Steps[None]:
    if status.total > max(waiting.submission.requested, waiting.known_total):
        listed = yield from listed_items(waiting.submission)
        waiting.correct(listed)
        yield from cancel_items(duplicates(listed, waiting.run.submission))
        waiting.known_total = status.total
    waiting.tracker.has_unknown_items = False


def _read_ended(waiting: WaitState, status: BatchStatus, cache: ServerCache) -> Steps[None]:
    """Read the items that have ended since the last poll, before they are removed from the queue."""
    now = (status.open, status.ended)
    if now == waiting.counts_read and status.open:
        return
    if not status.open:
        yield from _read_items(waiting, waiting.open, cache)
    elif status.ended:
        # The queue runs the oldest items first, so these should have ended; if not, others have.
        missed = yield from _read_items(waiting, waiting.open[: max(status.ended - len(waiting.ended), 1)], cache)
        if missed:
            yield from _read_items(waiting, waiting.open[: len(missed) + _MARGIN], cache)
    waiting.counts_read = now


def _read_items(waiting: WaitState, item_ids: Sequence[int], cache: ServerCache) -> Steps[list[int]]:
    """Take the items that have ended, and return the others."""
    if not item_ids:
        return []
    waiting.take(item_ids, (yield ReadItems(items_by_id, tuple(item_ids), cache)))
    return [item_id for item_id in item_ids if item_id not in waiting.ended]
