"""Queue: the server's queue as a whole, for administration. The requests of a run are in `run_items`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from invokable.runtime.errors import APIError, NotFoundError
from invokable.runtime.steps.exchange.answers import Answer, BatchValue, Canceled, ItemIds, Retried
from invokable.runtime.steps.exchange.fetching import fetch, in_path
from invokable.runtime.steps.exchange.paging import Page, in_chunks
from invokable.runtime.steps.exchange.protocol import Request, Response, Steps
from invokable.runtime.steps.exchange.records import record
from invokable.runtime.steps.exchange.responses import parse, read, shaped
from invokable.runtime.steps.resources.run_items import QUEUE, in_pages, is_missing_item
from invokable.runtime.steps.resources.server_cache import ServerCache
from invokable.runtime.steps.resources.versions import at_least, require
from invokable.runtime.values.records import QueueItem, QueueStatus

Chosen: TypeAlias = Callable[[QueueItem], bool]

_SUMMARIES: Final = 500  # in one request
_WHOLE: Final = 50  # items with their sessions, in one request
_BY_IDS: Final = "6.7"
"""The first version that lists the ids of items, and no longer lists items in pages."""
_LAST: Final = 2**63 - 1  # that the server's database can hold; for a larger id, it answers 500


class _Processor(Answer):
    is_started: bool


class _Status(Answer):
    queue: dict[str, Any]
    processor: _Processor


class _Deleted(Answer):
    deleted: int


def queue_status() -> Steps[QueueStatus]:
    """The state of the queue."""
    response = yield from fetch(Request("GET", f"{QUEUE}/status"))
    status = read(response, _Status)
    return record(QueueStatus, status.queue, where=response.url, paused=not status.processor.is_started)


def list_items(cache: ServerCache, chosen: Chosen, *, newest_first: bool) -> Steps[Page[QueueItem]]:
    """The chosen items, in the order of their ids."""
    if not (yield from at_least(cache, _BY_IDS)):
        items = yield from in_pages(_item)
        return Page([item for item in _in_order(items, newest_first) if chosen(item)])
    response = yield from fetch(Request("GET", f"{QUEUE}/item_ids", {"order_dir": "DESC"}))
    ids = sorted(read(response, ItemIds).item_ids, reverse=newest_first)
    summaries = yield from at_least(cache, "6.14")
    path = "item_summaries_by_ids" if summaries else "items_by_ids"

    def some(chunk: Sequence[Any]) -> Steps[Sequence[QueueItem]]:
        found = yield from _by_ids(path, chunk)
        return [item for item in found if chosen(item)]

    return (yield from in_chunks(ids, some, _SUMMARIES if summaries else _WHOLE))


def get_item(item_id: int) -> Steps[QueueItem]:
    """An item. Raises NotFoundError."""
    response = yield from fetch(Request("GET", _path(item_id)))
    return _there(item_id, response)


def item_that(is_: str) -> Steps[QueueItem | None]:
    """The `current` item or the `next` one, if there is one."""
    response = yield from fetch(Request("GET", f"{QUEUE}/{is_}"))
    value = parse(response)
    return None if value is None else _item(value, response.url)


def cancel_items(item_ids: Sequence[int]) -> Steps[tuple[QueueItem, ...]]:
    """Cancel items; those that have ended are left unchanged. Raises NotFoundError."""
    found = []
    for item_id in item_ids:
        response = yield from fetch(Request("PUT", f"{_path(item_id)}/cancel"))
        found.append(_there(item_id, response))
    return tuple(found)


def cancel_destination(destination: str) -> Steps[int]:
    """Cancel the items for a destination that have not ended. Returns the number canceled."""
    request = Request("PUT", f"{QUEUE}/cancel_by_destination", {"destination": destination})
    return read((yield from fetch(request)), Canceled).canceled


def cancel_pending(cache: ServerCache) -> Steps[int]:
    """Cancel all items but the running one. Returns the number canceled."""
    yield from require(cache, "canceling all pending items", "5.6")
    return read((yield from fetch(Request("PUT", f"{QUEUE}/cancel_all_except_current"))), Canceled).canceled


def retry_items(item_ids: Sequence[int], cache: ServerCache) -> Steps[tuple[QueueItem, ...]]:
    """Enqueue failed and canceled items again. Returns the new items. Sent only once: it is not safe to repeat."""
    yield from require(cache, "retrying items", "5.7")
    there = {old.item_id: old for old in (yield from _whole(list(map(int, item_ids)), cache))}
    wanted = [item_id for item_id in dict.fromkeys(map(int, item_ids)) if item_id in there]  # otherwise 6.8 fails
    if not wanted:
        return ()
    # A new item names the original item, even if it is the retry of a retry.
    firsts = {old.retried_from_item_id or old.item_id for old in there.values()}
    newest = max([0, *(yield from _ids(cache))])
    response: Response = yield Request("PUT", f"{QUEUE}/retry_items_by_id", json=wanted)
    read(response, Retried)  # the ids of the old items
    since = [item_id for item_id in (yield from _ids(cache)) if item_id > newest]
    found = yield from _whole(sorted(since), cache)
    return tuple(item for item in found if item.retried_from_item_id in firsts)


def delete_items(item_ids: Sequence[int], cache: ServerCache) -> Steps[None]:
    """Delete items, canceling those that have not ended. Raises NotFoundError."""
    yield from require(cache, "deleting items", "6.0")
    for item_id in item_ids:
        yield from get_item(item_id)
        response = yield from fetch(Request("DELETE", _path(item_id)))
        if response.status != 404:  # an earlier attempt succeeded
            parse(response)


def delete_all(which: str) -> Steps[int]:
    """`prune` the items that have ended, or `clear` all. Returns the number deleted."""
    return read((yield from fetch(Request("PUT", f"{QUEUE}/{which}"))), _Deleted).deleted


def delete_pending(cache: ServerCache) -> Steps[int]:
    """Delete all pending items. Returns the number deleted."""
    yield from require(cache, "deleting all pending items", "6.0")
    return read((yield from fetch(Request("PUT", f"{QUEUE}/delete_all_except_current"))), _Deleted).deleted


def delete_destination(destination: str, cache: ServerCache) -> Steps[int]:
    """Delete all items for a destination. Returns the number deleted. Raises ValueError."""
    yield from require(cache, "deleting the items of a destination", "6.0")
    problem = f"the server cannot delete by the destination {destination!r}; list its items, and delete those"
    request = Request("DELETE", f"{QUEUE}/d/{in_path(destination, ValueError(problem))}")
    return read((yield from fetch(request)), _Deleted).deleted


def set_paused(paused: bool) -> Steps[None]:
    """Pause or resume the queue."""
    parse((yield from fetch(Request("PUT", f"{QUEUE}/processor/{'pause' if paused else 'resume'}"))))


def _ids(cache: ServerCache) -> Steps[list[int]]:
    if not (yield from at_least(cache, _BY_IDS)):
        return [item.item_id for item in (yield from in_pages(_item))]
    return read((yield from fetch(Request("GET", f"{QUEUE}/item_ids"))), ItemIds).item_ids


def _whole(ids: Sequence[int], cache: ServerCache) -> Steps[list[QueueItem]]:
    """The complete items with these ids, without those that do not exist."""
    if not (yield from at_least(cache, _BY_IDS)):
        wanted = set(ids)
        return [item for item in _in_order((yield from in_pages(_item)), False) if item.item_id in wanted]
    found: list[QueueItem] = []
    for start in range(0, len(ids), _WHOLE):
        found += yield from _by_ids("items_by_ids", ids[start : start + _WHOLE])
    return found


def _by_ids(path: str, ids: Sequence[Any]) -> Steps[list[QueueItem]]:
    response = yield from fetch(Request("POST", f"{QUEUE}/{path}", json={"item_ids": list(ids)}))
    return [_item(value, response.url) for value in read(response, list[dict[str, Any]])]


def _in_order(items: Sequence[QueueItem], newest_first: bool) -> list[QueueItem]:
    return sorted(items, key=lambda item: item.item_id, reverse=newest_first)


def _there(item_id: int, response: Response) -> QueueItem:
    try:
        return _item(parse(response), response.url)
    except APIError as error:
        if is_missing_item(error, item_id):
            raise _missing(item_id) from error
        raise


def _path(item_id: int) -> str:
    if abs(item_id) > _LAST:
        raise _missing(item_id)
    return f"{QUEUE}/i/{int(item_id)}"


def _missing(item_id: int) -> NotFoundError:
    return NotFoundError(f"the queue has no item {item_id}", name=str(item_id))


def _item(value: Any, where: str) -> QueueItem:
    rows = value.get("field_values") if isinstance(value, dict) else None
    values = shaped(rows or [], list[BatchValue], where=where)
    given = {(one.node_path, one.field_name): one.value for one in values}
    return record(QueueItem, value, where=where, values=given)
