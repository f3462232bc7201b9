"""Search: find out which items of a batch the server has, however long it takes to answer."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from invokable.runtime.errors import (
    APIError,
    CertificateError,
    EnqueueUncertain,
    InvokableError,
    NotInvokeAIError,
)
from invokable.runtime.steps.exchange.answers import RunItem
from invokable.runtime.steps.exchange.deadline import Clock
from invokable.runtime.steps.exchange.logs import LOG
from invokable.runtime.steps.exchange.policy import is_refusal
from invokable.runtime.steps.exchange.protocol import Sleep, Steps, T
from invokable.runtime.steps.resources.run_items import cancel_items, items_of_batch, latest_of, listed_items
from invokable.runtime.steps.resources.server_cache import ServerCache
from invokable.runtime.steps.runs.duplicates import choose_items
from invokable.runtime.steps.runs.run_state import RunState
from invokable.runtime.values.submission import Submission, items_in

LATEST_ARRIVAL: Final = 16.0
"""Seconds after which a lost request no longer arrives."""
_LONGEST_OUTAGE: Final = 90.0
"""Seconds to keep asking a server that does not answer. A restart takes up to 46."""
_NOT_INVOKEAI_FOR: Final = 20.0
"""Seconds to keep asking a server that answers, but never as InvokeAI does."""
_POLL_PAUSES: Final = (0.0, 0.1, 0.2, 0.4, 0.8, 1.0)
"""Seconds before each poll; the last one repeats. The first is immediate: duplicates may start at any moment."""


def find(state: RunState, cache: ServerCache, clock: Clock, *, insist: bool = False) -> Steps[None]:
    """Find the items of a submission that does not name them. Raises EnqueueUncertain if the server does not show it.

    If only the batch id is known, each request is sent once; with `insist`, until the server answers. Either way, a
    batch of this package that is nowhere is looked for as long as it may be on its way.
    """
    submission = state.submission
    if not submission.requested:
        yield from _find_by_batch_id(state, cache, clock, insist=insist)
        return
    listed = yield from look_for(submission, clock)
    originals = [item for item in listed if item.retried_from_item_id is None]
    if not originals:
        raise _not_on_server(submission)
    kept, surplus = choose_items(originals, submission.requested, None)
    state.take_listed(kept)
    yield from cancel_items(surplus)


def _find_by_batch_id(state: RunState, cache: ServerCache, clock: Clock, *, insist: bool) -> Steps[None]:
    """Find the items of a batch. Of duplicate items, one counts; of a retried one, its last retry."""
    submission = state.submission

    def answered(ask: Callable[[], Steps[T]]) -> Steps[T]:
        return _insist(ask, submission, clock, _pauses()) if insist else ask()

    listed = yield from answered(lambda: listed_items(submission))
    elsewhere = [] if listed else (yield from answered(lambda: items_of_batch(submission.batch_id, cache)))
    own = items_in(submission.batch_id)
    if own and not listed and not elsewhere:  # it may be on its way
        listed = yield from look_for(submission, clock)
    if listed:
        latest = latest_of(listed)
        requested = own or len(latest)
        ids, _ = choose_items(latest, requested, None)
    else:
        ids, requested = elsewhere, len(elsewhere)
    if not ids:
        raise _not_on_server(submission)
    state.submission, state.is_listed = replace(submission, requested=requested, item_ids=tuple(ids)), True


def look_for(submission: Submission, clock: Clock) -> Steps[list[RunItem]]:
    """The items of a batch once the server shows it; none if it answered for `LATEST_ARRIVAL` without showing it."""
    pauses = _pauses()
    searched = 0.0
    while True:
        begin = clock()
        listed = yield from _insist(lambda: listed_items(submission), submission, clock, pauses)
        # Only the time during which the server answers counts.
        searched += min(clock() - begin, 2 * _POLL_PAUSES[-1])
        if listed or searched >= LATEST_ARRIVAL:
            return listed


def list_insistently(submission: Submission, clock: Clock) -> Steps[list[RunItem]]:
    """The items of a batch that the server shows, once it answers."""
    return _insist(lambda: listed_items(submission), submission, clock, _pauses())


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
            if not submission.requested and _is_final(error):
                raise
            never_invokeai = never_invokeai and isinstance(error, NotInvokeAIError)
            if never_invokeai and clock() - start > _NOT_INVOKEAI_FOR:
                raise
            if clock() - start > _LONGEST_OUTAGE:
                why = f"the server did not answer for {_LONGEST_OUTAGE:g} s ({error})"
                raise uncertain(submission, why) from error


def _is_final(error: InvokableError) -> bool:
    return isinstance(error, CertificateError) or (isinstance(error, APIError) and is_refusal(error.status))


def _pauses() -> Iterator[float]:
    return itertools.chain(_POLL_PAUSES, itertools.repeat(_POLL_PAUSES[-1]))


def uncertain(
    submission: Submission, why: str, advice: str = "pass the error's submission to client.attach to look for it again"
) -> EnqueueUncertain:
    """The error for a batch that may or may not be on the server."""
    return EnqueueUncertain(f"it is not known whether the server accepted batch {submission.batch_id}: {why}; {advice}")


def _not_on_server(submission: Submission) -> EnqueueUncertain:
    why = "no item of it is on the server: none ever was, or they were pruned, cleared or deleted"
    return uncertain(submission, why, "submit the workflow again if it has to run")
