"""Matching: which faults of a plan are due, counted over all requests, events and items."""

from __future__ import annotations

import random
import threading
from collections import Counter, deque
from collections.abc import Callable
from fnmatch import fnmatchcase

from invokable.testing.faults.plan import EVENT_KINDS, REQUEST_KINDS, SERVER_KINDS, Fault, FaultPlan


class Faults:
    """A plan and its progress. Thread-safe."""

    def __init__(self, plan: FaultPlan) -> None:
        self._lock = threading.Lock()
        self._faults = list(plan.faults)
        self._draw = random.Random(plan.seed)
        self._seen: Counter[int] = Counter()
        self._done: Counter[int] = Counter()
        self._ended = 0
        self.fired: deque[tuple[Fault, str]] = deque()
        """The faults so far, each with what it affected."""

    def add(self, fault: Fault) -> None:
        """Add a fault to the plan."""
        with self._lock:
            self._faults.append(fault)

    def for_request(self, method: str, path: str) -> list[Fault]:
        """The faults for a request."""

        def hit(fault: Fault) -> bool:
            by_path = fault.kind in REQUEST_KINDS or (fault.kind in SERVER_KINDS and fault.path != "*")
            return by_path and fault.method in ("*", method) and fnmatchcase(path, fault.path)

        return self._due(hit, f"{method} {path}")

    def for_event(self, name: str) -> list[Fault]:
        """The faults for an event on its way to listeners."""
        return self._due(lambda fault: fault.kind in EVENT_KINDS and fnmatchcase(name, fault.event), name)

    def with_event(self, name: str) -> list[Fault]:
        """The faults of the server and of its sockets that happen with an event."""

        def hit(fault: Fault) -> bool:
            by_event = fault.kind == "drop_socket" or (fault.kind in SERVER_KINDS and fault.event != "*")
            return by_event and fnmatchcase(name, fault.event)

        return self._due(hit, name)

    def for_socket(self) -> list[Fault]:
        """The faults for a new socket."""
        return self._due(lambda fault: fault.kind == "refuse_socket", "socket")

    def for_ended_item(self, item_id: int) -> list[Fault]:
        """The faults that happen when an item has ended."""
        with self._lock:
            self._ended += 1
            due = [fault for fault in self._faults if fault.kind in SERVER_KINDS and fault.item == self._ended]
            self.fired.extend((fault, f"item {item_id}") for fault in due)
            return due

    def _due(self, hit: Callable[[Fault], bool], what: str) -> list[Fault]:
        with self._lock:
            due = [fault for position, fault in enumerate(self._faults) if hit(fault) and self._is_due(position, fault)]
            self.fired.extend((fault, what) for fault in due)
            return due

    def _is_due(self, position: int, fault: Fault) -> bool:
        self._seen[position] += 1
        if fault.nth is not None and self._seen[position] != fault.nth:
            return False
        if fault.times is not None and self._done[position] >= fault.times:
            return False
        if fault.probability < 1 and self._draw.random() >= fault.probability:
            return False
        self._done[position] += 1
        return True
