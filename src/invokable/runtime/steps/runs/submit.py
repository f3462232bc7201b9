"""Submit: send a batch to the server exactly once, whatever happens to the connection.

The server has no idempotency keys, and a second POST of a batch is a second batch. So the client chooses the batch id
and a unique destination. If it is unclear whether the batch was accepted, because of a lost connection or an invalid
answer, the client looks for the batch before it sends it again:

    POST ── accepted ─────────────────────────────────▶ item ids
     │  ├── refused (4xx) ────────────────────────────▶ the error
     │  ├── never sent ── a pause ── POST again
     │  ├── 429 ── a pause ── look ── not there ── POST again
     │  └── unclear ── look ── there ─────────────────▶ item ids
     │                  └──── not there for 16 s ── POST again, same id
     └─ more items than requested: both arrived ──────▶ the earliest for each value are kept, the others are canceled

A request that a proxy held back has been seen to arrive 14 s late, and a busy server to show a batch 1.5 s after the
connection broke. So if the POST was unclear, the client looks for duplicates again at the end of the run (see `wait`).
"""

from __future__ import annotations

import itertools
import json
import math
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from invokable.runtime.errors import (
    APIError,
    CertificateError,
    ConnectionError,  # noqa: A004
    EnqueueUncertain,
    InvokableError,
    NotInvokeAIError,
    QueueFullError,
    RunTimeout,
)
from invokable.runtime.steps.exchange.answers import Enqueued, RunItem
from invokable.runtime.steps.exchange.deadline import Clock, TimeUp
from invokable.runtime.steps.exchange.logs import LOG
from invokable.runtime.steps.exchange.policy import Policy
from invokable.runtime.steps.exchange.protocol import (
    GetPolicy,
    Request,
    Response,
    Sleep,
    Steps,
    Subscription,
    T,
    Transmission,
)
from invokable.runtime.steps.exchange.responses import parse, read
from invokable.runtime.steps.resources.queue import (
    QUEUE,
    batch_status,
    cancel_batches,
    cancel_items,
    items_of_batch,
    latest_of,
    listed_items,
)
from invokable.runtime.steps.resources.server_cache import ServerCache
from invokable.runtime.steps.runs.batches import expanded
from invokable.runtime.steps.runs.prepare import Prepared
from invokable.runtime.values.submission import Submission, items_in

LATEST_ARRIVAL: Final = 16.0
"""Seconds after which a lost request no longer arrives."""

_MOST_POSTS: Final = 3
_MORE_RETRIES: Final = 2
"""How many more times than other requests a POST that was certainly not accepted is sent: much work precedes it."""
_LONGEST_OUTAGE: Final = 90.0
"""Seconds to keep asking a server that does not answer. A restart takes up to 46."""
_NOT_INVOKEAI_FOR: Final = 20.0
"""Seconds to keep asking a server that answers, but never as InvokeAI does."""
_POLL_PAUSES: Final = (0.0, 0.1, 0.2, 0.4, 0.8, 1.0)
"""Seconds before each poll; the last one repeats. The first is immediate: duplicates may start at any moment."""
_BUSY: Final = 429
_UNCLEAR_REFUSAL: Final = 408
"""The only refusal after which the batch may have been accepted: the server, or a proxy, gave up reading."""
_RETRYABLE: Final = frozenset({_BUSY, _UNCLEAR_REFUSAL})


@dataclass(slots=True)
class RunState:
    """What is known about a submission at any moment."""

    submission: Submission
    unclear_since: float | None = None
    """When the last POST with an unknown outcome was given up."""
    post: Transmission = field(default_factory=Transmission)
    """The state of the last POST."""
    is_answered: bool = False
    """Whether the last POST was answered, so that its effect is visible on the server."""
    accepted_at: float = -math.inf
    """When the server was known to have the batch, if this process sent it."""
    expected_total: int = 0
    """The number of items in the batch once a retry that is on its way has arrived; 0 without one."""
    retried_ids: frozenset[int] = frozenset()
    """The items that others have replaced."""
    is_listed: bool = False
    """Whether the ids of the items were in the server's list, not only in its answer to the POST."""
    subscription: Subscription | None = None
    """Collects the events about the batch."""
    connection_id: int = 0
    """The connection that has received everything since before the POST; 0 for none."""

    @property
    def sent(self) -> bool:
        """Whether a POST may have reached the server."""
        return self.post.may_have_arrived or self.unclear_since is not None

    def correct(self, listed: Sequence[RunItem]) -> None:
        """Take the ids of the items from the server's list of the batch, unless they were taken from it before."""
        if not self.is_listed:
            self.submission, self.is_listed = corrected(self.submission, listed), True

    @property
    def is_settled(self) -> bool:
        """Whether no POST can still be on its way."""
        return self.is_answered and self.unclear_since is None


def submit(prepared: Prepared, state: RunState, clock: Clock) -> Steps[Submission]:
    """Submit a run and return its submission with item ids. `state` is kept up to date meanwhile.

    Raises APIError if the server refuses the batch, QueueFullError if it accepts fewer items, EnqueueUncertain if it is
    not known whether it has the batch, and ConnectionError if it was never reached.
    """
    try:
        yield from _submit(prepared, state, clock)
    except TimeUp:
        if state.unclear_since is None:
            raise RunTimeout("timed out before the server accepted the run") from None
        raise _uncertain(state.submission, "timed out") from None
    return state.submission


def find(submission: Submission, cache: ServerCache, clock: Clock, *, insist: bool = False) -> Steps[Submission]:
    """Complete a submission with its item ids. Raises EnqueueUncertain if the server does not show it.

    If only the batch id is known, each request is sent once; with `insist`, until the server answers.
    """
    if not submission.requested:
        return (yield from _found(submission, cache, clock, insist=insist))
    listed = yield from _look_for(submission, clock)
    if not listed:
        raise _not_on_server(submission)
    yield from _settle(state := RunState(submission), listed, None)
    return state.submission


def _found(submission: Submission, cache: ServerCache, clock: Clock, *, insist: bool) -> Steps[Submission]:
    """Complete a submission of which only the batch id is known. Of duplicate items, one counts."""

    def answered(ask: Callable[[], Steps[T]]) -> Steps[T]:
        return _insist(ask, submission, clock, _pauses()) if insist else ask()

    listed = yield from answered(lambda: listed_items(submission))
    if listed:
        latest = latest_of(listed)
        requested = items_in(submission.batch_id) or len(latest)
        kept, _ = choose_items(latest, requested, None)
        ids = kept or [item.item_id for item in latest]
    else:
        ids = yield from answered(lambda: items_of_batch(submission.batch_id, cache))
        requested = len(ids)
    if not ids:
        raise _not_on_server(submission)
    return replace(submission, requested=requested, item_ids=tuple(ids))


def _submit(prepared: Prepared, state: RunState, clock: Clock) -> Steps[None]:
    # Its answer repeats the batch, and the server would compress it before it handles anything else.
    body = {"batch": prepared.batch, "prepend": False}
    request = Request("POST", f"{QUEUE}/enqueue_batch", json=body, plain=True)
    for _ in range(_MOST_POSTS):
        answer = yield from _post(request, state, clock)
        if answer is not None and _is_complete(answer, state.submission):
            state.submission = replace(state.submission, item_ids=tuple(sorted(answer.item_ids or ())))
            return
        listed = yield from (
            _look_for(state.submission, clock) if answer is None else _insist_on_listing(state.submission, clock)
        )
        if listed or answer is not None:
            yield from _settle(state, listed, prepared, refused=answer is not None and not answer.enqueued)
            return
        LOG.warning("batch %s did not reach the server; sending it again", state.submission.batch_id)
    raise _uncertain(state.submission, f"it was sent {_MOST_POSTS} times and the server does not show it")


def _post(request: Request, state: RunState, clock: Clock) -> Steps[Enqueued | None]:
    """Send the batch until it may have arrived. None if it is unclear whether the server accepted it."""
    policy: Policy = yield GetPolicy()
    state.post = request.transmission
    for attempt in itertools.count():
        is_last = attempt >= policy.retries + _MORE_RETRIES
        state.is_answered = False
        try:
            response: Response = yield request
        except ConnectionError as error:
            if request.transmission.may_have_arrived:
                _note_unclear(state, clock, error)
                return None
            if is_last or isinstance(error, CertificateError):
                raise
            yield Sleep(policy.pause(attempt, None))
        else:
            state.is_answered = True
            if response.status != _BUSY:
                return _answer(response, state, clock)
            yield Sleep(policy.pause(attempt, response.retry_after))
            if (yield from _insist_on_listing(state.submission, clock)):
                return None
            state.post.may_have_arrived = False
            if is_last:
                parse(response)
    raise AssertionError("the last attempt returns or raises")


def _answer(response: Response, state: RunState, clock: Clock) -> Enqueued | None:
    try:
        return read(response, Enqueued)
    except (APIError, NotInvokeAIError) as error:
        if 300 <= response.status < 500 and response.status != _UNCLEAR_REFUSAL:
            state.post.may_have_arrived = False
            raise
        _note_unclear(state, clock, error)
        return None


def _note_unclear(state: RunState, clock: Clock, error: InvokableError) -> None:
    state.unclear_since = clock()
    LOG.warning("it is unclear whether the server accepted batch %s: %s", state.submission.batch_id, error)


def _is_complete(answer: Enqueued, submission: Submission) -> bool:
    """Whether an answer lists exactly the requested items, so that there is nothing to check."""
    ids = answer.item_ids or [0]
    return answer.enqueued == submission.requested == len(ids) == len(set(ids)) and min(ids) > 0


def _look_for(submission: Submission, clock: Clock) -> Steps[list[RunItem]]:
    """The items of a batch once the server shows it; none if it answered for `LATEST_ARRIVAL` without showing it."""
    pauses = _pauses()
    searched = 0.0
    while True:
        begin = clock()
        listed = yield from _insist_on_listing(submission, clock, pauses)
        # Only the time during which the server answers counts.
        searched += min(clock() - begin, 2 * _POLL_PAUSES[-1])
        if listed or searched >= LATEST_ARRIVAL:
            return listed


def _insist_on_listing(
    submission: Submission, clock: Clock, pauses: Iterator[float] | None = None
) -> Steps[list[RunItem]]:
    return _insist(lambda: listed_items(submission), submission, clock, pauses or _pauses())


def _insist(ask: Callable[[], Steps[T]], submission: Submission, clock: Clock, pauses: Iterator[float]) -> Steps[T]:
    """Ask until the server answers.

    Raises EnqueueUncertain if it does not answer for `_LONGEST_OUTAGE`, and NotInvokeAIError if something other than
    InvokeAI answers for `_NOT_INVOKEAI_FOR`. If only the batch id of the submission is known, a refusal is raised
    immediately.
    """
    start = clock()
    never_invokeai = True
    while True:
        yield Sleep(next(pauses))
        try:
            return (yield from ask())
        except InvokableError as error:
            LOG.info("looking for batch %s: %s", submission.batch_id, error)
            if not submission.requested and _is_refusal(error):
                raise
            never_invokeai = never_invokeai and isinstance(error, NotInvokeAIError)
            if never_invokeai and clock() - start > _NOT_INVOKEAI_FOR:
                raise
            if clock() - start > _LONGEST_OUTAGE:
                raise _uncertain(
                    submission, f"the server did not answer for {_LONGEST_OUTAGE:g} s ({error})"
                ) from error


def _is_refusal(error: InvokableError) -> bool:
    refused = isinstance(error, APIError) and 300 <= error.status < 500 and error.status not in _RETRYABLE
    return refused or isinstance(error, CertificateError)


def _pauses() -> Iterator[float]:
    return itertools.chain(_POLL_PAUSES, itertools.repeat(_POLL_PAUSES[-1]))


def _settle(
    state: RunState, found: Sequence[RunItem], prepared: Prepared | None, *, refused: bool = False
) -> Steps[None]:
    """Choose the items of a submission, cancel duplicates, and give up a batch that was accepted in part.

    If items are missing because they were pruned, the others continue. `refused` is whether the server said that it
    accepted none.
    """
    submission = state.submission
    items = [item for item in found if item.retried_from_item_id is None]
    rows = expanded(prepared.data) if prepared else None
    kept, surplus = choose_items(items, submission.requested, rows)
    if not items and not refused:
        raise _uncertain(submission, "the server no longer shows it; it may have been pruned or cleared")
    if not kept and _was_pruned(items, rows):
        kept, surplus = surplus, []
    if not kept:
        yield from cancel_batches([submission.batch_id])
        canceled = ", which were canceled" if items else ""
        raise QueueFullError(
            f"the queue accepted only {len(items)} of {submission.requested} items{canceled}; "
            "try again later, or submit fewer items",
            enqueued=len(items),
            requested=submission.requested,
        )
    state.submission, state.is_listed = replace(submission, item_ids=tuple(kept)), True
    yield from cancel_items(surplus)


def choose_items(
    items: Sequence[RunItem], requested: int, rows: Sequence[Sequence[tuple[str, str, Any]]] | None
) -> tuple[list[int], list[int]]:
    """The items to keep, the earliest for each row of values, and the surplus ones. If a row has none, all are surplus.

    Without the rows, as in another process, the items are assumed to be one or more complete batches, one of which may
    already have been canceled.
    """
    ids = [item.item_id for item in items]
    if rows is None or all(item.field_values is None for item in items):  # servers before 6.0 do not list values
        if len(ids) < requested:
            return [], ids
        copies = [items[start::requested] for start in range(requested)]
        earliest = [min(same, key=lambda item: item.status == "canceled").item_id for same in copies]
        kept = earliest if len(ids) % requested == 0 else ids[-requested:]
        return kept, [item for item in ids if item not in set(kept)]
    waiting: defaultdict[str, deque[int]] = defaultdict(deque)
    for item in items:
        waiting[_key_of(item)].append(item.item_id)
    kept = []
    for row in rows:
        same = waiting[_key(row)]
        if not same:
            return [], ids
        kept.append(same.popleft())
    return kept, sorted(item for queue in waiting.values() for item in queue)


def corrected(submission: Submission, listed: Sequence[RunItem]) -> Submission:
    """A submission with the ids in the server's list of its batch, if the list is complete and lacks one of its own.

    They come from the answer to the POST, which something between client and server may have mixed up.
    """
    if {item.item_id for item in listed}.issuperset(submission.item_ids):
        return submission
    kept, _ = choose_items(latest_of(listed), submission.requested, None)
    return replace(submission, item_ids=tuple(kept)) if kept else submission


def _was_pruned(items: Sequence[RunItem], rows: Sequence[Sequence[tuple[str, str, Any]]] | None) -> bool:
    """Whether the missing items of a batch were pruned. If the queue had no room for them, it has the first ones.

    Without the rows, as in another process, assume that they were pruned: later on, that is likelier, and harmless.
    """
    return rows is None or all(_key_of(item) != _key(rows[0]) for item in items)


def _key_of(item: RunItem) -> str:
    return _key([(v.node_path, v.field_name, v.value) for v in item.field_values or ()])


def _key(row: Sequence[tuple[str, str, Any]]) -> str:
    """A row of values as text, in which 1 and 1.0 are equal, and an image is just its name."""
    return json.dumps(sorted((node, field, _normalized(value)) for node, field, value in row), sort_keys=True)


def _normalized(value: Any) -> str:
    if isinstance(value, bool | int | float):
        return repr(float(value))
    if isinstance(value, dict):
        return json.dumps(value.get("image_name") or value.get("video_name"))
    if isinstance(value, list):
        return json.dumps([_normalized(item) for item in value])
    return json.dumps(value)


def _uncertain(
    submission: Submission, why: str, advice: str = "pass the error's submission to client.attach to look for it again"
) -> EnqueueUncertain:
    error = EnqueueUncertain(
        f"it is not known whether the server accepted batch {submission.batch_id}: {why}; {advice}"
    )
    error.submission = submission
    return error


def _not_on_server(submission: Submission) -> EnqueueUncertain:
    why = "no item of it is on the server: none ever was, or they were pruned, cleared or deleted"
    return _uncertain(submission, why, "submit the workflow again if it has to run")


def withdraw(state: RunState) -> Steps[bool]:
    """Cancel a run that nobody waits for any longer; return whether it is certain that none of it will run.

    Looks for a request that is still on its way, for a few seconds, and once more for a copy of it that the network
    made. Raises nothing but interrupts.
    """
    is_settled = state.is_settled and not state.expected_total
    expected = max(state.submission.requested, state.expected_total)
    pauses = (0.1,) if state.submission.item_ids and is_settled else (0.3, 0.3, 0.6, 1.0, 1.0)
    checks = 1 if is_settled else 2
    for pause in pauses:
        try:
            yield from cancel_batches([state.submission.batch_id])
            status = yield from batch_status(state.submission.batch_id)
            if not status.open and (is_settled or status.total >= expected):
                checks -= 1
            if not checks:
                return True
        except InvokableError as error:
            LOG.warning("batch %s was not canceled: %s", state.submission.batch_id, error)
        yield Sleep(pause)
    return False
