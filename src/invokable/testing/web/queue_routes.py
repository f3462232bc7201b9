"""The endpoints for the queue."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from invokable.testing.graphs.batch_rules import batch_schema, reading_back
from invokable.testing.server import checks
from invokable.testing.server.problems import Refusal
from invokable.testing.server.reading_back import with_nulls
from invokable.testing.server.rows import Row, item_json, redacted, summary_json, tally, without_nulls
from invokable.testing.server.sqlite import TOO_LARGE, holds
from invokable.testing.web.call import Answer, Call, Parameters
from invokable.testing.web.route_table import route

_QUEUE = "/api/v1/queue/{queue_id}"
_MOST = 1000


@route("POST", f"{_QUEUE}/enqueue_batch")
def enqueue(call: Call) -> Answer:
    """Enqueue a batch."""
    world = call.world
    given = Parameters(call)
    batch = given.member("batch", batch_schema(world.reader))
    prepend = given.member("prepend", checks.BOOLEAN, False)
    given.check()
    batch.user_id = call.person.user_id
    answer = world.queue.enqueue(
        call.params["queue_id"],
        batch,
        prepend=prepend,
        read_back=reading_back(batch.graph, world.reader),
    )
    return Answer(world.release.shape("enqueued", answer))


@route("GET", f"{_QUEUE}/status")
def status(call: Call) -> Answer:
    """The state of the queue."""
    world = call.world
    queue = world.queue.status(call.params["queue_id"], call.person)
    return Answer({"queue": world.release.shape("queue_status", queue), "processor": _processor(call)})


@route("GET", f"{_QUEUE}/b/{{batch_id}}/status")
def batch_status(call: Call) -> Answer:
    """The counts of a batch."""
    viewer = None if call.person.is_admin else call.person
    found = call.world.queue.batch_status(call.params["queue_id"], call.params["batch_id"], viewer)
    return Answer(call.world.release.shape("batch_status", found))


@route("GET", f"{_QUEUE}/counts_by_destination")
def counts_by_destination(call: Call) -> Answer:
    """The counts of a destination."""
    query = Parameters(call)
    destination = query.text("destination", required=True)
    query.check()
    rows = [row for row in _rows(call) if row.batch.destination == destination and call.person.sees(row.user_id)]
    counts = {"queue_id": call.params["queue_id"], "destination": destination, **tally(rows)}
    return Answer(call.world.release.shape("batch_status", counts))


@route("GET", f"{_QUEUE}/list_all", feature="list_all")
def list_all(call: Call) -> Answer:
    """All items, or those of a destination."""
    destination = Parameters(call).text("destination")
    rows = [row for row in _rows(call) if destination in (None, row.batch.destination)]
    rows.sort(key=lambda row: (-row.priority, row.item_id))
    for row in rows:
        if row.poison:
            raise Refusal(500, f"Unexpected error while listing all queue items: {row.poison}")
    return Answer([_shown(call, row) for row in rows])


@route("GET", f"{_QUEUE}/list", feature="!item_ids")
def list_pages(call: Call) -> Answer:
    """The items in pages, for servers before 6.7."""
    query = Parameters(call)
    limit = query.integer("limit", 50)
    cursor = query.integer("cursor")
    query.check()
    rows = sorted(_rows(call), key=lambda row: (-row.priority, row.item_id))
    ids = [row.item_id for row in rows]
    begin = ids.index(cursor) + 1 if cursor in ids else 0
    page = rows[begin : begin + limit]
    items = [{k: v for k, v in _shown(call, row).items() if k not in ("session", "workflow")} for row in page]
    return Answer({"limit": limit, "has_more": begin + limit < len(rows), "items": items})


@route("GET", f"{_QUEUE}/item_ids", feature="item_ids")
def item_ids(call: Call) -> Answer:
    """The ids of all items, newest first."""
    query = Parameters(call)
    direction = query.choice("order_dir", ("ASC", "DESC"), "DESC")
    query.check()
    # Items of one POST have the same time, and stay in the order of their ids in both directions.
    rows = sorted(_rows(call), key=lambda row: row.created_at, reverse=direction == "DESC")
    ids = [row.item_id for row in rows]
    return Answer({"item_ids": ids, "total_count": len(ids)})


@route("POST", f"{_QUEUE}/items_by_ids", feature="item_ids")
def items_by_ids(call: Call) -> Answer:
    """Items by id; missing and unreadable ones are left out."""
    most = _MOST if call.world.release.has("bounded_ids") else None
    rows = [_row(call, item_id) for item_id in call.integers("item_ids", most=most)]
    return Answer([_shown(call, row) for row in rows if row is not None and not row.poison])


@route("POST", f"{_QUEUE}/item_summaries_by_ids", feature="summaries")
def summaries(call: Call) -> Answer:
    """Items by id, without their sessions."""
    ids = call.integers("item_ids", most=_MOST)
    if not all(map(holds, ids)):
        raise Refusal(500, "Failed to get queue item summaries")
    rows = [_row(call, item_id) for item_id in ids]
    return Answer([_for(call, row, summary_json(row, call.world.users.person(row.user_id))) for row in rows if row])


@route("GET", f"{_QUEUE}/current")
def current(call: Call) -> Answer:
    """The running item."""
    row = call.world.queue.current(call.params["queue_id"])
    return Answer(_shown(call, row) if row else None)


@route("GET", f"{_QUEUE}/next")
def following(call: Call) -> Answer:
    """The next item."""
    row = call.world.queue.next_pending(call.params["queue_id"])
    if row is not None and row.poison:
        raise Refusal(500, f"Unexpected error while getting next queue item: {row.poison}")
    return Answer(_shown(call, row) if row else None)


@route("GET", f"{_QUEUE}/i/{{item_id}}")
def get_item(call: Call) -> Answer:
    """One item. In another queue, the answer is a 404 inside a 500."""
    row = _existing(call, "fetching")
    return Answer(without_nulls(_shown(call, row)))


@route("DELETE", f"{_QUEUE}/i/{{item_id}}")
def delete_item(call: Call) -> Answer:
    """Delete an item."""
    if not call.world.release.has("ownership") and call.item_id() not in call.world.queue.rows:
        return Answer(None)
    row = _own(call, "deleting", "delete")
    call.world.queue.delete(row)
    return Answer(None)


@route("PUT", f"{_QUEUE}/i/{{item_id}}/cancel")
def cancel_item(call: Call) -> Answer:
    """Cancel an item."""
    row = _own(call, "canceling", "cancel")
    call.world.queue.cancel(row)
    return Answer(_shown(call, row))


@route("PUT", f"{_QUEUE}/cancel_by_batch_ids")
def cancel_by_batch_ids(call: Call) -> Answer:
    """Cancel the remaining items of batches."""
    wanted = set(call.texts("batch_ids"))
    return _cancel(call, lambda row: row.batch.batch_id in wanted)


@route("PUT", f"{_QUEUE}/cancel_by_destination")
def cancel_by_destination(call: Call) -> Answer:
    """Cancel the remaining items of a destination."""
    query = Parameters(call)
    destination = query.text("destination", required=True)
    query.check()
    return _cancel(call, lambda row: row.batch.destination == destination)


@route("PUT", f"{_QUEUE}/cancel_all_except_current")
def cancel_others(call: Call) -> Answer:
    """Cancel all items except the running one."""
    return _cancel(call, lambda row: True, running=False)


@route("PUT", f"{_QUEUE}/delete_all_except_current")
def delete_others(call: Call) -> Answer:
    """Delete all items except the running one."""
    return _delete(call, lambda row: row.status == "pending", running=False)


@route("DELETE", f"{_QUEUE}/d/{{destination}}")
def delete_by_destination(call: Call) -> Answer:
    """Delete the items of a destination."""
    return _delete(call, lambda row: row.batch.destination == call.params["destination"])


@route("PUT", f"{_QUEUE}/retry_items_by_id")
def retry(call: Call) -> Answer:
    """Enqueue failed and canceled items again."""
    queue_id = call.params["queue_id"]
    given = Parameters(call)
    ids = given.body(checks.several(checks.INTEGER))
    given.check()
    for item_id in ids:
        if not holds(item_id):
            raise Refusal(500, f"Unexpected error while retrying queue items: {TOO_LARGE}")
        row = call.world.queue.rows.get(item_id)
        if row is None:
            if not call.world.release.has("ownership"):
                raise Refusal(500, f"Unexpected error while retrying queue items: No queue item with id {item_id}")
            continue
        if row.queue_id != queue_id:
            raise Refusal(404, f"Queue item with id {item_id} not found in queue {queue_id}")
        if not call.person.sees(row.user_id):
            raise Refusal(403, f"You do not have permission to retry queue item {item_id}")
        if row.poison:
            raise Refusal(500, f"Unexpected error while retrying queue items: {row.poison}")
    return Answer({"queue_id": queue_id, "retried_item_ids": call.world.queue.retry(queue_id, ids)})


@route("PUT", f"{_QUEUE}/clear")
def clear(call: Call) -> Answer:
    """Delete all items."""
    return Answer({"deleted": call.world.queue.clear(call.params["queue_id"], _scope(call))})


@route("PUT", f"{_QUEUE}/prune")
def prune(call: Call) -> Answer:
    """Delete the items that have ended."""
    return Answer({"deleted": call.world.queue.prune(call.params["queue_id"], _scope(call))})


@route("PUT", f"{_QUEUE}/processor/pause", admin=True)
def pause(call: Call) -> Answer:
    """Pause the queue."""
    call.world.paused = True
    return Answer(_processor(call))


@route("PUT", f"{_QUEUE}/processor/resume", admin=True)
def resume(call: Call) -> Answer:
    """Resume the queue."""
    with call.world.queue.wake:
        call.world.paused = False
        call.world.queue.wake.notify_all()
    return Answer(_processor(call))


def _processor(call: Call) -> dict[str, bool]:
    world = call.world
    return {"is_started": not world.paused, "is_processing": world.queue.current() is not None}


def _rows(call: Call) -> list[Row]:
    return call.world.queue.rows_of(call.params["queue_id"])


def _row(call: Call, item_id: int) -> Row | None:
    row = call.world.queue.rows.get(item_id)
    return row if row is not None and row.queue_id == call.params["queue_id"] else None


def _existing(call: Call, doing: str) -> Row:
    item_id, queue_id = call.item_id(), call.params["queue_id"]
    words = f"Queue item with id {item_id} not found in queue {queue_id}"
    if not holds(item_id):
        raise Refusal(500, f"Unexpected error while {doing} queue item: {TOO_LARGE}")
    row = call.world.queue.rows.get(item_id)
    if row is None:
        raise Refusal(404, words)
    if row.queue_id != queue_id:
        if doing == "fetching":
            raise Refusal(500, f"Unexpected error while {doing} queue item: 404: {words}")
        raise Refusal(404, words)
    if row.poison:
        raise Refusal(500, f"Unexpected error while {doing} queue item: {row.poison}")
    return row


def _own(call: Call, doing: str, verb: str) -> Row:
    row = _existing(call, doing)
    if not call.person.sees(row.user_id):
        raise Refusal(403, f"You do not have permission to {verb} this queue item")
    return row


def _shown(call: Call, row: Row) -> dict[str, Any]:
    world = call.world
    with world.queue.lock:
        item = item_json(row, world.users.person(row.user_id), world.release)
    item["session"] = with_nulls(item["session"], world.reader.schema)
    return _for(call, row, item)


def _for(call: Call, row: Row, item: dict[str, Any]) -> dict[str, Any]:
    return item if call.person.sees(row.user_id) else redacted(item)


def _scope(call: Call) -> str | None:
    return None if call.person.is_admin else call.person.user_id


def _cancel(call: Call, chosen: Callable[[Row], bool], *, running: bool = True) -> Answer:
    person = call.person
    count = call.world.queue.cancel_where(
        call.params["queue_id"], lambda row: chosen(row) and person.sees(row.user_id), running=running
    )
    return Answer({"canceled": count})


def _delete(call: Call, chosen: Callable[[Row], bool], *, running: bool = True) -> Answer:
    person = call.person
    count = call.world.queue.delete_where(
        call.params["queue_id"], lambda row: chosen(row) and person.sees(row.user_id), running=running
    )
    return Answer({"deleted": count})
