"""Worker: takes items one by one and runs them, in its own thread.

take ── engine: started, progress, completed … ── session stored ── status ── events
"""

from __future__ import annotations

import threading
import traceback
from base64 import b64encode
from collections.abc import Callable
from typing import Any, Final

from invokable.testing.execution import Completed, Failed, InvocationCache, Progress, Session, Started
from invokable.testing.execution.events import Event as ExecutionEvent
from invokable.testing.item_services import ItemServices
from invokable.testing.server.events import Event
from invokable.testing.server.queue_events import item_base
from invokable.testing.server.rows import Row
from invokable.testing.world import Ran, World

_IDLE: Final = 1.0
Finished = Callable[[Row], None]
_Error = tuple[str, str, str]


class Killed(BaseException):
    """The server crashed while a node ran."""


class Worker:
    """The session processor."""

    def __init__(self, world: World, *, speed: float, finished: Finished) -> None:
        self._world = world
        self._speed = speed
        self._finished = finished
        self._killed = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="invokable-simulator-worker", daemon=True)

    def start(self) -> None:
        """Start to take items."""
        self._thread.start()

    def kill(self) -> None:
        """Stop immediately. The running item is abandoned: nothing that it still does has any effect."""
        self._killed.set()
        with self._world.queue.wake:
            self._world.queue.wake.notify_all()

    def join(self, timeout: float) -> None:
        """Wait until the thread has ended."""
        if self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def _loop(self) -> None:
        queue = self._world.queue
        while not self._killed.is_set():
            with queue.wake:
                row = None if self._world.paused or self._killed.is_set() else queue.take()
                if row is None:
                    if not self._killed.is_set():
                        queue.wake.wait(_IDLE)
                    continue
            try:
                self._run(row)
            except Killed:
                return
            if not self._killed.is_set():
                self._finished(row)

    def _run(self, row: Row) -> None:
        ran = self._world.ran.setdefault(row.item_id, Ran(row))
        ran.begun += 1
        run: _Run | None = None
        error: _Error | None = None
        try:
            run = _Run(self._world, row, ran, self._check, self._speed, self._killed)
            error = run.to_end()
        except Exception as problem:  # the queue continues whatever a node raises
            error = (type(problem).__name__, str(problem), traceback.format_exc())
        self._check()
        if run is not None:
            row.session = run.session_json()
        if error is None and run is not None and not run.is_complete:
            return  # a bug of the server: an item without runnable nodes stays in progress
        self._world.queue.move(row, "failed" if error else "completed", error=error)
        if run is not None:
            run.tell_error(error)

    def _check(self) -> None:
        if self._killed.is_set():
            raise Killed


class _Run:
    """One item on its way through the engine."""

    def __init__(
        self, world: World, row: Row, ran: Ran, check: Callable[[], None], speed: float, killed: threading.Event
    ) -> None:
        if world.cache is None:
            world.cache = InvocationCache()
        self._world, self._row, self._ran = world, row, ran
        self._check, self._speed, self._killed = check, speed, killed
        self._invocations: dict[str, dict[str, Any]] = {}
        self._failed: Failed | None = None
        self._session = Session(
            row.graph(),
            services=ItemServices(world, row, check),
            schema=world.reader.schema,
            cache=world.cache,
            session_id=row.session_id,
        )

    def to_end(self) -> _Error | None:
        """Run the rest of the session. Returns the error that ended it."""
        for event in self._session.run():
            self._check()
            if self._row.ended:
                return None
            if isinstance(event, Failed):
                self._failed = event
                return event.error_type, event.error_message, event.traceback
            self._tell(event)
            self._wait(event)
            if self._row.ended:
                return None
        return None

    @property
    def is_complete(self) -> bool:
        """Whether every node is done, or the item has ended."""
        return self._row.ended or self._session.is_complete

    def session_json(self) -> dict[str, Any]:
        """The current session."""
        document: dict[str, Any] = self._session.to_json()
        return document

    def tell_error(self, error: _Error | None) -> None:
        """Publish the error of a node, after the item's own."""
        if error is None or self._failed is None:
            return
        extra = dict(zip(("error_type", "error_message", "error_traceback"), error, strict=True))
        self._invocations.setdefault(self._failed.exec_id, self._failed.invocation)
        self._publish("invocation_error", self._failed, extra)

    def _tell(self, event: ExecutionEvent) -> None:
        if isinstance(event, Started):
            self._invocations[event.exec_id] = event.invocation
            self._ran.nodes[event.source_id] += 1
            self._publish("invocation_started", event, {})
        elif isinstance(event, Progress):
            shown = {"message": event.message, "percentage": event.percentage, "image": _preview(event.image)}
            self._publish("invocation_progress", event, {**shown, "device": None})
        elif isinstance(event, Completed):
            self._publish("invocation_complete", event, {"result": event.result})

    def _wait(self, event: ExecutionEvent) -> None:
        if self._speed and not isinstance(event, Completed):
            self._killed.wait(self._speed)
            self._check()

    def _publish(self, name: str, event: ExecutionEvent, extra: dict[str, Any]) -> None:
        payload = {
            **item_base(self._row),
            "session_id": self._row.session_id,
            "invocation": self._invocations.get(event.exec_id),
            "invocation_source_id": event.source_id,
            **extra,
        }
        payload = self._world.release.shape(f"event:{name}", payload)
        self._world.hub.publish(Event(name, payload, self._row.user_id, self._row.queue_id, "invocation"))


def _preview(png: bytes | None) -> dict[str, Any] | None:
    if png is None:
        return None
    # The size is in the header of every PNG file.
    width, height = int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")
    return {"width": width, "height": height, "dataURL": f"data:image/png;base64,{b64encode(png).decode()}"}
