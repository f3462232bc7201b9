"""Tampering: events that are lost, doubled, delayed or reordered."""

from __future__ import annotations

import threading
from collections.abc import Callable

from invokable.testing.faults.matching import Faults
from invokable.testing.server.events import Event

Deliver = Callable[[Event], None]


class Tamper:
    """Applies faults between the server's events and their listeners."""

    def __init__(self, faults: Faults, deliver: Deliver) -> None:
        self._faults = faults
        self._deliver = deliver
        self._held: Event | None = None

    def __call__(self, event: Event) -> None:
        """Pass an event on according to the plan."""
        kinds = {fault.kind: fault for fault in self._faults.for_event(event.name)}
        if "lose_event" in kinds:
            return
        if (delay := kinds.get("delay_event")) is not None:
            timer = threading.Timer(delay.seconds, self._deliver, [event])
            timer.daemon = True
            timer.start()
            return
        if "swap_events" in kinds and self._held is None:
            self._held = event  # sent after the next one
            return
        for _ in range(2 if "double_event" in kinds else 1):
            self._deliver(event)
        if self._held is not None:
            held, self._held = self._held, None
            self._deliver(held)
