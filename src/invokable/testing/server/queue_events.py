"""The events of the queue: their payloads, and the redacted ones for other users."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from invokable.contract.server import REDACTED
from invokable.testing.server.events import Event, Hub
from invokable.testing.server.release import Release
from invokable.testing.server.rows import Row


class QueueEvents:
    """Publishes the events of a queue."""

    def __init__(self, hub: Hub, release: Release) -> None:
        self._hub = hub
        self._release = release

    def batch_enqueued(self, answer: dict[str, Any], user_id: str) -> None:
        """A batch was enqueued."""
        payload = {
            "queue_id": answer["queue_id"],
            "batch_id": answer["batch"]["batch_id"],
            "enqueued": answer["enqueued"],
            "requested": answer["requested"],
            "priority": answer["priority"],
            "origin": answer["batch"]["origin"],
            "user_id": user_id,
        }
        others = {**payload, "batch_id": REDACTED, "origin": None, "user_id": REDACTED}
        self._publish("batch_enqueued", payload, user_id, answer["queue_id"], sanitized=others)

    def status_changed(self, row: Row, batch_status: dict[str, Any], queue_status: dict[str, Any]) -> None:
        """An item began or ended. `sanitized` is the payload for other users."""
        payload = {
            **item_base(row),
            "status": row.status,
            "status_sequence": row.status_sequence,
            "error_type": row.error_type,
            "error_message": row.error_message,
            "error_traceback": row.error_traceback,
            "created_at": row.created_at,
            "updated_at": row.updated_at,
            "started_at": row.started_at,
            "completed_at": row.completed_at,
            "batch_status": self._release.shape("batch_status", batch_status),
            "queue_status": self._release.shape("queue_status", queue_status),
            "session_id": row.session_id,
        }
        self._publish(
            "queue_item_status_changed",
            payload,
            row.user_id,
            row.queue_id,
            kind="status",
            sanitized=_for_others(payload),
        )

    def canceled(self, queue_id: str, rows: Sequence[Row]) -> None:
        """Pending items were canceled together. Older servers send nothing."""
        if self._release.has("canceled_event"):
            self._bulk("queue_items_canceled", "canceled_item_ids", queue_id, rows)

    def retried(self, queue_id: str, rows: Sequence[Row]) -> None:
        """Items were enqueued again, or none could be; the event has the old ids."""
        self._bulk("queue_items_retried", "retried_item_ids", queue_id, rows)

    def cleared(self, queue_id: str, user_id: str | None) -> None:
        """The queue was cleared; the event has no ids."""
        payload = self._release.shape("cleared", {"queue_id": queue_id, "user_id": user_id})
        self._hub.publish(Event("queue_cleared", payload, user_id or "system", queue_id, "queue", dict(payload)))

    def _bulk(self, name: str, member: str, queue_id: str, rows: Sequence[Row]) -> None:
        by_user: dict[str, list[int]] = defaultdict(list)
        for row in rows:
            by_user[row.user_id].append(row.item_id)
        payload = {
            "queue_id": queue_id,
            member: [row.item_id for row in rows],
            "user_ids": list(by_user),
            f"{member}_by_user": dict(by_user),
        }
        if name == "queue_items_retried":
            payload = self._release.shape("retried", payload)
        self._hub.publish(Event(name, payload, next(iter(by_user), "system"), queue_id, "queue"))

    def _publish(
        self,
        name: str,
        payload: dict[str, Any],
        user_id: str,
        queue_id: str,
        *,
        kind: str = "queue",
        sanitized: dict[str, Any],
    ) -> None:
        shape = self._release.shape
        self._hub.publish(
            Event(name, shape(f"event:{name}", payload), user_id, queue_id, kind, shape(f"event:{name}", sanitized))
        )


def item_base(row: Row) -> dict[str, Any]:
    """The common start of all events about an item."""
    return {
        "queue_id": row.queue_id,
        "item_id": row.item_id,
        "batch_id": row.batch.batch_id,
        "origin": row.batch.origin,
        "destination": row.batch.destination,
        "user_id": row.user_id,
    }


def _for_others(payload: dict[str, Any]) -> dict[str, Any]:
    hidden = dict.fromkeys(("origin", "destination", "error_type", "error_message", "error_traceback"))
    named = dict.fromkeys(("batch_id", "user_id", "session_id"), REDACTED)
    batch = {**payload["batch_status"], "batch_id": REDACTED, "origin": None, "destination": None}
    queue = {**payload["queue_status"], "item_id": None, "batch_id": None, "session_id": None}
    return {**payload, **hidden, **named, "batch_status": batch, "queue_status": queue}
