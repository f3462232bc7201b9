"""Submit: send a batch to the server exactly once, whatever happens to the connection.

The server has no idempotency keys, and a second POST of a batch is a second batch. So the client chooses the batch id
and a unique destination. If it is unclear whether the batch was accepted, because of a lost connection or an invalid
answer, the client looks for the batch before it sends it again:

    POST ── accepted ─────────────────────────────────▶ item ids
     │  ├── refused (4xx) ────────────────────────────▶ the error
     │  ├── never sent ── a pause ── POST again
     │  ├── 429 ── a pause ── look ── not there ── POST again
     │  └── unclear ── look ── there ─────────────────▶ item ids
     │                  └──── not there for 16 s ── reported by events ─▶ item ids
     │                          └── not reported ── POST again, same id
     └─ more items than requested: both arrived ──────▶ the earliest for each value are kept, the others are canceled

A request that a proxy held back has been seen to arrive 14 s late, and a busy server to show a batch 1.5 s after the
connection broke. So if the POST was unclear, the client looks for duplicates again at the end of the run (see `wait`).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

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
from invokable.runtime.steps.exchange.policy import Policy, is_refusal
from invokable.runtime.steps.exchange.protocol import (
    AwaitEvents,
    GetPolicy,
    ReceivedEvents,
    Request,
    Response,
    Sleep,
    Steps,
)
from invokable.runtime.steps.exchange.responses import parse, read
from invokable.runtime.steps.exchange.server_events import BATCH_ENQUEUED
from invokable.runtime.steps.resources.run_items import QUEUE, cancel_batches, cancel_items, check_subject
from invokable.runtime.steps.runs.batches import expanded
from invokable.runtime.steps.runs.duplicates import choose_items
from invokable.runtime.steps.runs.prepare import Prepared
from invokable.runtime.steps.runs.run_state import RunState
from invokable.runtime.steps.runs.search import list_insistently, look_for, uncertain
from invokable.runtime.values.submission import Submission

_MOST_POSTS: Final = 3
_MORE_RETRIES: Final = 2
"""How many more times than other requests a POST that was certainly not accepted is sent: much work precedes it."""
_BUSY: Final = 429


def submit(prepared: Prepared, state: RunState, clock: Clock) -> Steps[None]:
    """Submit a run; its submission then names the items. `state` is kept up to date meanwhile.

    Raises APIError if the server refuses the batch, QueueFullError if it accepts fewer items, EnqueueUncertain if it is
    not known whether it has the batch, and ConnectionError if it was never reached.
    """
    try:
        yield from _submit(prepared, state, clock)
    except TimeUp as error:
        if not state.is_unclear:
            raise RunTimeout(f"timed out before the server accepted the run{error.reason}") from None
        raise uncertain(state.submission, "timed out") from None


def _submit(prepared: Prepared, state: RunState, clock: Clock) -> Steps[None]:
    # Its answer repeats the batch, and the server would compress it before it handles anything else.
    body = {"batch": prepared.batch, "prepend": False}
    request = Request("POST", f"{QUEUE}/enqueue_batch", json=body, plain=True)
    for _ in range(_MOST_POSTS):
        answer = yield from _post(request, state, clock)
        if answer is not None and _is_complete(answer, state.submission):
            state.submission = replace(state.submission, item_ids=tuple(sorted(answer.item_ids or ())))
            return
        listed = yield from (look_for if answer is None else list_insistently)(state.submission, clock)
        if listed or answer is not None:
            yield from _settle(state, listed, prepared, refused=answer is not None and not answer.enqueued)
            return
        if (yield from _is_reported(state)):
            return
        LOG.warning("batch %s did not reach the server; sending it again", state.submission.batch_id)
    raise uncertain(state.submission, f"it was sent {_MOST_POSTS} times and the server does not show it")


def _is_reported(state: RunState) -> Steps[bool]:
    """Whether events have reported a batch that the server does not show; then its items are the reported ones.

    Raises EnqueueUncertain if no event named an item.
    """
    received: ReceivedEvents = yield AwaitEvents(state.subscription, 0, 0, 0.0)
    item_ids = {event.item_id for event in received.events if event.item_id}
    if item_ids:  # those that nodes have enqueued came later
        state.take_listed(sorted(item_ids)[: state.submission.requested])
    elif any(event.name == BATCH_ENQUEUED for event in received.events):
        raise _removed(state.submission)
    return bool(item_ids)


def _removed(submission: Submission) -> EnqueueUncertain:
    return uncertain(submission, "the server no longer shows it; it may have been pruned or cleared")


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
            if (yield from list_insistently(state.submission, clock)):
                return None
            state.post.may_have_arrived = False
            if is_last:
                parse(response)
    raise AssertionError("the last attempt returns or raises")


def _answer(response: Response, state: RunState, clock: Clock) -> Enqueued | None:
    try:
        answer = read(response, Enqueued)
        check_subject(response, [answer.batch.batch_id], state.submission.batch_id)
        return answer
    except (APIError, NotInvokeAIError) as error:
        if is_refusal(response.status):
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


def _settle(state: RunState, listed: Sequence[RunItem], prepared: Prepared, *, refused: bool) -> Steps[None]:
    """Choose the items of a submission, cancel duplicates, and give up a batch that was accepted in part.

    `refused` is whether the server said that it accepted none.
    """
    submission = state.submission
    items = [item for item in listed if item.retried_from_item_id is None]
    if not items and not refused:
        raise _removed(submission)
    kept, surplus = choose_items(items, submission.requested, expanded(prepared.data))
    if not kept:
        yield from cancel_batches([submission.batch_id])
        canceled = ", which were canceled" if items else ""
        raise QueueFullError(
            f"the queue accepted only {len(items)} of {submission.requested} items{canceled}; "
            "try again later, or submit fewer items",
            enqueued=len(items),
            requested=submission.requested,
        )
    state.take_listed(kept)
    yield from cancel_items(surplus)
