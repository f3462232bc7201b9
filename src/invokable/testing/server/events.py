"""Events: those that the server publishes, and their listeners.

As on the server, later listeners do not get earlier events: `history` is for tests.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from invokable.testing.server.clock import stamp

_REMEMBERED: Final = 20_000


@dataclass(frozen=True, slots=True)
class Event:
    """An event: its name and payload, and the users it concerns."""

    name: str
    payload: dict[str, Any]
    user_id: str = "system"
    queue_id: str | None = None
    kind: str = "other"
    """`invocation`, `status`, `queue` or `other`: decides who receives it."""
    sanitized: dict[str, Any] | None = field(default=None, compare=False)
    """The payload for other users; None for nothing."""


Listener = Callable[[Event], None]


class Hub:
    """Passes events on, in order. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._listeners: list[Listener] = []
        self.history: deque[tuple[str, dict[str, Any]]] = deque(maxlen=_REMEMBERED)
        self.muted = False

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every event from now on. Returns a function that stops it."""
        with self._lock:
            self._listeners.append(listener)

        def stop() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return stop

    def publish(self, event: Event) -> None:
        """Pass an event on. Listeners are called one by one, in the publisher's thread."""
        event = replace(event, payload={"timestamp": stamp(), **event.payload})
        with self._lock:
            if self.muted:
                return
            self.history.append((event.name, event.payload))
            listeners = list(self._listeners)
        # Not under the lock: a listener may call the server, whose threads publish while holding other locks.
        for listener in listeners:
            listener(event)
