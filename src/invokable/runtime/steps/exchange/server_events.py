"""Server events: the events of the server that are used, and what of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from invokable.contract.server import ENDED
from invokable.runtime.steps.exchange.protocol import ServerEvent

STATUS_CHANGED: Final = "queue_item_status_changed"
BATCH_ENQUEUED: Final = "batch_enqueued"
ITEMS_CANCELED: Final = "queue_items_canceled"
QUEUE_CLEARED: Final = "queue_cleared"
ITEMS_RETRIED: Final = "queue_items_retried"
CANCELED_HERE: Final = "canceled here"
"""The client's own event: it canceled the batch. Servers before 6.14 send no event for pending items."""
INVOCATION_STARTED: Final = "invocation_started"
INVOCATION_PROGRESS: Final = "invocation_progress"
INVOCATION_COMPLETE: Final = "invocation_complete"

EVENT_NAMES: Final = frozenset(
    {
        STATUS_CHANGED,
        BATCH_ENQUEUED,
        ITEMS_CANCELED,
        QUEUE_CLEARED,
        ITEMS_RETRIED,
        INVOCATION_STARTED,
        INVOCATION_PROGRESS,
        INVOCATION_COMPLETE,
    }
)
"""The events that are used."""
QUEUE_WIDE: Final = frozenset({ITEMS_CANCELED, QUEUE_CLEARED, ITEMS_RETRIED})
"""Those that name no batch: they may be about any."""

TRANSIENT: Final = frozenset({INVOCATION_STARTED, INVOCATION_PROGRESS})
"""Those that matter only if the events of the run are watched."""

_MEMBERS: Final[Mapping[str, tuple[type, ...]]] = {
    "status": (str,),
    "invocation_source_id": (str,),
    "result": (dict,),
    "message": (str,),
    "percentage": (int, float),
    "image": (dict,),
    "canceled_item_ids": (list,),
    "retried_item_ids": (list,),
}
"""The members that are used, with their types. Values of other types are ignored."""
_ID_LISTS: Final = frozenset({"canceled_item_ids", "retried_item_ids"})


def parse_event(name: str, payload: Any) -> ServerEvent | None:
    """The useful part of an event; None if it is not an event of InvokeAI."""
    if not isinstance(payload, dict):
        return None
    content: dict[str, Any] = {
        key: value for key, value in payload.items() if key in _MEMBERS and isinstance(value, _MEMBERS[key])
    }
    for key in _ID_LISTS & content.keys():
        content[key] = [item_id for item_id in content[key] if isinstance(item_id, int)]
    invocation = payload.get("invocation")
    if isinstance(invocation, dict):
        content |= {"id": str(invocation.get("id", "")), "type": str(invocation.get("type", ""))}
    item_id = payload.get("item_id")
    return ServerEvent(name, item_id if isinstance(item_id, int) else 0, content)


def may_report_end(event: ServerEvent) -> bool:
    """Whether an item may have ended, so that a waiter has to wake."""
    if event.name == STATUS_CHANGED:
        return event.content.get("status") in ENDED
    return event.name in (*QUEUE_WIDE, CANCELED_HERE)
