"""Queue: the requests about a run's items that submitting, waiting and canceling share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from invokable.runtime.errors import APIError, InvokableError
from invokable.runtime.steps.answers import BatchStatus, ItemPage, QueueItem, parse, read
from invokable.runtime.steps.logs import LOG as LOG
from invokable.runtime.steps.models import Known
from invokable.runtime.steps.protocol import Request, Response, Steps, fetch
from invokable.runtime.steps.submission import Submission

QUEUE: Final = "/api/v1/queue/default"

_AT_ONCE: Final = 100  # items in one request; a thousand take half a second and more than a megabyte


def batch_status(batch_id: str) -> Steps[BatchStatus]:
    """How far a batch is; asked once."""
    return read((yield Request("GET", f"{QUEUE}/b/{batch_id}/status")), BatchStatus)


def items_by_id(item_ids: Sequence[int], known: Known) -> Steps[dict[int, QueueItem]]:
    """Items with their sessions; those that the queue no longer has are left out."""
    found: dict[int, QueueItem] = {}
    if len(item_ids) > 1 and known.lists_by_ids:
        for start in range(0, len(item_ids), _AT_ONCE):
            chunk = list(item_ids[start : start + _AT_ONCE])
            response: Response = yield Request("POST", f"{QUEUE}/items_by_ids", json={"item_ids": chunk})
            if response.status in (404, 405):  # servers before 6.7
                known.lists_by_ids = False
                break
            found |= {item.item_id: item for item in read(response, list[QueueItem])}
        else:
            return found
    for item_id in item_ids:
        item = yield from _item(item_id)
        if item is not None:
            found[item_id] = item
    return found


def items_of(submission: Submission) -> Steps[list[QueueItem]]:
    """All items that were made of a submission, oldest first: more than were asked for, if it arrived twice.

    Items that somebody retried, and those that a node of the workflow enqueued, are left out.
    """
    response = yield from fetch(Request("GET", f"{QUEUE}/list_all", {"destination": submission.destination}))
    before_6_0 = response.status == 404
    items = (yield from _paged(submission.batch_id)) if before_6_0 else read(response, list[QueueItem])
    own = [item for item in items if item.retried_from_item_id is None and item.parent_item_id is None]
    return sorted(own, key=lambda item: item.item_id)


def cancel_batch(batch_id: str) -> Steps[None]:
    """Cancel what is left of a batch. Raises APIError and ConnectionError."""
    request = Request("PUT", f"{QUEUE}/cancel_by_batch_ids", json={"batch_ids": [batch_id]})
    parse((yield from fetch(request)))


def cancel_items(item_ids: Iterable[int]) -> Steps[None]:
    """Cancel single items, as far as they are still there."""
    for item_id in item_ids:
        try:
            parse((yield from fetch(Request("PUT", f"{QUEUE}/i/{item_id}/cancel"))))
        except InvokableError as error:
            LOG.info("item %d, a duplicate, was not canceled: %s", item_id, error)


def _item(item_id: int) -> Steps[QueueItem | None]:
    response: Response = yield Request("GET", f"{QUEUE}/i/{item_id}")
    try:
        return read(response, QueueItem)
    except APIError as error:
        # Some versions wrap the 404 of a missing item into a 500, in these words.
        if error.status == 404 or (error.status == 500 and f"404: Queue item with id {item_id} " in error.detail):
            return None
        raise


def _paged(batch_id: str) -> Steps[list[QueueItem]]:
    """The items of a batch from the pages of all items, as servers before 6.0 have them; without their values."""
    found: list[QueueItem] = []
    cursor: dict[str, Any] = {}
    while True:
        page = read((yield from fetch(Request("GET", f"{QUEUE}/list", {"limit": 200, **cursor}))), ItemPage)
        found += [item for item in page.items if item.batch_id == batch_id]
        if not page.has_more or not page.items:
            return found
        cursor = {"cursor": page.items[-1].item_id, "priority": page.items[-1].priority}
