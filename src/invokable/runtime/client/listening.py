"""Listening: one socket for all jobs of a client, in its own thread, for both kinds of client.

Listener ── a thread: connect ─ subscribe ─ receive ─ check that it is alive ─ reconnect …
   └── BatchSubscription, one for each batch that a job follows: the events about it, in order
"""

from __future__ import annotations

import itertools
import os
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final
from weakref import WeakValueDictionary

from invokable.runtime.client.connection import Connection
from invokable.runtime.client.socket import EventSocket
from invokable.runtime.client.threads import Flag, start
from invokable.runtime.locks import Lock
from invokable.runtime.steps.exchange.logs import LOG
from invokable.runtime.steps.exchange.protocol import ReceivedEvents, ServerEvent
from invokable.runtime.steps.exchange.server_events import (
    BATCH_ENQUEUED,
    EVENT_NAMES,
    INVOCATION_PROGRESS,
    QUEUE_WIDE,
    TRANSIENT,
    may_report_end,
    parse_event,
)

_PAUSES: Final = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds before the next attempt to connect; the last one repeats."""
_CHECK_INTERVAL: Final = 5.0
"""Seconds between checks that the connection is alive, while anything waits."""
_KEPT_PREVIEWS: Final = 16
"""Previews that are kept for late readers; each takes about ten kilobytes."""
_MANY_JOBS: Final = 4
"""Jobs from which on it matters more what their events cost than when each is read."""
_BATCH_ID: Final = re.compile(r'"batch_id": ?"([^"]*)"')
_CONNECTION_IDS: Final = itertools.count(1)
"""Numbers the connections of this process and of processes forked from it."""


class BatchSubscription:
    """The events about a batch, for any number of threads and tasks."""

    def __init__(self, listener: Listener, *, watched: bool) -> None:
        self._listener = listener
        self.watched = watched
        self._process = os.getpid()
        self._lock = Lock()
        self._events: dict[int, ServerEvent] = {}
        self._next_number = 0
        self._last_end = -1
        """The number of the last event that may be about an end."""
        self._is_announced = False
        """Whether the server has announced the batch. If it does so again, the batch was submitted twice."""
        self._last_progress: dict[tuple[int, Any], int] = {}
        self._with_preview: deque[int] = deque()
        self._waiters: dict[int, tuple[bool, Callable[[], None]]] = {}
        self._waiter_numbers = itertools.count()

    @property
    def is_alive(self) -> bool:
        """Whether it still receives events. After a fork it is the parent's, and its lock may be held."""
        return self._process == os.getpid()

    @property
    def connection_id(self) -> int:
        """The connection that receives events; 0 if there is none."""
        return self._listener.connection_id

    @property
    def has_waiters(self) -> bool:
        """Whether anything waits."""
        return bool(self._waiters)

    def read(self, since: int) -> ReceivedEvents:
        """The events from `since` on."""
        connection_id, runs = self.connection_id, self._listener.runs
        with self._lock:
            events = []
            for number in reversed(self._events):  # the new ones are at the end
                if number < since:
                    break
                events.append(self._events[number])
            return ReceivedEvents(tuple(reversed(events)), self._next_number, connection_id, runs)

    @contextmanager
    def waking(self, wake: Callable[[], None], since: int, connection_id: int, *, any_event: bool) -> Iterator[None]:
        """Have `wake` called, from any thread, once there are events from `since` on or the connection has changed."""
        with self._lock:
            number = next(self._waiter_numbers)
            self._waiters[number] = (any_event, wake)
            has_some = since < self._next_number if any_event else since <= self._last_end
        try:
            if has_some or connection_id != self.connection_id or self._listener.is_closed:
                wake()
            yield
        finally:
            with self._lock:
                del self._waiters[number]

    def add(self, event: ServerEvent) -> None:
        """Add an event. Only the last progress of each node is kept, and only the latest few pictures."""
        with self._lock:
            if event.name == INVOCATION_PROGRESS:
                key = (event.item_id, event.content.get("id"))
                self._events.pop(self._last_progress.get(key, -1), None)
                self._last_progress[key] = self._next_number
                if "image" in event.content:
                    self._with_preview.append(self._next_number)
            may_end = may_report_end(event) or (event.name == BATCH_ENQUEUED and self._is_announced)
            self._is_announced |= event.name == BATCH_ENQUEUED
            if may_end:
                self._last_end = self._next_number
            self._events[self._next_number] = event
            self._next_number += 1
            if len(self._with_preview) > _KEPT_PREVIEWS:
                self._drop_preview(self._with_preview.popleft())
            wanted = [wake for any_event, wake in self._waiters.values() if any_event or may_end]
        for wake in wanted:
            wake()

    def wake_all(self) -> None:
        """Wake all waiters, since the connection has changed."""
        with self._lock:
            wanted = [wake for _, wake in self._waiters.values()]
        for wake in wanted:
            wake()

    def _drop_preview(self, number: int) -> None:
        """Remove the picture from an event."""
        if (event := self._events.get(number)) is not None:
            content = {key: value for key, value in event.content.items() if key != "image"}
            self._events[number] = replace(event, content=content)


class Listener:
    """Receives the server's events while it can. A forked process starts afresh."""

    def __init__(self, connection: Connection | None, token: Callable[[], str | None]) -> None:
        self._server = connection
        self._token = token
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._lock = Lock()
        self._subscriptions: WeakValueDictionary[str, BatchSubscription] = WeakValueDictionary()
        self._thread: threading.Thread | None = None
        self._connection_id = 0
        self._watched = False
        self._tried = Flag()
        self._wake = Flag()
        self._closed = False
        self._socket: EventSocket | None = None

    @property
    def connection_id(self) -> int:
        """The connection that receives events; 0 if there is none."""
        return self._connection_id if self._process == os.getpid() else 0

    @property
    def runs(self) -> int:
        """Runs that are followed."""
        return len(self._subscriptions)

    @property
    def has_server(self) -> bool:
        """Whether there is a server to receive events from."""
        return self._server is not None

    @property
    def is_settled(self) -> bool:
        """Whether it is known if events arrive."""
        return self._server is None or (self._tried.is_set and self._process == os.getpid())

    def subscribe(self, batch_id: str, *, watched: bool) -> BatchSubscription:
        """Collect events about a batch from now on, while a reference is held."""
        self._start()
        with self._lock:
            found = self._subscriptions.get(batch_id)
            if found is None:
                found = self._subscriptions[batch_id] = BatchSubscription(self, watched=watched)
            found.watched |= watched
            self._watched = watched or (self._watched and any(one.watched for one in self._subscriptions.values()))
            return found

    def wait(self, seconds: float) -> None:
        """Wait until events arrive or it is clear that they will not, at most `seconds`."""
        self._start()
        if self._thread is not None and not self._closed:
            self._tried.wait(seconds)
        with self._lock:
            if self._connection_id and self._socket is not None and self._socket.silent_for() > _CHECK_INTERVAL:
                self._wake.set()  # check now whether it is still alive

    def add(self, batch_id: str, event: ServerEvent) -> None:
        """Add an event of the client's own, for those who wait for a batch."""
        subscription = self._subscriptions.get(batch_id) if self._process == os.getpid() else None
        if subscription is not None:
            subscription.add(event)

    def close(self) -> None:
        """Stop receiving, wake every waiter, and wait for the thread to end."""
        self.stop()
        if self._process == os.getpid():
            with self._lock:
                waiting = list(self._subscriptions.values())
            for subscription in waiting:
                subscription.wake_all()
        thread = self._thread
        if thread is not None and thread.is_alive() and thread is not threading.current_thread():
            thread.join(0.5)  # it cannot be stopped while connecting; it ends by itself

    @property
    def is_closed(self) -> bool:
        """Whether it has stopped receiving."""
        return self._closed and self._process == os.getpid()

    def stop(self) -> None:
        """Stop receiving. Neither waits nor locks: garbage collection may call it at any moment, in any thread."""
        if self._process != os.getpid():
            return
        self._closed, socket = True, self._socket
        self._tried.set()
        self._wake.set()
        if socket is not None:
            socket.abort()

    def _start(self) -> None:
        if self._process != os.getpid():
            self._begin()
        with self._lock:
            if self._server is not None and self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="invokable-events", daemon=True)
                start(self._thread)

    # ------------------------------------------------------------------ the thread

    def _run(self) -> None:
        pauses = iter(_PAUSES)
        while not self._closed:
            begin = time.monotonic()
            try:
                self._receive()
            except Exception as error:
                if not self._closed:
                    LOG.info("the server's events are unavailable (%s); polling", error or type(error).__name__)
            if self._connection_id and not self._closed:
                LOG.info("lost the connection for the server's events; polling")
            self._set_connection(0)
            if time.monotonic() - begin > _PAUSES[-1]:
                pauses = iter(_PAUSES)
            self._wake.clear()  # the end of the connection has set it
            if not self._closed:  # closing sets the flag after this
                self._wake.wait(next(pauses, _PAUSES[-1]))
                self._wake.clear()

    def _receive(self) -> None:
        """Receive until the connection breaks or stops answering."""
        assert self._server is not None  # otherwise there is no thread
        socket = EventSocket(self._server, self._token(), self._is_wanted, self._deliver, self._wake.set, self._is_busy)
        with self._lock:
            self._socket = socket
        try:
            socket.open()
            socket.subscribe()
            self._set_connection(next(_CONNECTION_IDS))
            while not self._closed and socket.is_open:
                silent = socket.silent_for()
                self._wake.wait(_CHECK_INTERVAL - silent if silent < _CHECK_INTERVAL else _CHECK_INTERVAL)
                self._wake.clear()
                if (
                    not self._closed
                    and socket.is_open
                    and socket.silent_for() >= _CHECK_INTERVAL
                    and self._has_waiters()
                ):
                    socket.subscribe()  # again, to check that it answers
        finally:
            self._socket = None
            socket.abort()

    def _has_waiters(self) -> bool:
        with self._lock:
            return any(subscription.has_waiters for subscription in self._subscriptions.values())

    def _set_connection(self, connection_id: int) -> None:
        with self._lock:
            changed = self._connection_id != connection_id
            self._connection_id = connection_id
            subscriptions = list(self._subscriptions.values()) if changed else []
        self._tried.set()
        for subscription in subscriptions:
            subscription.wake_all()

    def _is_busy(self) -> bool:
        return self.runs > _MANY_JOBS

    def _is_wanted(self, name: str, text: str) -> bool:
        """Whether an event may concern a batch here, judging by its text alone."""
        if name in QUEUE_WIDE:
            return True
        if name not in EVENT_NAMES or (name in TRANSIENT and not self._watched):
            return False
        return any(batch_id in self._subscriptions for batch_id in _BATCH_ID.findall(text))

    def _deliver(self, name: str, payload: Any) -> None:
        """Pass an event to the subscriptions it concerns."""
        if name in QUEUE_WIDE:
            with self._lock:
                subscriptions = list(self._subscriptions.values())
        else:
            batch_id = payload.get("batch_id") if isinstance(payload, dict) else None
            subscription = self._subscriptions.get(batch_id) if isinstance(batch_id, str) else None
            if subscription is None or (name in TRANSIENT and not subscription.watched):
                return
            subscriptions = [subscription]
        event = parse_event(name, payload)
        if event is not None:
            for subscription in subscriptions:
                subscription.add(event)
