"""Listening: one socket for all jobs of a client, in its own thread, for both kinds of client.

Listener ── a thread: connect ─ subscribe ─ receive ─ check that it is alive ─ reconnect …
   └── Ear, one for each batch that a job follows: the notes about it, in order
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
from itertools import takewhile
from typing import Any, Final
from weakref import WeakValueDictionary

from invokable.runtime.client.connection import Connection
from invokable.runtime.client.socket import Line
from invokable.runtime.client.threads import Flag, start
from invokable.runtime.steps.exchange.protocol import Heard, Note
from invokable.runtime.steps.resources.queue import LOG
from invokable.runtime.steps.runs.hearing import ENQUEUED, NAMES, PASSING, PROGRESS, SEVERAL, is_end, note_of

_PAUSES: Final = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds before the next attempt to connect; the last one repeats."""
_PULSE: Final = 5.0
"""Seconds between checks that the connection is alive, while anything waits."""
_PICTURES: Final = 16
"""Previews that are kept for late readers; each takes about ten kilobytes."""
_MANY: Final = 4
"""Jobs from which on it matters more what their events cost than when each is read."""
_BATCHES: Final = re.compile(r'"batch_id": ?"([^"]*)"')
_LINES: Final = itertools.count(1)
"""Numbers the connections of this process and of processes forked from it."""


class Ear:
    """The notes about a batch, for any number of threads and tasks."""

    def __init__(self, listener: Listener, *, every: bool) -> None:
        self._listener = listener
        self.every = every
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._notes: dict[int, Note] = {}
        self._end = 0
        self._last = -1
        """The number of the last note that may be about an end."""
        self._is_there = False
        """Whether the server has announced the batch. If it does so again, the batch was submitted twice."""
        self._progress: dict[tuple[int, Any], int] = {}
        self._pictured: deque[int] = deque()
        self._waiting: dict[int, tuple[bool, Callable[[], None]]] = {}
        self._numbers = itertools.count()

    @property
    def is_alive(self) -> bool:
        """Whether it still receives notes. After a fork it is the parent's, and its lock may be held."""
        return self._process == os.getpid()

    @property
    def line(self) -> int:
        """The number of the connection that receives events; 0 if there is none."""
        return self._listener.line

    def heard(self, since: int) -> Heard:
        """The notes from `since` on."""
        line = self.line
        with self._lock:
            return Heard(tuple(self._from(since))[::-1], self._end, line)

    @contextmanager
    def waking(self, wake: Callable[[], None], since: int, line: int, *, every: bool) -> Iterator[None]:
        """Have `wake` called, from any thread, once there are notes from `since` on or the line has changed."""
        with self._lock:
            number = next(self._numbers)
            self._waiting[number] = (every, wake)
            there = since < self._end if every else since <= self._last
        try:
            if there or line != self.line or self._listener.is_closed:
                wake()
            yield
        finally:
            with self._lock:
                del self._waiting[number]

    def add(self, note: Note) -> None:
        """Add a note. Only the last progress of each node is kept, and only the latest few pictures."""
        with self._lock:
            if note.name == PROGRESS:
                key = (note.item_id, note.content.get("id"))
                self._notes.pop(self._progress.get(key, -1), None)
                self._progress[key] = self._end
                if "image" in note.content:
                    self._pictured.append(self._end)
            ends = is_end(note) or (note.name == ENQUEUED and self._is_there)
            self._is_there |= note.name == ENQUEUED
            if ends:
                self._last = self._end
            self._notes[self._end] = note
            self._end += 1
            if len(self._pictured) > _PICTURES:
                self._strip(self._pictured.popleft())
            wanted = [wake for every, wake in self._waiting.values() if every or ends]
        for wake in wanted:
            wake()

    def _from(self, since: int) -> Iterator[Note]:
        """The notes from `since` on, latest first."""
        for number in takewhile(lambda number: number >= since, reversed(self._notes)):
            yield self._notes[number]

    def _strip(self, number: int) -> None:
        """Remove the picture from a note."""
        if (note := self._notes.get(number)) is not None:
            content = {key: value for key, value in note.content.items() if key != "image"}
            self._notes[number] = replace(note, content=content)

    def stir(self) -> None:
        """Wake all waiters, since the line has changed."""
        with self._lock:
            wanted = [wake for _, wake in self._waiting.values()]
        for wake in wanted:
            wake()

    @property
    def is_waited_at(self) -> bool:
        """Whether anything waits."""
        return bool(self._waiting)


class Listener:
    """Receives the server's events while it can. A forked process starts afresh."""

    def __init__(self, connection: Connection | None, token: Callable[[], str | None]) -> None:
        self._server = connection
        self._token = token
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._ears: WeakValueDictionary[str, Ear] = WeakValueDictionary()
        self._thread: threading.Thread | None = None
        self._line = 0
        self._watched = False
        self._tried = Flag()
        self._stir = Flag()
        self._closed = False
        self._socket: Line | None = None

    @property
    def line(self) -> int:
        """The number of the connection that receives events; 0 if there is none."""
        return self._line if self._process == os.getpid() else 0

    @property
    def may_hear(self) -> bool:
        """Whether there is a server to receive events from."""
        return self._server is not None

    @property
    def is_settled(self) -> bool:
        """Whether it is known if events arrive."""
        return self._server is None or (self._tried.is_set and self._process == os.getpid())

    def ear(self, batch_id: str, *, every: bool) -> Ear:
        """Collect notes about a batch from now on, while a reference is held: of `every` node, or of outcomes only."""
        self._start()
        with self._lock:
            found = self._ears.get(batch_id)
            if found is None:
                found = self._ears[batch_id] = Ear(self, every=every)
            found.every |= every
            self._watched = every or (self._watched and any(ear.every for ear in self._ears.values()))
            return found

    def wait(self, seconds: float) -> int:
        """Wait until events arrive or it is clear that they will not, at most `seconds`. Returns the line."""
        self._start()
        if self._thread is not None and not self._closed:
            self._tried.wait(seconds)
        with self._lock:
            if self._line and self._socket is not None and self._socket.silent_for() > _PULSE:
                self._stir.set()  # check now whether it is still alive
            return self._line

    def note(self, batch_id: str, note: Note) -> None:
        """Add a note of the client's own, for those who wait for a batch."""
        ear = self._ears.get(batch_id) if self._process == os.getpid() else None
        if ear is not None:
            ear.add(note)

    def close(self) -> None:
        """Stop receiving, wake every waiter, and wait for the thread to end."""
        self.stop()
        if self._process == os.getpid():
            with self._lock:
                waiting = list(self._ears.values())
            for ear in waiting:
                ear.stir()
        thread = self._thread if self._process == os.getpid() else None
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
        self._stir.set()
        if socket is not None:
            socket.cut()

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
                self._hear()
            except Exception as error:
                LOG.info("the server's events are unavailable (%s); polling", error or type(error).__name__)
            if self._line and not self._closed:
                LOG.info("lost the connection for the server's events; polling")
            self._change(0)
            if time.monotonic() - begin > _PAUSES[-1]:
                pauses = iter(_PAUSES)
            self._stir.wait(next(pauses, _PAUSES[-1]))
            self._stir.clear()

    def _hear(self) -> None:
        """Receive until the connection breaks or stops answering."""
        assert self._server is not None  # otherwise there is no thread
        line = Line(self._server, self._token(), self._is_wanted, self._note, self._stir.set, self._is_busy)
        with self._lock:
            self._socket = line
        try:
            line.open()
            line.subscribe()
            self._change(next(_LINES))
            while not self._closed and line.is_open:
                silent = line.silent_for()
                self._stir.wait(_PULSE - silent if silent < _PULSE else _PULSE)
                self._stir.clear()
                if not self._closed and line.is_open and line.silent_for() >= _PULSE and self._is_waited_for():
                    line.subscribe()  # again, to check that it answers
        finally:
            self._socket = None
            line.cut()

    def _is_waited_for(self) -> bool:
        with self._lock:
            return any(ear.is_waited_at for ear in self._ears.values())

    def _change(self, line: int) -> None:
        with self._lock:
            changed = self._line != line
            self._line = line
            ears = list(self._ears.values()) if changed else []
        self._tried.set()
        for ear in ears:
            ear.stir()

    def _is_busy(self) -> bool:
        return len(self._ears) > _MANY

    def _is_wanted(self, name: str, text: str) -> bool:
        """Whether an event may concern a batch here, judging by its text alone."""
        if name in SEVERAL:
            return True
        if name not in NAMES or (name in PASSING and not self._watched):
            return False
        return any(batch_id in self._ears for batch_id in _BATCHES.findall(text))

    def _note(self, name: str, payload: Any) -> None:
        """Pass an event to the ears it concerns."""
        if name in SEVERAL:
            with self._lock:
                ears = list(self._ears.values())
        else:
            batch_id = payload.get("batch_id") if isinstance(payload, dict) else None
            ear = self._ears.get(batch_id) if isinstance(batch_id, str) else None
            ears = [ear] if ear is not None and (ear.every or name not in PASSING) else []
        note = note_of(name, payload) if ears else None
        if note is not None:
            for ear in ears:
                ear.add(note)
