"""Waiting: until every item of a batch has ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from invokable.runtime.errors import APIError, RunCanceled, RunFailed, RunTimeout
from invokable.runtime.steps.protocol import Flow, Request, Sleep, fetch
from invokable.runtime.steps.submit import QUEUE

_FIRST: Final = 0.1
_LONGEST: Final = 2.0
_SLOWER: Final = 1.3
"""Seconds between looks: short jobs end soon, long ones are asked less often."""
_ENDED: Final = frozenset({"completed", "failed", "canceled"})
_OPEN: Final = ("pending", "in_progress", "waiting")


def wait(batch_id: str, item_ids: Sequence[int], timeout: float | None, clock: Callable[[], float]) -> Flow[list[Any]]:
    """The finished items with their sessions, in the order of `item_ids`.

    Raises RunFailed, RunCanceled, RunTimeout (after `timeout` seconds by `clock`), ConnectionError and APIError.
    """
    deadline = None if timeout is None else clock() + timeout
    pause = _FIRST
    while True:
        items = yield from (_one(item_ids[0]) if len(item_ids) == 1 else _several(batch_id, item_ids))
        if items:
            _raise_for(items, batch_id)
            return items
        left = None if deadline is None else deadline - clock()
        if left is not None and left <= 0:
            raise RunTimeout(
                f"batch {batch_id} was not done after {timeout:g} s; it is still on the server",
                item_ids=item_ids,
                batch_id=batch_id,
            )
        yield Sleep(pause if left is None else min(pause, max(left, 0.01)))
        pause = min(pause * _SLOWER, _LONGEST)


def _one(item_id: int) -> Flow[list[Any]]:
    item = yield from _item(item_id)
    return [item] if item["status"] in _ENDED else []


def _several(batch_id: str, item_ids: Sequence[int]) -> Flow[list[Any]]:
    """One small request tells how far a batch is; the items themselves are read when it is done."""
    status = yield from fetch(Request("GET", f"{QUEUE}/b/{batch_id}/status"))
    if any(status.get(state, 0) for state in _OPEN):
        return []
    items: list[Any] = []
    for item_id in item_ids:
        items += [(yield from _item(item_id))]
    return items if all(item["status"] in _ENDED for item in items) else []


def _item(item_id: int) -> Flow[Any]:
    try:
        return (yield from fetch(Request("GET", f"{QUEUE}/i/{item_id}")))
    except APIError as error:
        # Servers before 6.14 answer a missing item with 404, some of them wrapped into a 500.
        if error.status == 404 or (error.status == 500 and "404" in error.detail):
            raise RunCanceled(f"item {item_id} is no longer in the server's queue", item_ids=[item_id]) from None
        raise


def _raise_for(items: Sequence[Any], batch_id: str) -> None:
    failed = [item for item in items if item["status"] == "failed"]
    if failed:
        raise _failure(failed[0], len(failed), len(items))
    canceled = [item["item_id"] for item in items if item["status"] == "canceled"]
    if canceled:
        words = "was canceled, or the server was restarted" if len(canceled) == 1 else "were canceled"
        shown = ", ".join(map(str, canceled[:5])) + ("…" if len(canceled) > 5 else "")
        raise RunCanceled(f"item {shown} {words}", item_ids=canceled, batch_id=batch_id)


def _failure(item: Any, failed: int, total: int) -> RunFailed:
    session = item.get("session") or {}
    errors = session.get("errors") or {}
    executed = next(iter(errors), None)
    node_id = (session.get("prepared_source_mapping") or {}).get(executed)
    node = (session.get("graph") or {}).get("nodes", {}).get(node_id, {})
    return RunFailed(
        item_id=item["item_id"],
        node_id=node_id,
        node_type=node.get("type"),
        error_type=item.get("error_type") or "",
        error_message=item.get("error_message") or (str(errors[executed]) if executed else "no words"),
        traceback=item.get("error_traceback") or "",
        failed=failed,
        total=total,
    )
