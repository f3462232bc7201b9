"""Wait: wait until every item of a run has ended, through any outage.

events so far ──▶ events arrive, and none is lost ── yes ──▶ take ended items, from the events or by one request
                                 │ no                                                  │ now and then: poll
                                 ▼                                                     ▼
        status ── more ended than before? ── read those items          all open items in one request, for all runs
           └── more items than requested? ── cancel the duplicates

Events make it fast, polling makes it reliable: polling finds what no event has reported.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from invokable.contract.server import AGAIN, ENDED, OPEN, State
from invokable.runtime.errors import APIError, ClientClosedError, InvokableError, RunTimeout, WorkflowError
from invokable.runtime.steps.exchange.answers import BatchStatus, ItemSummary, RunItem
from invokable.runtime.steps.exchange.deadline import Clock, TimeUp
from invokable.runtime.steps.exchange.logs import LOG
from invokable.runtime.steps.exchange.policy import Policy
from invokable.runtime.steps.exchange.protocol import (
    AwaitEvents,
    GetPolicy,
    ReadItems,
    ReceivedEvents,
    Report,
    Sleep,
    Steps,
    Subscription,
)
from invokable.runtime.steps.resources.queue import (
    Item,
    batch_status,
    cancel_items,
    has_other_users,
    items_by_id,
    listed_items,
    other_users_error,
    own_items,
    summaries_by_id,
)
from invokable.runtime.steps.resources.server_cache import ServerCache
from invokable.runtime.steps.runs.submit import LATEST_ARRIVAL, corrected
from invokable.runtime.steps.runs.tracker import EventTracker
from invokable.runtime.values.events import Ended, JobEvent, Started
from invokable.runtime.values.submission import Submission

_BACKOFF: Final = 1.3
"""While no events arrive: short jobs are polled often, long ones less often."""
_BACKSTOP: Final = (5.0, 10.0, 20.0)
"""The minimum number of seconds between polls while events arrive; the last one repeats."""
_POLL_GRID: Final = 10.0
"""Seconds between the moments at which all runs of a client poll in one request."""
_DUPLICATE_POLL: Final = 1.0
_LONGEST_OUTAGE_PAUSE: Final = 5.0
_REFUSED_FOR: Final = 60.0
"""Seconds after which a lasting refusal (401, 403 …) ends the wait."""
_BUSY: Final = frozenset({408, 429})
_MOST_CONTRADICTIONS: Final = 3
_MARGIN: Final = 8  # items read in addition to the oldest open ones, since several devices finish out of order


@dataclass(slots=True)
class WaitState:
    """What is known about a run while waiting for it."""

    submission: Submission
    tracker: EventTracker | None = None
    """What events have reported about it; None without events."""
    subscription: Subscription | None = None
    connection_id: int = 0
    """The connection that has received everything since the last poll, or since the submission; 0 for none."""
    unclear: bool = False
    """Whether the POST was unclear, so that duplicates may appear: poll, whatever events say."""
    canceled_here: bool = False
    """Whether this client canceled the run."""
    watched: bool = False
    """Whether the events of the run are watched."""
    ended: dict[int, RunItem] = field(default_factory=dict)
    """The items that have ended, by id."""
    unconfirmed: set[int] = field(default_factory=set)
    """The items to read again if they make no result: it is known only from events, or was missing."""
    outages: int = 0
    """How often the server was unreachable, or its events were lost."""
    original: Submission = field(init=False)
    """The submission before its ids were corrected."""
    is_listed: bool = False
    """Whether the ids of the items were in the server's list."""
    _next_event: int = 0
    _last_connection_id: int = 0
    _reported: set[int] = field(default_factory=set)
    _started: set[int] = field(default_factory=set)
    _counts_read: tuple[int, int] = (0, 0)
    """The numbers of open and ended items when items were last read."""
    _known_total: int = 0
    _contradictions: int = 0
    _has_open_items: bool = False
    """Whether the items that were last read show that the run goes on."""
    _seen: set[int] = field(default_factory=set)
    """The items that the server has shown to be the run's."""
    _unseen: set[int] = field(default_factory=set)
    """Those that it did not show when asked, and never before."""
    _has_other_users: bool = False
    """Whether an item is another user's."""

    def __post_init__(self) -> None:
        self.original = self.submission

    @property
    def open(self) -> list[int]:
        """The items that are not known to have ended."""
        return [item_id for item_id in self.submission.item_ids if item_id not in self.ended]

    @property
    def summary(self) -> str:
        """The number of items that have ended in each state."""
        counts = Counter(item.status for item in self.ended.values())
        return ", ".join(f"{count} {status}" for status, count in counts.items()) or "no item is known to have ended"

    def is_removed(self, status: BatchStatus) -> bool:
        """Whether the open items are no longer in the queue. If the status still counts them, poll again."""
        if status.open or self._has_open_items:
            return False
        self._contradictions += status.total >= self.submission.requested
        return status.total < self.submission.requested or self._contradictions >= _MOST_CONTRADICTIONS

    def own(self, asked: Iterable[int], found: Mapping[int, Item]) -> dict[int, Item]:
        """Those of the items found that are the run's."""
        own = own_items(found, self.submission)
        self._seen |= own.keys()
        self._unseen = (self._unseen | set(asked)) - self._seen
        self._has_other_users = has_other_users(found.values())
        return own

    def correct(self, listed: Sequence[RunItem]) -> bool:
        """Replace ids that are not in the server's list of the batch; return whether there were any."""
        self.is_listed = True
        right = corrected(self.submission, listed)
        if right is self.submission:
            return False
        LOG.warning("batch %s has items %s, not those of the answer", right.batch_id, list(right.item_ids))
        self.submission = right
        self.ended = {item_id: item for item_id, item in self.ended.items() if item_id in right.item_ids}
        if self.tracker is not None:
            self.tracker = replace(self.tracker, item_ids=frozenset(right.item_ids), _posts=0, _retries=0)
        self._next_event, self._counts_read, self._unseen = 0, (0, 0), set()
        return True

    def next_events(self, seconds: float) -> AwaitEvents:
        """Wait for new events, at most `seconds`."""
        return AwaitEvents(self.subscription, self._next_event, self._last_connection_id, seconds, self.watched)

    def process(self, received: ReceivedEvents) -> list[JobEvent]:
        """Process events of the server, and return the events for those who watch."""
        self._next_event, self._last_connection_id = received.end, received.connection_id
        return list(self._without_repeated_starts(self.tracker.process(received.events) if self.tracker else []))

    def _without_repeated_starts(self, events: Iterable[JobEvent]) -> Iterator[JobEvent]:
        """The events, without repeated starts of an item."""
        for event in events:
            if isinstance(event, Started):
                if event.item_id in self._started:
                    continue
                self._started.add(event.item_id)
            yield event

    def receives_all(self, connection_id: int) -> bool:
        """Whether all events arrive, so that there is no need to poll."""
        if self.connection_id and connection_id != self.connection_id:
            self.outages += 1
            self.connection_id = 0
        return connection_id != 0 and connection_id == self.connection_id and not self.unclear

    def new_events(self, *, is_running: bool = False) -> Iterator[JobEvent]:
        """The events that have not been reported yet."""
        items = self.submission.requested
        for item_id, item in self.ended.items():
            if item_id not in self._reported:
                self._reported.add(item_id)
                if item.status != "canceled":
                    yield from self._without_repeated_starts([Started(item_id)])
                if self.tracker is not None:
                    yield from self._without_repeated_starts(self.tracker.missed_events(item))
                yield Ended(item_id, _state(item.status), len(self._reported), items)
        if is_running and self.open:
            yield from self._without_repeated_starts([Started(self.open[0])])

    def removal_events(self) -> Iterator[JobEvent]:
        """The events of items that are no longer in the queue."""
        for item_id in self.open:
            self._reported.add(item_id)
            yield Ended(item_id, "canceled", len(self._reported), self.submission.requested)


def wait(waiting: WaitState, cache: ServerCache, clock: Clock) -> Steps[None]:
    """Wait until every item has ended or is no longer in the queue; `waiting` holds the items.

    Raises RunTimeout after the deadline, and APIError if the server keeps refusing to answer.
    """
    outage = _Outage(clock)
    pause = 0.0
    try:
        policy: Policy = yield GetPolicy()
        pace = _Pace(clock, policy)
        while True:
            received: ReceivedEvents = yield waiting.next_events(pause)
            yield from _report(waiting, waiting.process(received))
            receives_all = waiting.receives_all(received.connection_id)
            try:
                is_over = yield from (
                    _follow_events(waiting, cache, pace) if receives_all else _poll(waiting, cache, received)
                )
            except InvokableError as error:
                waiting.connection_id = 0
                yield Sleep(outage.pause_after(error))
                waiting.outages += outage.is_new
                pause = 0.0
                continue
            outage.over()
            yield from _report(waiting, waiting.new_events())
            if is_over:
                yield from _report(waiting, waiting.removal_events())
                return
            pause = pace.pause(receives_events=waiting.connection_id != 0)
    except TimeUp:
        ended, all_of_them = len(waiting.ended), waiting.submission.requested
        raise RunTimeout(
            f"batch {waiting.submission.batch_id} timed out with {ended} of {all_of_them} items done; "
            "it is still on the server: client.attach waits for it again, client.cancel cancels it"
        ) from None


def _report(waiting: WaitState, events: Iterator[JobEvent] | Sequence[JobEvent]) -> Steps[None]:
    if waiting.watched and (reported := list(events)):
        yield Report(reported)


def _poll(waiting: WaitState, cache: ServerCache, received: ReceivedEvents) -> Steps[bool]:
    """Poll the batch; return whether nothing is left to wait for."""
    if received.connection_id and not waiting.unclear and not (yield from _check_open_items(waiting, cache)):
        waiting.connection_id = received.connection_id
        return not waiting.open
    status = yield from batch_status(waiting.submission.batch_id)
    yield from _cancel_duplicates(waiting, status)
    yield from _read_ended(waiting, status, cache)
    if (yield from _correct_ids(waiting, status)):
        yield from _read_ended(waiting, status, cache)
    yield from _report(waiting, waiting.new_events(is_running=status.in_progress > 0))
    return not waiting.open or waiting.is_removed(status)


def _correct_ids(waiting: WaitState, status: BatchStatus) -> Steps[bool]:
    """Correct the ids of the items, if the server has the whole batch, but not under them; return whether it has.

    Raises WorkflowError if another user submitted them.
    """
    if not waiting._unseen:
        return False
    if not waiting.is_listed and status.total >= waiting.submission.requested:
        return waiting.correct((yield from listed_items(waiting.submission)))
    if waiting._has_other_users:
        raise other_users_error(waiting.submission)
    return False


def _check_open_items(waiting: WaitState, cache: ServerCache) -> Steps[list[int]]:
    """Read all items that have ended; return those that are no longer in the queue."""
    asked = tuple(waiting.open)
    found: dict[int, ItemSummary] = waiting.own(asked, (yield ReadItems(summaries_by_id, asked, cache)))
    yield from _read_items(waiting, [item_id for item_id, item in found.items() if item.status in ENDED], cache)
    return [item_id for item_id in asked if item_id not in found]


def _follow_events(waiting: WaitState, cache: ServerCache, pace: _Pace) -> Steps[bool]:
    """Take the items that events report as ended; return whether nothing is left to wait for."""
    tracker = waiting.tracker
    assert tracker is not None  # events are only followed with it
    ended = [item_id for item_id in waiting.open if item_id in tracker.ended]
    complete = {item_id: item for item_id in ended if (item := tracker.completed_item(item_id)) is not None}
    waiting.ended |= complete
    waiting.unconfirmed |= complete.keys()
    missing = yield from _read_items(waiting, [item_id for item_id in ended if item_id not in complete], cache)
    has_unknown_items, tracker.has_unknown_items = tracker.has_unknown_items, False
    if has_unknown_items:
        yield from _cancel_duplicates(waiting, (yield from batch_status(waiting.submission.batch_id)))
    needs_poll, tracker.needs_poll = tracker.needs_poll, False
    must_poll = missing or needs_poll or (has_unknown_items and not waiting._seen) or pace.is_due()
    if waiting.open and must_poll and (yield from _check_open_items(waiting, cache)):
        status = yield from batch_status(waiting.submission.batch_id)
        if (yield from _correct_ids(waiting, status)):
            yield from _check_open_items(waiting, cache)
        return not waiting.open or waiting.is_removed(status)
    return not waiting.open


def read_unconfirmed(waiting: WaitState, cache: ServerCache) -> Steps[None]:
    """Read the items whose results are known only from events. Raises ConnectionError and APIError."""
    items: dict[int, RunItem] = own_items(
        (yield ReadItems(items_by_id, tuple(waiting.unconfirmed), cache)), waiting.submission
    )
    waiting.ended |= {item_id: item for item_id, item in items.items() if item.ended}
    waiting.unconfirmed.clear()


def cancel_late_duplicates(waiting: WaitState, unclear_since: float, clock: Clock) -> Steps[None]:
    """After a run whose POST was unclear: cancel duplicates for as long as they may arrive."""
    try:
        while True:
            try:
                yield from _cancel_duplicates(waiting, (yield from batch_status(waiting.submission.batch_id)))
            except InvokableError as error:
                LOG.info("looking for duplicates of batch %s: %s", waiting.submission.batch_id, error)
            if clock() - unclear_since >= LATEST_ARRIVAL:
                return
            # An event shows a duplicate before the next poll.
            waiting.process((yield waiting.next_events(_DUPLICATE_POLL)))
    except TimeUp:
        return


def _cancel_duplicates(waiting: WaitState, status: BatchStatus) -> Steps[None]:
    if status.total <= max(waiting.submission.requested, waiting._known_total):
        return
    listed = yield from listed_items(waiting.submission)
    if not waiting.is_listed:
        waiting.correct(listed)
    yield from cancel_items(_duplicates(listed, waiting.submission))
    waiting._known_total = status.total


def _duplicates(listed: Sequence[RunItem], submission: Submission) -> list[int]:
    """The items of a POST, or of a retry, that arrived again, without those of somebody else's retry."""
    own = {item.item_id: item for item in listed if item.item_id in set(submission.item_ids)}
    # While these run, or once they are completed, there is nothing to retry.
    retried = {
        item.original_id: item.item_id
        for item in own.values()
        if item.original_id != item.item_id and item.status not in AGAIN
    }
    return [
        item.item_id
        for item in listed
        if item.item_id not in own
        and not item.ended
        and (item.original_id == item.item_id or item.item_id > retried.get(item.original_id, math.inf))
    ]


def _read_ended(waiting: WaitState, status: BatchStatus, cache: ServerCache) -> Steps[None]:
    """Read the items that have ended since the last poll, before they are removed from the queue."""
    now = (status.open, status.ended)
    if now == waiting._counts_read and status.open:
        return
    if not status.open:
        yield from _read_items(waiting, waiting.open, cache)
    elif status.ended:
        # The queue runs the oldest items first, so these should have ended; if not, others have.
        missed = yield from _read_items(waiting, waiting.open[: max(status.ended - len(waiting.ended), 1)], cache)
        if missed:
            yield from _read_items(waiting, waiting.open[: len(missed) + _MARGIN], cache)
    waiting._counts_read = now


def _read_items(waiting: WaitState, item_ids: Sequence[int], cache: ServerCache) -> Steps[list[int]]:
    """Take the items that have ended, and return the others."""
    if not item_ids:
        return []
    items: dict[int, RunItem] = waiting.own(item_ids, (yield ReadItems(items_by_id, tuple(item_ids), cache)))
    waiting.ended |= {item_id: item for item_id, item in items.items() if item.ended}
    waiting.unconfirmed |= {
        item_id for item_id, item in items.items() if item.status == "completed" and item.session.is_empty
    }
    waiting._has_open_items = any(item.status in OPEN for item in items.values())
    return [item_id for item_id in item_ids if item_id not in waiting.ended]


def _state(status: str) -> State:
    return "completed" if status == "completed" else "failed" if status == "failed" else "canceled"


@dataclass(slots=True)
class _Pace:
    """How long to wait until the next poll."""

    clock: Clock
    policy: Policy
    _polling: float = 0.0
    _polls: int = 0
    _due: float | None = None

    def is_due(self) -> bool:
        """Whether it is time to poll even though events arrive."""
        if self._due is None or self.clock() < self._due:
            return False
        self._due, self._polls = None, self._polls + 1
        return True

    def pause(self, *, receives_events: bool) -> float:
        """Seconds until the next poll."""
        if not receives_events:
            pause = max(self._polling, self.policy.first_poll)
            self._due, self._polling = None, min(pause * _BACKOFF, self.policy.poll)
            return pause
        self._polling = 0.0
        if self._due is None:
            earliest = self.clock() + _BACKSTOP[min(self._polls, len(_BACKSTOP) - 1)]
            self._due = math.ceil(earliest / _POLL_GRID) * _POLL_GRID
        return max(self._due - self.clock(), 0.0)


@dataclass(slots=True)
class _Outage:
    """A time during which the server does not answer, or not properly."""

    clock: Clock
    is_new: bool = False
    """Whether it has just started."""
    _pause: float = 0.0
    _refused_since: float | None = None

    def pause_after(self, error: InvokableError) -> float:
        """Seconds to wait before the next poll. Raises the error if waiting does not help, or for a lasting refusal."""
        if isinstance(error, ClientClosedError | WorkflowError):  # the client is closed, or the run is another user's
            raise error
        self.is_new = not self._pause
        if self.is_new:
            LOG.warning("the server does not answer (%s); waiting for it", error)
        if isinstance(error, APIError) and error.status < 500 and error.status not in _BUSY:
            self._refused_since = self.clock() if self._refused_since is None else self._refused_since
            if self.clock() - self._refused_since > _REFUSED_FOR:
                raise error
        else:
            self._refused_since = None
        self._pause = min(self._pause * 1.5 + 0.2, _LONGEST_OUTAGE_PAUSE)
        return self._pause

    def over(self) -> None:
        """Note that the server answers again."""
        if self._pause:
            LOG.warning("the server answers again")
        self._pause, self._refused_since = 0.0, None
