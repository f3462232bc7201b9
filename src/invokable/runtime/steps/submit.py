"""Enqueue: a batch gets to the server exactly once, whatever happens to the connection.

The server has no idempotency keys, and a second POST of a batch is a second batch. So the client chooses the batch's id
and a destination of its own, and after a lost answer looks before it posts again:

    POST ── answered ─────────────────────────────────▶ item ids
     │  └── lost: was it taken? ── yes ───────────────▶ item ids, listed by destination
     └──────── no, after a while: POST again, same id
                └── both arrived: more ids than asked for ─▶ the late ones are canceled
"""

from __future__ import annotations

from typing import Any, Final
from uuid import uuid4

from invokable.runtime.errors import APIError, ConnectionError, EnqueueUncertain, NotInvokeAIError, QueueFullError  # noqa: A004
from invokable.runtime.steps.protocol import Flow, Request, Sleep, fetch, send

QUEUE: Final = "/api/v1/queue/default"
_ATTEMPTS: Final = 3
_SETTLE: Final = (0.1, 0.3, 0.6, 1.0, 2.0, 2.0)
"""Seconds between looks. A busy server was seen to show a batch 1.5 s after the connection had broken."""
_GATEWAY: Final = frozenset({502, 503, 504})
"""Answers of a proxy, behind which the server may have taken the batch."""


def new_batch_id() -> str:
    """A batch id; the server's paths take letters, digits and dashes only."""
    return str(uuid4())


def enqueue(batch: dict[str, Any], requested: int) -> Flow[list[int]]:
    """Enqueue a batch and return its item ids, oldest first.

    Raises APIError when the server refuses it, QueueFullError when it takes fewer items, EnqueueUncertain when it
    cannot be found out whether it has it, ConnectionError when it was never reached.
    """
    batch_id, destination = batch["batch_id"], batch["destination"]
    request = Request("POST", f"{QUEUE}/enqueue_batch", json={"batch": batch, "prepend": False})
    lost = False
    for attempt in range(_ATTEMPTS):
        try:
            answer = yield from send(request)
        except NotInvokeAIError:
            raise
        except ConnectionError as error:
            if error.sent:
                lost = True
            elif attempt == _ATTEMPTS - 1 and not lost:
                raise
        except APIError as error:
            if error.status not in _GATEWAY:
                raise
            lost = True
        else:
            return (yield from _settle(answer, batch_id, destination, requested))
        if lost:
            found = yield from _look(batch_id, destination, requested)
            if found:
                return found
        else:
            yield Sleep(_SETTLE[attempt])
    raise EnqueueUncertain(
        f"the connection broke while batch {batch_id} was sent, and the server does not show it",
        batch_id=batch_id,
        destination=destination,
    )


def cancel(batch_id: str) -> Flow[None]:
    """Cancel what is left of a batch."""
    yield from fetch(Request("PUT", f"{QUEUE}/cancel_by_batch_ids", json={"batch_ids": [batch_id]}))


def _settle(answer: Any, batch_id: str, destination: str, requested: int) -> Flow[list[int]]:
    """The ids of an answered POST. More than asked for means that an earlier POST had arrived after all."""
    enqueued = answer["enqueued"]
    if enqueued < requested:
        yield from cancel(batch_id)
        raise QueueFullError(
            f"the queue took {enqueued} of {requested} items, which were canceled again",
            enqueued=enqueued,
            requested=requested,
        )
    ids = answer.get("item_ids")
    if ids is None:  # servers before 6.0 do not tell
        ids = yield from _listed(batch_id, destination)
    ids = sorted(ids)
    for late in ids[requested:]:
        yield from fetch(Request("PUT", f"{QUEUE}/i/{late}/cancel"))
    return ids[:requested]


def _look(batch_id: str, destination: str, requested: int) -> Flow[list[int]]:
    """The ids of a batch whose answer was lost; empty when the server does not show it in time."""
    for pause in _SETTLE:
        yield Sleep(pause)
        try:
            status = yield from fetch(Request("GET", f"{QUEUE}/b/{batch_id}/status"))
        except NotInvokeAIError:
            raise
        except ConnectionError:
            continue
        if status["total"] >= requested:
            ids = yield from _listed(batch_id, destination)
            return sorted(ids)[:requested]
    return []


def _listed(batch_id: str, destination: str) -> Flow[list[int]]:
    """The items of a batch, from the queue's list: by destination since 6.0, from pages of all items before."""
    try:
        items = yield from fetch(Request("GET", f"{QUEUE}/list_all", {"destination": destination}))
        return [item["item_id"] for item in items]
    except (APIError, NotInvokeAIError):
        pass
    found: list[int] = []
    cursor: dict[str, Any] = {}
    while True:
        page = yield from fetch(Request("GET", f"{QUEUE}/list", {"limit": 200, **cursor}))
        found += [item["item_id"] for item in page["items"] if item["batch_id"] == batch_id]
        if not page["has_more"] or not page["items"]:
            return found
        last = page["items"][-1]
        cursor = {"cursor": last["item_id"], "priority": last["priority"]}
