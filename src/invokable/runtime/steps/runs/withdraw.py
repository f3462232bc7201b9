"""Withdraw: cancel a run that nobody waits for any longer, because of an interrupt."""

from __future__ import annotations

from typing import Final

from invokable.runtime.errors import InvokableError
from invokable.runtime.steps.exchange.deadline import Clock, Deadline, TimeUp, within
from invokable.runtime.steps.exchange.logs import LOG
from invokable.runtime.steps.exchange.protocol import CallbackFailed, Sleep, Steps, T
from invokable.runtime.steps.resources.queue import batch_status, cancel_batches
from invokable.runtime.steps.runs.run_state import RunState

CANCEL_TIMEOUT: Final = 10.0
"""The maximum number of seconds that an interrupted run takes to cancel its items."""


def withdrawn_on_interrupt(steps: Steps[T], state: RunState, clock: Clock) -> Steps[T]:
    """The same steps. On an interrupt, or an exception of a callback, what was submitted is canceled."""
    try:
        return (yield from steps)
    except (InvokableError, GeneratorExit):
        raise
    except BaseException as interrupt:
        carrier = interrupt.error if isinstance(interrupt, CallbackFailed) else interrupt
        yield from give_up(state, carrier, clock)
        raise


def give_up(state: RunState, interrupt: BaseException, clock: Clock) -> Steps[None]:
    """Cancel what was submitted. The interrupt carries the submission, as errors do, and a note if it may still run."""
    if not state.sent:
        return
    vars(interrupt)["submission"] = state.submission
    batch_id = state.submission.batch_id
    try:
        canceled = yield from within(_withdraw(state), Deadline.after(CANCEL_TIMEOUT, clock))
    except TimeUp:
        canceled = False
    except BaseException as another:
        vars(another)["submission"] = state.submission
        _warn(another, batch_id)
        raise
    if canceled:
        LOG.info("batch %s was canceled", batch_id)
    else:
        _warn(interrupt, batch_id)


def _warn(interrupt: BaseException, batch_id: str) -> None:
    """Add the note. It is also logged, since of several interrupted tasks asyncio shows only one interrupt."""
    warning = f"batch {batch_id} may still run; client.cancel({batch_id!r}) cancels it"
    interrupt.add_note(f"invokable: {warning}")
    LOG.warning("%s", warning)


def _withdraw(state: RunState) -> Steps[bool]:
    """Cancel a run; return whether it is certain that none of it will run.

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
                return True
        except InvokableError as error:
            LOG.warning("batch %s was not canceled: %s", state.submission.batch_id, error)
        yield Sleep(pause)
    return False
