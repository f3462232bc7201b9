"""Status: the state of a run at one moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from invokable.runtime.steps.exchange.answers import ItemSummary, RunItem
from invokable.runtime.steps.exchange.deadline import Deadline
from invokable.runtime.steps.exchange.fetching import fetch
from invokable.runtime.steps.exchange.protocol import ReadById, ReadItems, Steps
from invokable.runtime.steps.resources.run_items import (
    has_other_users,
    items_by_id,
    listed_items,
    other_users_error,
    own_items,
    summaries_by_id,
)
from invokable.runtime.steps.resources.server_cache import ServerCache
from invokable.runtime.steps.runs.collect import result_of
from invokable.runtime.steps.runs.run import Context, carried_by_errors, in_time, locate, result_spec
from invokable.runtime.steps.runs.run_state import RunState
from invokable.runtime.steps.runs.wait_state import WaitState
from invokable.runtime.values.events import JobStatus
from invokable.runtime.values.submission import Submission
from invokable.runtime.values.workflow import Workflow


def job_status(state: RunState, context: Context, deadline: Deadline) -> Steps[JobStatus]:
    """The number of items in each state. Raises EnqueueUncertain, RunTimeout, ConnectionError and APIError."""
    found: dict[int, ItemSummary] = yield from _read_own(_summaries, state, context, deadline)
    return _counted(state.submission, {item_id: item.status for item_id, item in found.items()})


def outcome(waiting: WaitState) -> JobStatus:
    """How the items of a run ended, after waiting for it."""
    return _counted(waiting.submission, {key: item.status for key, item in waiting.ended.items()})


def _counted(submission: Submission, found: dict[int, str]) -> JobStatus:
    """The number of items in each state."""
    counts = Counter(found.get(item_id, "removed") for item_id in submission.item_ids)
    counts["removed"] += submission.requested - len(submission.item_ids)
    counts["in_progress"] += counts["waiting"]
    return JobStatus(*(counts[name] for name in JobStatus.__dataclass_fields__))


def finished_part(workflow: type[Workflow], state: RunState, context: Context, deadline: Deadline) -> Steps[Any]:
    """The result of the items completed so far, or None.

    Raises EnqueueUncertain, RunTimeout, ConnectionError and APIError.
    """
    found: dict[int, RunItem] = yield from _read_own(_items, state, context, deadline)
    state.keep(found.values())
    with carried_by_errors(state):
        spec = yield from result_spec(workflow, context)
        known = found | state.kept()
        items = [known[item_id] for item_id in state.submission.item_ids if item_id in known]
        return result_of(spec, items, state.submission.batch_id)


def _summaries(item_ids: Sequence[int], cache: ServerCache) -> Steps[dict[int, ItemSummary]]:
    return summaries_by_id(item_ids, cache, fetch)


def _items(item_ids: Sequence[int], cache: ServerCache) -> Steps[dict[int, RunItem]]:
    return items_by_id(item_ids, cache, fetch)


def _read_own(read: ReadById, state: RunState, context: Context, deadline: Deadline) -> Steps[dict[int, Any]]:
    """The items of a run, read within the time left."""
    with carried_by_errors(state):
        yield from locate(state, context.cache, deadline)
        reading = _own_items(read, state, context)
        return (yield from in_time(reading, deadline, f"while asking about batch {state.submission.batch_id}"))


def _own_items(read: ReadById, state: RunState, context: Context) -> Steps[dict[int, Any]]:
    found: dict[int, Any] = yield ReadItems(read, state.submission.item_ids, context.cache)
    own = own_items(found, state.submission)
    if len(own) == len(state.submission.item_ids):
        return own
    if not state.is_listed:
        state.correct((yield from listed_items(state.submission)))
        found = yield ReadItems(read, state.submission.item_ids, context.cache)
        own = own_items(found, state.submission)
    if has_other_users(found.values()):
        raise other_users_error(state.submission)
    return own
