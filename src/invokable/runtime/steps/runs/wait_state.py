"""Wait state: what one of those who wait for a run knows about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from invokable.contract.server import OPEN, EndState
from invokable.runtime.steps.exchange.answers import BatchStatus, RunItem
from invokable.runtime.steps.exchange.protocol import AwaitEvents, ReceivedEvents
from invokable.runtime.steps.resources.run_items import Item, has_other_users, own_items
from invokable.runtime.steps.runs.run_state import RunState
from invokable.runtime.steps.runs.tracker import EventTracker
from invokable.runtime.values.events import Ended, JobEvent
from invokable.runtime.values.submission import Submission

_MOST_CONTRADICTIONS: Final = 3


@dataclass(slots=True)
class WaitState:
    """What is known to one of those who wait for a run."""

    run: RunState
    """What is known to all of them."""
    tracker: EventTracker
    """What events have reported about the run."""
    submission: Submission = field(init=False)
    """The run's, as last seen: meanwhile, others may have corrected its ids or run items again."""
    connection_id: int = field(init=False)
    """The connection that has received everything since the last poll, or since the submission; 0 for none."""
    ended: dict[int, RunItem] = field(default_factory=dict)
    """The items that have ended, by id."""
    unconfirmed: set[int] = field(default_factory=set)
    """The items to read again if they make no result: it may be known only from events, or was missing."""
    canceled_here: bool = False
    """Whether this client canceled the run."""
    had_outage: bool = False
    """Whether the server was unreachable. It may also lose the connection for events without a restart."""
    has_other_users: bool = False
    """Whether an item is another user's."""
    unseen: set[int] = field(default_factory=set)
    """The items that the server did not show when asked, and never before."""
    seen: set[int] = field(default_factory=set)
    """The items that it has shown to be the run's."""
    counts_read: tuple[int, int] = (0, 0)
    """The numbers of open and ended items when items were last read."""
    known_total: int = 0
    """The number of items in the batch when duplicates were last looked for."""
    _next_event: int = 0
    _last_connection_id: int = 0
    _reported: set[int] = field(default_factory=set)
    _contradictions: int = 0
    _has_open_items: bool = False
    """Whether the items that were last read show that the run goes on."""

    def __post_init__(self) -> None:
        self.connection_id = self.run.connection_id
        self._follow_items()

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
        self.seen |= own.keys()
        self.unseen = (self.unseen | set(asked)) - self.seen
        self.has_other_users = has_other_users(found.values())
        return own

    def take(self, asked: Sequence[int], found: Mapping[int, RunItem]) -> None:
        """Take the items found that are the run's and have ended."""
        own = self.own(asked, found).values()
        self.run.keep(own)
        self.ended |= {item.item_id: item for item in own if item.ended}
        self.unconfirmed |= {item.item_id for item in own if item.lacks_results}
        self._has_open_items = any(item.status in OPEN for item in own)

    def correct(self, listed: Sequence[RunItem]) -> bool:
        """Replace ids that are not in the server's list of the batch; return whether there were any."""
        return self.run.correct(listed) and self.catch_up()

    def catch_up(self) -> bool:
        """Wait for the items that the run has now; return whether they are others than before."""
        if self.submission is self.run.submission:
            return False
        ids = self._follow_items()
        self.ended = {item_id: item for item_id, item in self.ended.items() if item_id in ids}
        self._reported &= ids
        self.connection_id, self._next_event, self.counts_read, self.unseen = 0, 0, (0, 0), set()
        return True

    def _follow_items(self) -> frozenset[int]:
        self.submission = self.run.submission
        kept = self.run.kept()
        self.ended |= kept
        self.unconfirmed |= kept.keys()
        ids = frozenset(self.submission.item_ids)
        self.tracker.follow(ids, self.run.retried_ids)
        return ids

    def next_events(self, seconds: float) -> AwaitEvents:
        """Wait for new events, at most `seconds`."""
        any_event = self.tracker.watched
        return AwaitEvents(self.run.subscription, self._next_event, self._last_connection_id, seconds, any_event)

    def process(self, received: ReceivedEvents) -> list[JobEvent]:
        """Process events of the server, and return the events for those who watch."""
        self._next_event, self._last_connection_id = received.end, received.connection_id
        return self.tracker.process(received.events)

    def receives_all(self, connection_id: int) -> bool:
        """Whether all events arrive, so that there is no need to poll."""
        if self.connection_id and connection_id != self.connection_id:
            self.connection_id = 0
        return connection_id != 0 and connection_id == self.connection_id and not self.run.is_unclear

    def new_events(self, *, is_running: bool = False) -> Iterator[JobEvent]:
        """The events that have not been reported yet."""
        for item_id, item in self.ended.items():
            if item_id not in self._reported:
                self._reported.add(item_id)
                if item.status != "canceled":
                    yield from self.tracker.started(item_id)
                yield from self.tracker.missed_events(item)
                yield Ended(item_id, _state(item.status), len(self._reported), self.submission.requested)
        if is_running and self.open:
            yield from self.tracker.started(self.open[0])

    def removal_events(self) -> Iterator[JobEvent]:
        """The events of items that are no longer in the queue."""
        for item_id in self.open:
            self._reported.add(item_id)
            yield Ended(item_id, "canceled", len(self._reported), self.submission.requested)


def _state(status: str) -> EndState:
    return "completed" if status == "completed" else "failed" if status == "failed" else "canceled"
