"""Run: the whole course of a run, from a workflow's values to its result.

prepare ──▶ Submission ──▶ submit ──▶ wait ──▶ collect

Each step may be interrupted. Once the server may have the batch, every error carries the Submission. An interrupt of
`run` cancels the batch, since nothing will fetch the result.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from invokable.runtime.errors import (
    APIError,
    ConnectionError,  # noqa: A004
    InvokableError,
    NotInvokeAIError,
    RunCanceled,
    RunFailed,
    RunInterrupted,
    RunTimeout,
    StaleWorkflowError,
    WorkflowError,
)
from invokable.runtime.steps.exchange.deadline import Clock, Deadline, TimeUp, within
from invokable.runtime.steps.exchange.logs import LOG
from invokable.runtime.steps.exchange.policy import Policy
from invokable.runtime.steps.exchange.protocol import GetPolicy, Report, Sleep, Steps, Subscribe, T
from invokable.runtime.steps.resources.node_drift import drift
from invokable.runtime.steps.resources.run_items import cancel_run, place_in_queue
from invokable.runtime.steps.resources.server_cache import ServerCache
from invokable.runtime.steps.runs.collect import ResultSpec, collect, removal
from invokable.runtime.steps.runs.pacing import Outage
from invokable.runtime.steps.runs.prepare import Prepared, prepare
from invokable.runtime.steps.runs.retry import Retries, retry
from invokable.runtime.steps.runs.run_state import RunState
from invokable.runtime.steps.runs.search import find
from invokable.runtime.steps.runs.submit import submit
from invokable.runtime.steps.runs.tracker import EventTracker
from invokable.runtime.steps.runs.wait import cancel_late_duplicates, read_unconfirmed, wait
from invokable.runtime.steps.runs.wait_state import WaitState
from invokable.runtime.steps.runs.withdraw import withdrawn_on_interrupt
from invokable.runtime.values.events import Queued
from invokable.runtime.values.media import Downloader
from invokable.runtime.values.pins import pins_of
from invokable.runtime.values.submission import Submission
from invokable.runtime.values.workflow import Workflow


@dataclass(frozen=True, slots=True)
class Context:
    """What all runs of a client share."""

    cache: ServerCache
    client: Downloader | None
    """What the images of a result download themselves with; None if they cannot."""
    canceled: set[str] = field(default_factory=set)
    """The batches that the client has canceled."""
    retries: Retries = field(default_factory=dict)
    """The runs that are being retried."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How to wait for a run."""

    watched: bool = False
    """Whether the events of the run are watched."""
    resubmit: bool = False
    """Whether items that a server restart interrupts run again."""


_DEFAULTS: Final = RunOptions()
_SUBSCRIBE_TIMEOUT: Final = 2.0
"""Seconds to wait for the connection for events before submitting; without it, the run is polled."""
_LAST_IN_QUEUE_FOR: Final = 1.0
"""Seconds after which a run may no longer be the last one in the queue."""


def run(flow: Workflow, context: Context, deadline: Deadline, options: RunOptions = _DEFAULTS) -> Steps[Any]:
    """Run a workflow and return its result. On an interrupt, the items that have not ended are canceled."""
    prepared = yield from prepare_in_time(flow, context, deadline)
    state = RunState(prepared.submission)

    def submit_and_finish() -> Steps[Any]:
        yield from _submit(flow, prepared, state, deadline, watched=options.watched)
        return (yield from _finish_despite_restarts(type(flow), state, context, deadline, options))

    with released_unless_sent(state, context):
        return (yield from withdrawn_on_interrupt(submit_and_finish(), state, context.canceled, deadline.clock))


def start(flow: Workflow, prepared: Prepared, state: RunState, context: Context, deadline: Deadline) -> Steps[None]:
    """Submit a prepared run without waiting for its result. On an interrupt, what was submitted is canceled.

    `state` is kept up to date meanwhile.
    """
    submitting = _submit(flow, prepared, state, deadline, watched=True)
    yield from withdrawn_on_interrupt(submitting, state, context.canceled, deadline.clock)


def finish(
    workflow: type[Workflow],
    state: RunState,
    context: Context,
    deadline: Deadline,
    options: RunOptions = _DEFAULTS,
) -> Steps[Any]:
    """Wait for a run that this or another process submitted, and return its result."""
    waiting = yield from _begin(workflow, state, context, deadline, options)
    return (yield from _finish(workflow, waiting, context, deadline))


def _finish(workflow: type[Workflow], waiting: WaitState, context: Context, deadline: Deadline) -> Steps[Any]:
    """Wait for a run and collect its result."""
    state = waiting.run
    yield from _wait(waiting, context, deadline)
    LOG.info("batch %s: %s", state.submission.batch_id, waiting.summary)
    context.cache.uploads.release(state.submission.batch_id)
    if any(item.status == "failed" for item in waiting.ended.values()):
        context.cache.uploads.mark_stale(state.submission.uploads)
    with carried_by_errors(state):
        spec = yield from result_spec(workflow, context)
        try:
            return collect(spec, waiting)
        except (NotInvokeAIError, WorkflowError) as error:
            if not waiting.unconfirmed or isinstance(error, RunFailed | RunCanceled):
                raise
            LOG.info("batch %s: an event had a wrong result (%s); reading the items", state.submission.batch_id, error)
        reading = read_unconfirmed(waiting, context.cache)
        yield from in_time(reading, deadline, f"while reading the results of batch {state.submission.batch_id}")
        return collect(spec, waiting)


def result_spec(workflow: type[Workflow], context: Context) -> Steps[ResultSpec]:
    """How the results of a workflow's nodes become its result."""
    policy: Policy = yield GetPolicy()
    return ResultSpec(workflow.Result, pins_of(workflow), context.client, policy.outputs)


def follow(
    workflow: type[Workflow],
    state: RunState,
    context: Context,
    deadline: Deadline,
    options: RunOptions = _DEFAULTS,
) -> Steps[WaitState]:
    """Wait for a run that this or another process submitted, whatever its outcome."""
    waiting = yield from _begin(workflow, state, context, deadline, options)
    yield from _wait(waiting, context, deadline)
    return waiting


def _begin(
    workflow: type[Workflow], state: RunState, context: Context, deadline: Deadline, options: RunOptions
) -> Steps[WaitState]:
    """Find the items of a run, and report its place in the queue."""
    with carried_by_errors(state):
        yield from locate(state, context.cache, deadline, insist=True)
        if options.watched:
            yield Report([(yield from _queued_event(state, deadline.clock))])
        return WaitState(state, EventTracker(pins_of(workflow), context.client, options.watched))


def _wait(waiting: WaitState, context: Context, deadline: Deadline) -> Steps[None]:
    """Wait until every item of a run has ended."""
    with carried_by_errors(waiting.run):
        waiting.had_outage = False
        yield from within(wait(waiting, context.cache, deadline.clock), deadline)
        yield from within(cancel_late_duplicates(waiting, deadline.clock), deadline)
        waiting.canceled_here = waiting.submission.batch_id in context.canceled


def _queued_event(state: RunState, clock: Clock) -> Steps[Queued]:
    """The place of a run in the queue. Asked later, the server counts items that came after the run."""
    if state.accepted_at is None or clock() - state.accepted_at > _LAST_IN_QUEUE_FOR:
        return Queued(state.submission.item_ids[0], None, state.submission.requested)
    return (yield from place_in_queue(state.submission))


def locate(state: RunState, cache: ServerCache, deadline: Deadline, *, insist: bool = False) -> Steps[None]:
    """Find the items of a submission that does not name them, and subscribe to its events if that has not happened."""
    if state.subscription is None or not state.subscription.is_alive:
        state.connection_id = 0
        state.subscription = yield Subscribe(state.submission.batch_id, 0.0)
    if not state.submission.item_ids:
        finding = find(state, cache, deadline.clock, insist=insist)
        yield from in_time(finding, deadline, f"while looking for batch {state.submission.batch_id}")


def prepare_in_time(flow: Workflow, context: Context, deadline: Deadline) -> Steps[Prepared]:
    """Prepare a run, within the time left."""
    return (yield from in_time(prepare(flow, context.cache), deadline))


def _submit(flow: Workflow, prepared: Prepared, state: RunState, deadline: Deadline, *, watched: bool) -> Steps[None]:
    with carried_by_errors(state):
        state.subscription = yield from in_time(_subscribe(state, watched=watched), deadline)
        state.connection_id = state.subscription.connection_id if state.subscription else 0
        try:
            yield from within(submit(prepared, state, deadline.clock), deadline)
            state.accepted_at = deadline.clock()
        except APIError as error:
            differences = yield from _differences(flow, error, deadline)
            if differences:
                message = f"the server's nodes differ from those of the module: {'; '.join(differences)}"
                raise StaleWorkflowError(message) from error
            raise
    LOG.info("batch %s is on the server: items %s", state.submission.batch_id, list(state.submission.item_ids))


def run_again(state: RunState, context: Context, deadline: Deadline) -> Steps[None]:
    """Run failed and canceled items again. Raises RunCanceled for removed ones, once the others run."""
    with carried_by_errors(state):
        yield from locate(state, context.cache, deadline)
        with _canceled_only_before(state, context):
            removed = yield from within(retry(state, context.retries, deadline.clock), deadline)
        if removed:
            raise removal(
                removed, "pruned, cleared or deleted by somebody else or with client.queue, and cannot run again"
            )


@contextmanager
def _canceled_only_before(state: RunState, context: Context) -> Iterator[None]:
    """Forget that the client canceled a run if some of it runs again, unless another thread cancels it meanwhile."""
    batch_id, retried_ids = state.submission.batch_id, state.retried_ids
    was_canceled = batch_id in context.canceled
    context.canceled.discard(batch_id)
    try:
        yield
    finally:
        if was_canceled and state.retried_ids == retried_ids:
            context.canceled.add(batch_id)


def cancel(submission: Submission, context: Context) -> Steps[None]:
    """Cancel the items of a run that have not ended.

    Raises APIError, ConnectionError, and WorkflowError if another user submitted them.
    """
    context.canceled.add(submission.batch_id)  # before it takes effect: another thread may be waiting
    yield from cancel_run(submission, context.cache)


def _subscribe(state: RunState, *, watched: bool) -> Steps[Any]:
    return (yield Subscribe(state.submission.batch_id, _SUBSCRIBE_TIMEOUT, watched))


def _finish_despite_restarts(
    workflow: type[Workflow], state: RunState, context: Context, deadline: Deadline, options: RunOptions
) -> Steps[Any]:
    """Wait for a run and collect its result; if requested, run items again that a restart interrupts."""
    waiting = yield from _begin(workflow, state, context, deadline, options)
    while True:
        try:
            return (yield from _finish(workflow, waiting, context, deadline))
        except RunInterrupted as interruption:
            if not options.resubmit:
                raise
            LOG.warning(
                "batch %s: a restart of the server canceled items %s; running them again",
                state.submission.batch_id,
                list(interruption.item_ids),
            )
            with carried_by_errors(state):
                yield from in_time(_retry_insistently(state, context, deadline), deadline, "before anything ran again")


def _retry_insistently(state: RunState, context: Context, deadline: Deadline) -> Steps[None]:
    """Run interrupted items again, through any outage: a server that was just restarted may be killed again."""
    outage = Outage(deadline.clock, state.submission.batch_id)
    while True:
        try:
            yield from retry(state, context.retries, deadline.clock)
            outage.over()
            return
        except InvokableError as error:
            yield Sleep(outage.pause_after(error))


def in_time(steps: Steps[T], deadline: Deadline, when: str = "before the run was submitted") -> Steps[T]:
    """The same steps, within the time left. Raises RunTimeout, which says `when` it happened."""
    try:
        return (yield from within(steps, deadline))
    except (TimeUp, ConnectionError) as error:
        if not deadline.is_over:  # otherwise it is just the timeout
            raise
        reason = error.reason if isinstance(error, TimeUp) else f": {error}"
        raise RunTimeout(f"timed out after {deadline.timeout:g} s, {when}{reason}") from None


def _differences(flow: Workflow, refusal: APIError, deadline: Deadline) -> Steps[list[str]]:
    """Why the server refused a graph, if its nodes show it, and in time."""
    if refusal.status != 422:
        return []
    try:
        return (yield from within(drift(pins_of(type(flow))), deadline))
    except (InvokableError, TimeUp):
        return []


@contextmanager
def released_unless_sent(state: RunState, context: Context) -> Iterator[None]:
    """Release the uploads of a run that never reached the server."""
    try:
        yield
    except BaseException:
        if not state.sent:
            context.cache.uploads.release(state.submission.batch_id)
        raise


@contextmanager
def carried_by_errors(state: RunState) -> Iterator[None]:
    """Add the submission to errors."""
    try:
        yield
    except InvokableError as error:
        error.submission = state.submission
        raise
