"""Queue: the items, in the order of their runs, and all operations on them.

    pending ── take ──▶ in_progress ── finish ──▶ completed | failed
       └──────── cancel ──────┴──────────────────▶ canceled        (terminal states are final)

A pending item with values that do not fit its nodes is poison: nothing behind it runs, as on a real server.
"""

from __future__ import annotations

import heapq
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from invokable.contract.server import STATES
from invokable.testing.server.batches import Batch, FieldValue, expand, size
from invokable.testing.server.clock import now
from invokable.testing.server.events import Hub
from invokable.testing.server.queue_events import QueueEvents
from invokable.testing.server.release import Release
from invokable.testing.server.rows import Person, Row, tally

ReadBack = Callable[[Sequence[FieldValue]], tuple[dict[str, Any], str | None]]
"""Returns the nodes that an item's values change, and why the server cannot read it."""


class Queue:
    """The session queue. Thread-safe."""

    def __init__(self, hub: Hub, release: Release, *, max_size: int, fair: bool) -> None:
        self.lock = threading.RLock()
        self.wake = threading.Condition(self.lock)
        self.rows: dict[int, Row] = {}
        self.max_size = max_size
        self._fair = fair
        self._next_id = 1
        self._by_batch: dict[str, list[int]] = {}
        self._counts: dict[tuple[str, str | None], Counter[str]] = defaultdict(Counter)
        self._running: set[int] = set()
        self._heaps: dict[str, list[tuple[int, int]]] = {}
        self._served: dict[str, int] = {}
        self._turn = 0
        self._events = QueueEvents(hub, release)

    # ------------------------------------------------------------------ taking in

    def enqueue(self, queue_id: str, batch: Batch, *, prepend: bool, read_back: ReadBack) -> dict[str, Any]:
        """Accept a batch, or as much of it as there is room for, and return the server's answer."""
        with self.lock:
            room = max(self.max_size - self._counts[queue_id, None]["pending"], 0)
            priority = self._highest_priority(queue_id) + 1 if prepend else 0
            created = now()
            enqueued = 0
            known: dict[tuple[int, ...], tuple[dict[str, Any], str | None]] = {}
            for values in expand(batch.data, batch.runs):
                if enqueued == room:
                    break
                row = Row(self._next_id, queue_id, batch, values, priority, created, batch.user_id, updated_at=created)
                key = tuple(map(id, values))  # the runs of a batch share their values
                if key not in known:
                    known[key] = read_back(values)
                row.nodes, row.poison = known[key]
                self._add(row)
                enqueued += 1
            answer = {
                "queue_id": queue_id,
                "enqueued": enqueued,
                "requested": size(batch.data, batch.runs),
                "batch": batch.to_json(),
                "priority": priority,
                "item_ids": sorted(self._by_batch.get(batch.batch_id, ()), reverse=True),
            }
            self._events.batch_enqueued(answer, batch.user_id)
            self.wake.notify_all()
            return answer

    def retry(self, queue_id: str, item_ids: Iterable[int]) -> list[int]:
        """Enqueue failed and canceled items again. Returns the old ids."""
        with self.lock:
            retried = []
            for item_id in item_ids:
                old = self.rows.get(item_id)
                if old is None or old.status not in ("failed", "canceled"):
                    continue
                created = now()
                row = Row(self._next_id, queue_id, old.batch, old.values, old.priority, created, old.user_id)
                row.updated_at, row.retried_from = created, old.retried_from or old.item_id
                row.nodes, row.poison = old.nodes, old.poison
                self._add(row)
                retried.append(item_id)
            self._events.retried(queue_id, [self.rows[item_id] for item_id in retried])
            self.wake.notify_all()
            return retried

    def _add(self, row: Row) -> None:
        self._next_id += 1
        self.rows[row.item_id] = row
        self._by_batch.setdefault(row.batch.batch_id, []).append(row.item_id)
        self._count(row, +1)
        heapq.heappush(self._heaps.setdefault(row.user_id, []), (-row.priority, row.item_id))

    # ------------------------------------------------------------------ running

    def take(self) -> Row | None:
        """Start the next item. None without one, and while a poison item is next."""
        with self.lock:
            row = self.next_pending()
            if row is None or row.poison:
                return None
            self._turn += 1
            self._served[row.user_id] = self._turn
            row.device = "cpu"
            self.move(row, "in_progress")
            return row

    def next_pending(self, queue_id: str | None = None) -> Row | None:
        """The next item, by priority, then by age; several users take turns."""
        if queue_id is not None:
            waiting = [row for row in self.rows.values() if row.queue_id == queue_id and row.status == "pending"]
            return min(waiting, key=lambda row: (-row.priority, row.item_id), default=None)
        heads = [row for heap in self._heaps.values() if (row := self._head(heap))]
        if self._fair:
            return min(heads, key=lambda row: (self._served.get(row.user_id, 0), row.item_id), default=None)
        return min(heads, key=lambda row: (-row.priority, row.item_id), default=None)

    def _head(self, heap: list[tuple[int, int]]) -> Row | None:
        while heap:
            row = self.rows.get(heap[0][1])
            if row is not None and row.status == "pending":
                return row
            heapq.heappop(heap)
        return None

    def current(self, queue_id: str | None = None) -> Row | None:
        """The running item, of one queue or of any."""
        with self.lock:
            running = (self.rows[item_id] for item_id in sorted(self._running))
            return next((row for row in running if queue_id in (None, row.queue_id)), None)

    def move(self, row: Row, status: str, *, error: tuple[str, str, str] | None = None) -> bool:
        """Set the status of a row unless it has ended, and publish it. Returns whether it was set."""
        with self.lock:
            if row.ended or self.rows.get(row.item_id) is not row:
                return False
            self._set(row, status)
            if error is not None:
                row.error_type, row.error_message, row.error_traceback = error
            self._events.status_changed(
                row,
                self.batch_status(row.queue_id, row.batch.batch_id),
                self.status(row.queue_id, Person(row.user_id, is_admin=False)),
            )
            return True

    def _set(self, row: Row, status: str) -> None:
        self._count(row, -1)
        if row.poison and row.status == "pending":
            self.wake.notify_all()  # items behind it continue
        row.status = status
        row.status_sequence += 1
        row.updated_at = now()
        if status == "in_progress":
            row.started_at = row.updated_at
        if row.ended:
            row.completed_at = row.updated_at
        self._count(row, +1)

    def interrupt(self) -> None:
        """Silently cancel running items, like the server when it starts after a crash."""
        with self.lock:
            for row in self.rows.values():
                if row.status in ("in_progress", "waiting"):
                    self._set(row, "canceled")

    # ------------------------------------------------------------------ taking away

    def cancel(self, row: Row) -> None:
        """Cancel one item, unless it has ended."""
        self.move(row, "canceled")

    def cancel_where(self, queue_id: str, chosen: Callable[[Row], bool], *, running: bool = True) -> int:
        """Cancel items in bulk: the running one gets its own event, then the others share one."""
        with self.lock:
            rows = [row for row in self.rows.values() if row.queue_id == queue_id and not row.ended and chosen(row)]
            pending = [row for row in rows if row.status == "pending"]
            for row in pending:
                self._set(row, "canceled")
            active = [row for row in rows if row.status == "in_progress"] if running else []
            for row in active:
                self.move(row, "canceled")
            if pending:
                self._events.canceled(queue_id, pending)
            return len(pending) + len(active)

    def delete(self, row: Row) -> None:
        """Delete an item; a running one is canceled first."""
        with self.lock:
            self.move(row, "canceled")
            self._forget([row])

    def delete_where(self, queue_id: str, chosen: Callable[[Row], bool], *, running: bool = True) -> int:
        """Delete items in bulk, in any status. The event about them also has those that had ended."""
        with self.lock:
            rows = [row for row in self.rows.values() if row.queue_id == queue_id and chosen(row)]
            rows = [row for row in rows if running or row.status != "in_progress"]
            others = [row for row in rows if row.status != "in_progress"]
            for row in rows:
                if row.status == "in_progress":
                    self.move(row, "canceled")
            self._forget(rows)
            if others:
                self._events.canceled(queue_id, others)
            return len(rows)

    def clear(self, queue_id: str, user_id: str | None = None) -> int:
        """Delete all items of one user or of all."""
        with self.lock:
            rows = [row for row in self.rows.values() if row.queue_id == queue_id and user_id in (None, row.user_id)]
            for row in rows:
                if row.status == "in_progress":
                    self.move(row, "canceled")
            self._forget(rows)
            self._events.cleared(queue_id, user_id)
            return len(rows)

    def prune(self, queue_id: str, user_id: str | None = None) -> int:
        """Delete ended items, without an event."""
        with self.lock:
            rows = [row for row in self.rows.values() if row.queue_id == queue_id and row.ended]
            rows = [row for row in rows if user_id in (None, row.user_id)]
            self._forget(rows)
            return len(rows)

    def _forget(self, rows: Sequence[Row]) -> None:
        if any(row.poison for row in rows):
            self.wake.notify_all()
        for row in rows:
            self._count(row, -1)
            del self.rows[row.item_id]
            ids = self._by_batch[row.batch.batch_id]
            ids.remove(row.item_id)
            if not ids:
                del self._by_batch[row.batch.batch_id]

    # ------------------------------------------------------------------ counting

    def batch_status(self, queue_id: str, batch_id: str, viewer: Person | None = None) -> dict[str, Any]:
        """The counts of a batch; zero if it does not exist or belongs to another user."""
        with self.lock:
            ids = self._by_batch.get(batch_id, ())
            mine = list(map(self.rows.__getitem__, ids[:1] if viewer is None else ids))
            if viewer is not None:
                mine = [row for row in mine if viewer.sees(row.user_id)]
                counts = tally([row for row in mine if row.queue_id == queue_id])
            else:
                counts = self._totals(queue_id, batch_id)
            first = mine[0].batch if mine and counts["total"] else None
            return {
                "queue_id": queue_id,
                "batch_id": batch_id,
                "origin": first.origin if first else None,
                "destination": first.destination if first else None,
                **counts,
            }

    def status(self, queue_id: str, viewer: Person) -> dict[str, Any]:
        """The counts of the queue, and the running item."""
        with self.lock:
            running = self.current(queue_id)
            shown = running if running is not None and viewer.sees(running.user_id) else None
            counts = self._totals(queue_id, None)
            own = {state: counts[state] for state in ("pending", "in_progress")}
            if self._fair:
                own = tally([row for row in self.rows.values() if row.user_id == viewer.user_id])
            return {
                "queue_id": queue_id,
                "item_id": shown.item_id if shown else None,
                "batch_id": shown.batch.batch_id if shown else None,
                "session_id": shown.session_id if shown else None,
                **counts,
                "user_pending": own["pending"],
                "user_in_progress": own["in_progress"],
            }

    def rows_of(self, queue_id: str) -> list[Row]:
        """The rows of a queue, oldest first."""
        with self.lock:
            return [row for row in self.rows.values() if row.queue_id == queue_id]

    def _totals(self, queue_id: str, batch_id: str | None) -> dict[str, int]:
        counts = self._counts[queue_id, batch_id]
        return {**{state: counts[state] for state in STATES}, "total": counts.total()}

    def _count(self, row: Row, change: int) -> None:
        self._counts[row.queue_id, None][row.status] += change
        self._counts[row.queue_id, row.batch.batch_id][row.status] += change
        if row.status == "in_progress":
            (self._running.add if change > 0 else self._running.discard)(row.item_id)

    def _highest_priority(self, queue_id: str) -> int:
        return max(
            (r.priority for r in self.rows.values() if r.queue_id == queue_id and r.status == "pending"), default=0
        )
