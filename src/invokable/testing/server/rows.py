"""Rows: the queue items, and how the server returns them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_OID, uuid4, uuid5

from invokable.contract.server import ENDED, REDACTED, STATES
from invokable.testing.server.batches import Batch, FieldValue
from invokable.testing.server.release import Release


@dataclass(slots=True)
class Row:
    """A queue item."""

    item_id: int
    queue_id: str
    batch: Batch
    values: list[FieldValue]
    priority: int
    created_at: str
    user_id: str = "system"
    session_id: str = field(default_factory=lambda: str(uuid4()))
    status: str = "pending"
    status_sequence: int = 0
    error_type: str | None = None
    error_message: str | None = None
    error_traceback: str | None = None
    updated_at: str = ""
    started_at: str | None = None
    completed_at: str | None = None
    retried_from: int | None = None
    device: str | None = None
    session: dict[str, Any] | None = None
    nodes: dict[str, Any] = field(default_factory=dict)
    """The nodes that the values change."""
    poison: str | None = None
    """Why the server cannot read the item: a value does not fit its node, which it notices too late."""

    @property
    def ended(self) -> bool:
        """Whether the status is final."""
        return self.status in ENDED

    def graph(self) -> dict[str, Any]:
        """The graph with this item's values."""
        graph = self.batch.graph
        return {**graph, "nodes": {**graph["nodes"], **self.nodes}} if self.nodes else graph


@dataclass(frozen=True, slots=True)
class Person:
    """A user, as in queue items."""

    user_id: str = "system"
    display_name: str = "System"
    email: str = "system@system.invokeai"
    is_admin: bool = True

    def sees(self, owner: str) -> bool:
        """Whether this user can see items of `owner`."""
        return self.is_admin or self.user_id == owner


def empty_session(session_id: str, graph: dict[str, Any]) -> dict[str, Any]:
    """The session of an item that has not run."""
    return {
        "id": session_id,
        "graph": graph,
        "execution_graph": {"id": str(uuid5(NAMESPACE_OID, session_id)), "nodes": {}, "edges": []},
        "executed": [],
        "executed_history": [],
        "results": {},
        "errors": {},
        "workflow_call_stack": [],
        "workflow_call_history": [],
        "workflow_call_parent": None,
        "waiting_workflow_call": None,
        "waiting_workflow_call_execution": None,
        "waiting_workflow_call_child_session": None,
        "max_workflow_call_depth": 4,
        "prepared_source_mapping": {},
        "source_prepared_mapping": {},
        "prepared_iteration_paths": {},
        "ready_order": [],
        "indegree": {},
    }


def item_json(row: Row, owner: Person, release: Release) -> dict[str, Any]:
    """A full item, including nulls."""
    bare = empty_session(row.session_id, {})
    session = {**bare, **(row.session or {}), "id": row.session_id, "graph": row.graph()}
    item = {
        "item_id": row.item_id,
        "status": row.status,
        "status_sequence": row.status_sequence,
        "priority": row.priority,
        "batch_id": row.batch.batch_id,
        "origin": row.batch.origin,
        "destination": row.batch.destination,
        "session_id": row.session_id,
        "error_type": row.error_type,
        "error_message": row.error_message,
        "error_traceback": row.error_traceback,
        "created_at": row.created_at,
        "updated_at": row.updated_at or row.created_at,
        "started_at": row.started_at,
        "completed_at": row.completed_at,
        "queue_id": row.queue_id,
        "user_id": row.user_id,
        "user_display_name": owner.display_name,
        "user_email": owner.email,
        "field_values": row.values,
        "retried_from_item_id": row.retried_from,
        "device": row.device,
        "workflow_call_id": None,
        "parent_item_id": None,
        "parent_session_id": None,
        "root_item_id": None,
        "workflow_call_depth": None,
        "session": release.shape("session", {name: session[name] for name in bare}),
        "workflow": row.batch.workflow,
    }
    return release.shape("item", item)


def summary_json(row: Row, owner: Person) -> dict[str, Any]:
    """An item without its session."""
    return {
        "item_id": row.item_id,
        "created_at": row.created_at,
        "status": row.status,
        "device": row.device,
        "started_at": row.started_at,
        "completed_at": row.completed_at,
        "origin": row.batch.origin,
        "destination": row.batch.destination,
        "batch_id": row.batch.batch_id,
        "user_id": row.user_id,
        "user_display_name": owner.display_name,
        "user_email": owner.email,
        "field_values": row.values,
        "parent_item_id": None,
    }


def redacted(item: dict[str, Any]) -> dict[str, Any]:
    """An item as other users see it: only times and status."""
    kept = {"item_id", "queue_id", "status", "status_sequence", "device"}
    hidden: dict[str, Any] = {"user_id": REDACTED, "batch_id": REDACTED, "session_id": REDACTED, "priority": 0}
    shown = {name: hidden.get(name) for name in item}
    shown |= {name: value for name, value in item.items() if name in kept or name.endswith("_at")}
    if "session" in item:
        names = item["session"]
        empty = empty_session(REDACTED, {"id": str(uuid4()), "nodes": {}, "edges": []})
        shown["session"] = {name: empty[name] for name in names}
    return shown


def without_nulls(value: Any) -> Any:
    """A copy without null members at any depth, as in the server's answer for one item."""
    if isinstance(value, dict):
        return {name: without_nulls(member) for name, member in value.items() if member is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value


def tally(rows: Sequence[Row]) -> dict[str, int]:
    """The number of rows in each status, and in total."""
    counts = dict.fromkeys(STATES, 0)
    for row in rows:
        counts[row.status] += 1
    return {**counts, "total": len(rows)}
