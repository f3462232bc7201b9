"""Wait: until every item of a run has ended. An outage is waited out.

status ── more ended than before? ── read those items
   │  └── more items than asked for? ── cancel the duplicates
   └── all ended ─▶ the items
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from invokable.runtime.errors import APIError, InvokableError, RunTimeout
from invokable.runtime.steps.answers import BatchStatus, QueueItem
from invokable.runtime.steps.deadline import Clock, TimeUp
from invokable.runtime.steps.models import Known
from invokable.runtime.steps.protocol import Sleep, Steps
from invokable.runtime.steps.queue import LOG, batch_status, cancel_items, items_by_id, items_of
from invokable.runtime.steps.submission import Submission
from invokable.runtime.steps.submit import LATE

_FIRST: Final = 0.1
_LONGEST: Final = 2.0
_SLOWER: Final = 1.3
"""Seconds between looks: short jobs end soon, long ones are asked about less often."""
_LONGEST_OUTAGE_PAUSE: Final = 5.0
_REFUSED_FOR: Final = 60.0
"""Seconds after which a server that refuses to answer (401, 403 …) is believed."""
_BUSY: Final = frozenset({408, 429})
_CONTRADICTIONS: Final = 3
_MARGIN: Final = 8  # items read beside the oldest open ones, since several devices finish out of order


@dataclass(slots=True)
class Waiting:
    """What is known of a run that is waited for."""

    submission: Submission
    ended: dict[int, QueueItem] = field(default_factory=dict)
    """The items that have ended, by id."""
    outages: int = 0
    """How often the server was away."""
    _examined: tuple[int, int] = (0, 0)
    """Open and ended items at the time of the last reading of items."""
    _known_total: int = 0
    _contradictions: int = 0

    @property
    def open(self) -> list[int]:
        """The items that are not known to have ended."""
        return [item_id for item_id in self.submission.item_ids if item_id not in self.ended]

    def is_gone(self, status: BatchStatus) -> bool:
        """Whether what is still open has left the queue. Where the status counts it, it gets another look."""
        if status.open:
            return False
        self._contradictions += status.total >= self.submission.requested
        return status.total < self.submission.requested or self._contradictions >= _CONTRADICTIONS


def wait(waiting: Waiting, known: Known, clock: Clock) -> Steps[None]:
    """Wait until every item has ended, or is no longer in the queue; `waiting` holds the items.

    Raises RunTimeout when time is up, and APIError when the server keeps refusing to answer.
    """
    outage = _Outage(clock)
    pause = _FIRST
    try:
        while True:
            try:
                status = yield from batch_status(waiting.submission.batch_id)
                yield from _cancel_duplicates(waiting, status)
                yield from _read_ended(waiting, status, known)
            except InvokableError as error:
                yield Sleep(outage.pause_after(error))
                waiting.outages = outage.count
                continue
            outage.over()
            if not waiting.open or waiting.is_gone(status):
                return
            yield Sleep(pause)
            pause = min(pause * _SLOWER, _LONGEST)
    except TimeUp:
        ended, all_of_them = len(waiting.ended), waiting.submission.requested
        raise RunTimeout(
            f"batch {waiting.submission.batch_id} timed out with {ended} of {all_of_them} items done; "
            "it is still on the server"
        ) from None


def cancel_late_duplicates(waiting: Waiting, unclear_since: float, clock: Clock) -> Steps[None]:
    """After a run whose POST was unclear: cancel what still arrives, as long as it may."""
    try:
        while True:
            try:
                yield from _cancel_duplicates(waiting, (yield from batch_status(waiting.submission.batch_id)))
            except InvokableError as error:
                LOG.info("looking for duplicates of batch %s: %s", waiting.submission.batch_id, error)
            if clock() - unclear_since >= LATE:
                return
            yield Sleep(_LONGEST / 2)
    except TimeUp:
        return


def _cancel_duplicates(waiting: Waiting, status: BatchStatus) -> Steps[None]:
    if status.total <= max(waiting.submission.requested, waiting._known_total):
        return
    items = yield from items_of(waiting.submission)
    yield from cancel_items(item.item_id for item in items if item.item_id not in set(waiting.submission.item_ids))
    waiting._known_total = status.total


def _read_ended(waiting: Waiting, status: BatchStatus, known: Known) -> Steps[None]:
    """Read the items that have ended since the last look, before anybody removes them from the queue."""
    now = (status.open, status.ended)
    if now == waiting._examined and status.open:
        return
    if not status.open:
        yield from _take(waiting, waiting.open, known)
    elif status.ended:
        # The queue runs the oldest first, so these have ended; if not, some others have.
        missed = yield from _take(waiting, waiting.open[: max(status.ended - len(waiting.ended), 1)], known)
        if missed:
            yield from _take(waiting, waiting.open[: len(missed) + _MARGIN], known)
    waiting._examined = now


def _take(waiting: Waiting, item_ids: Sequence[int], known: Known) -> Steps[list[int]]:
    """Take in the items that have ended, and return the others."""
    if not item_ids:
        return []
    items = yield from items_by_id(item_ids, known)
    waiting.ended |= {item_id: item for item_id, item in items.items() if item.ended}
    return [item_id for item_id in item_ids if item_id not in waiting.ended]


@dataclass(slots=True)
class _Outage:
    """A time in which the server does not answer, or not as it should."""

    clock: Clock
    count: int = 0
    _pause: float = 0.0
    _refused_since: float | None = None

    def pause_after(self, error: InvokableError) -> float:
        """Seconds to wait before the next look. Raises the error if it is a refusal that has lasted."""
        if not self._pause:
            self.count += 1
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
        """The server answers again."""
        if self._pause:
            LOG.warning("the server answers again")
        self._pause, self._refused_since = 0.0, None
