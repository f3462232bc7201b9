"""Run items: the requests about the queue items of a run, shared by submitting, waiting and canceling."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final, TypeAlias, TypeVar

from invokable.contract.server import AGAIN, REDACTED
from invokable.runtime.errors import APIError, InvokableError, WorkflowError
from invokable.runtime.steps.exchange.answers import (
    BatchStatus,
    Canceled,
    ItemIds,
    ItemPage,
    ItemSummary,
    QueueLoad,
    RunItem,
)
from invokable.runtime.steps.exchange.fetching import fetch, fetch_as, in_path
from invokable.runtime.steps.exchange.logs import LOG
from invokable.runtime.steps.exchange.protocol import Request, Response, Steps
from invokable.runtime.steps.exchange.responses import not_invokeai, read, shaped
from invokable.runtime.steps.resources.server_cache import ServerCache
from invokable.runtime.values.events import Queued
from invokable.runtime.values.records import QueueItem
from invokable.runtime.values.submission import Submission

QUEUE: Final = "/api/v1/queue/default"

Item = TypeVar("Item", RunItem, ItemSummary)
Listed = TypeVar("Listed", RunItem, QueueItem)
Send: TypeAlias = Callable[[Request], Steps[Response]]
"""Sends a request, with retries or without."""

_AT_ONCE: Final = 100  # items in one request; a thousand take half a second and more than a megabyte
_SUMMARIES: Final = 1000
_PLACE_TIMEOUT: Final = 0.5  # seconds; other events wait meanwhile


def batch_status(batch_id: str) -> Steps[BatchStatus]:
    """The status of a batch; requested once."""
    response: Response = yield Request("GET", f"{QUEUE}/b/{in_path(batch_id)}/status")
    status = read(response, BatchStatus)
    check_subject(response, [status.batch_id], batch_id)
    return status


def check_subject(response: Response, subjects: Iterable[object], asked: object) -> None:
    """Raise NotInvokeAIError if an answer is about something else, as when another request's answer arrives twice.

    The server hides the subjects of another user's items.
    """
    for subject in subjects:
        if subject not in (asked, REDACTED, None):
            raise not_invokeai(response.url, f"the answer is about {subject!r} instead of {asked!r}")


def _once(request: Request) -> Steps[Response]:
    """Send a request without retrying it: the caller decides what a failure means."""
    response: Response = yield request
    return response


def items_by_id(item_ids: Sequence[int], cache: ServerCache, send: Send = _once) -> Steps[dict[int, RunItem]]:
    """Items with their sessions, without those that are no longer in the queue."""
    if len(item_ids) > 1 and cache.lists_by_ids:
        listed = yield from _in_chunks("items_by_ids", list[RunItem], item_ids, _AT_ONCE, send)
        if listed is not None:
            return listed
        cache.lists_by_ids = False  # a server before 6.7
    found: dict[int, RunItem] = {}
    for item_id in item_ids:
        item = yield from _item(item_id, send)
        if item is not None:
            found[item_id] = item
    return found


def place_in_queue(submission: Submission) -> Steps[Queued]:
    """The place of a run in the queue, if the server reports it quickly."""
    ahead: int | None = None
    try:
        queue = read((yield Request("GET", f"{QUEUE}/status", timeout=_PLACE_TIMEOUT)), QueueLoad).queue
        ahead = max(queue.pending + queue.in_progress - submission.requested, 0)
    except InvokableError as error:
        LOG.info("the place of batch %s in the queue is unknown: %s", submission.batch_id, error)
    return Queued(submission.item_ids[0], ahead, submission.requested)


def summaries_by_id(item_ids: Sequence[int], cache: ServerCache, send: Send = _once) -> Steps[dict[int, ItemSummary]]:
    """Items without their sessions, and without those that are no longer in the queue."""
    if cache.lists_summaries:
        listed = yield from _in_chunks("item_summaries_by_ids", list[ItemSummary], item_ids, _SUMMARIES, send)
        if listed is not None:
            return listed
        cache.lists_summaries = False  # a server before 6.14
    return {
        item.item_id: ItemSummary(item_id=item.item_id, status=item.status, batch_id=item.batch_id)
        for item in (yield from items_by_id(item_ids, cache, send)).values()
    }


def _in_chunks(
    path: str, kind: type[list[Item]], item_ids: Sequence[int], size: int, send: Send
) -> Steps[dict[int, Item] | None]:
    """Items by id, up to `size` in each request; None if the server does not have the path."""
    found: dict[int, Item] = {}
    for start in range(0, len(item_ids), size):
        body = {"item_ids": list(item_ids[start : start + size])}
        response = yield from send(Request("POST", f"{QUEUE}/{path}", json=body))
        if response.status in (404, 405):
            return None
        found |= {item.item_id: item for item in read(response, kind)}
    return found


def own_items(found: Mapping[int, Item], submission: Submission) -> dict[int, Item]:
    """The items that belong to a submission. Once a server has a new database, others have their ids."""
    return {item_id: item for item_id, item in found.items() if item.batch_id == submission.batch_id}


def has_other_users(items: Iterable[RunItem | ItemSummary]) -> bool:
    """Whether one of the items is another user's."""
    return any(item.batch_id == REDACTED for item in items)


def other_users_error(submission: Submission) -> WorkflowError:
    """The error for a run whose items are another user's."""
    whose = f"the items of batch {submission.batch_id} belong to another user"
    return WorkflowError(f"{whose}; sign in with the account that submitted them")


def listed_items(submission: Submission) -> Steps[list[RunItem]]:
    """All items of a submission and their retries, oldest first: more than requested if it arrived twice.

    Items that a node of the workflow enqueued are left out.
    """
    response = yield from fetch(Request("GET", f"{QUEUE}/list_all", {"destination": submission.destination}))
    if response.status == 404:  # servers before 6.0
        items = yield from _in_pages_of_batch(submission.batch_id)
    else:
        items = read(response, list[RunItem])
        check_subject(response, {item.destination for item in items}, submission.destination)
    own = (item for item in items if item.batch_id in (submission.batch_id, REDACTED) and item.parent_item_id is None)
    return sorted(own, key=lambda item: item.item_id)


def items_of_batch(batch_id: str, cache: ServerCache) -> Steps[list[int]]:
    """The items of a batch with any destination, oldest first; a retried item is replaced by its last retry."""
    response: Response = yield from fetch(Request("GET", f"{QUEUE}/item_ids", {"order_dir": "ASC"}))
    if response.status == 404 or not response.is_json:  # servers before 6.7
        return [item.item_id for item in latest_of((yield from _in_pages_of_batch(batch_id)))]
    found = yield from summaries_by_id(read(response, ItemIds).item_ids, cache, fetch)
    own = [item_id for item_id, item in found.items() if item.batch_id == batch_id]
    # Summaries do not say what was retried.
    return [item.item_id for item in latest_of((yield from items_by_id(own, cache, fetch)).values())]


def latest_of(items: Iterable[RunItem]) -> list[RunItem]:
    """The items of a run, given oldest first; a retried item is replaced by its last retry.

    Each retry names the original item, even if it is the retry of a retry. If a retry arrived twice, the first one
    counts; the second one was canceled, or will be.
    """
    latest: dict[int, RunItem] = {}
    for item in items:
        before = latest.get(item.original_id)
        is_again = before is None or before.status in AGAIN
        if item.parent_item_id is None and is_again:  # otherwise a node enqueued it, or it is a duplicate
            latest[item.original_id] = item
    return list(latest.values())


def cancel_batches(batch_ids: Sequence[str]) -> Steps[int]:
    """Cancel the items of batches that have not ended; return how many. Raises APIError and ConnectionError."""
    request = Request("PUT", f"{QUEUE}/cancel_by_batch_ids", json={"batch_ids": list(batch_ids)})
    return (yield from fetch_as(request, lambda response: read(response, Canceled).canceled))


def cancel_run(submission: Submission, cache: ServerCache) -> Steps[None]:
    """Cancel the items of a run that have not ended.

    Raises APIError, ConnectionError, and WorkflowError if another user submitted them.
    """
    if (yield from cancel_batches([submission.batch_id])):
        return
    found = yield from summaries_by_id(submission.item_ids, cache, fetch)
    if has_other_users(found.values()):  # whose batches the server ignores
        raise other_users_error(submission)


def cancel_items(item_ids: Iterable[int]) -> Steps[None]:
    """Cancel single items, if they are still in the queue.

    Each is tried once before any is retried: while the client waits for one, the next might run.
    """
    left = []
    for item_id in item_ids:
        try:
            _check_canceled(item_id, (yield _cancel(item_id)))
        except InvokableError:
            left.append(item_id)
    for item_id in left:
        try:
            yield from fetch_as(_cancel(item_id), partial(_check_canceled, item_id))
        except InvokableError as error:
            LOG.info("item %d, a duplicate, was not canceled: %s", item_id, error)


def _cancel(item_id: int) -> Request:
    return Request("PUT", f"{QUEUE}/i/{item_id}/cancel")


def _check_canceled(item_id: int, response: Response) -> None:
    check_subject(response, [read(response, ItemSummary).item_id], item_id)


def _item(item_id: int, send: Send) -> Steps[RunItem | None]:
    response = yield from send(Request("GET", f"{QUEUE}/i/{item_id}"))
    try:
        item = read(response, RunItem)
    except APIError as error:
        if is_missing_item(error, item_id):
            return None
        raise
    check_subject(response, [item.item_id], item_id)
    return item


def is_missing_item(error: APIError, item_id: int) -> bool:
    """Whether the server has no such item. Some versions wrap the 404 in a 500 with this message."""
    return error.status == 404 or (error.status == 500 and f"404: Queue item with id {item_id} " in error.detail)


def _in_pages_of_batch(batch_id: str) -> Steps[list[RunItem]]:
    def run_item(value: Any, where: str) -> RunItem:
        return shaped(value, RunItem, where=where)

    return [item for item in (yield from in_pages(run_item)) if item.batch_id == batch_id]


def in_pages(item_of: Callable[[Any, str], Listed]) -> Steps[list[Listed]]:
    """All items, in pages, as servers before 6.7 list them: without sessions, and before 6.0 without values.

    `item_of` is called with each item and the address where it was found.
    """
    found: list[Listed] = []
    cursor: dict[str, Any] = {}
    while True:
        response = yield from fetch(Request("GET", f"{QUEUE}/list", {"limit": 200, **cursor}))
        page = read(response, ItemPage)
        found += [item_of(value, response.url) for value in page.items]
        if not page.has_more or not page.items:
            return found
        cursor = {"cursor": found[-1].item_id, "priority": found[-1].priority}
