"""Withdraw: cancel a run that nobody waits for any longer, because of an interrupt."""

from __future__ import annotations

import logging
from typing import Final

from invokable.runtime.errors import InvokableError
from invokable.runtime.steps.exchange.answers import BatchStatus
from invokable.runtime.steps.exchange.deadline import Clock, Deadline, TimeUp, within
from invokable.runtime.steps.exchange.logs import LOG
from invokable.runtime.steps.exchange.protocol import CallbackFailed, Sleep, Steps, T
from invokable.runtime.steps.resources.run_items import batch_status, cancel_batches
from invokable.runtime.steps.runs.run_state import RunState

MAY_RUN: Final = "may still run"
"""In the note about a batch that was perhaps not canceled."""
CANCEL_TIMEOUT: Final = 10.0
"""The maximum number of seconds that an interrupted run takes to cancel its items."""


def withdrawn_on_interrupt(steps: Steps[T], state: RunState, canceled: set[str], clock: Clock) -> Steps[T]:
    """The same steps. On an interrupt, or an exception of a callback, what was submitted is canceled."""
    try:
        return (yield from steps)
    except (InvokableError, GeneratorExit):
        raise
    except BaseException as interrupt:
        carrier = interrupt.error if isinstance(interrupt, CallbackFailed) else interrupt
        yield from give_up(state, carrier, canceled, clock)
        raise


def give_up(state: RunState, interrupt: BaseException, canceled: set[str], clock: Clock) -> Steps[None]:
    """Cancel what was submitted. The interrupt carries the submission, as errors do, and a note on what became of it.

    Whoever presses Ctrl-C sees a traceback, and wants to know whether the server still works for them. `canceled` are
    the batches that the client has canceled; others may wait for this one.
    """
    if not state.sent:
        return
    vars(interrupt)["submission"] = state.submission
    batch_id = state.submission.batch_id
    canceled.add(batch_id)
    try:
        status = yield from within(_withdraw(state), Deadline.after(CANCEL_TIMEOUT, clock))
    except TimeUp:
        status = None
    except BaseException as another:
        vars(another)["submission"] = state.submission
        _warn(another, batch_id)
        raise
    if status is None:
        _warn(interrupt, batch_id)
    else:
        _note(interrupt, f"batch {batch_id} {'was canceled' if status.canceled else 'had ended'}", logging.INFO)


def _warn(interrupt: BaseException, batch_id: str) -> None:
    _note(interrupt, f"batch {batch_id} {MAY_RUN}; client.cancel({batch_id!r}) cancels it", logging.WARNING)


def _note(interrupt: BaseException, text: str, level: int) -> None:
    """Add a note. It is also logged, since of several interrupted tasks asyncio shows only one interrupt."""
    interrupt.add_note(f"invokable: {text}")
    LOG.log(level, "%s", text)


def _withdraw(state: RunState) -> Steps[BatchStatus | None]:
    """Cancel a run; return its status if it is certain that none of it will run, and None otherwise.

    Looks for a request that is still on its way, for a few seconds, and once more for a copy of it that the network
    made. Raises nothing but interrupts.
    """
    is_settled = state.is_settled
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
                return status
        except InvokableError as error:
            LOG.warning("batch %s was not canceled: %s", state.submission.batch_id, error)
        yield Sleep(pause)
    return None
