"""Engine: does what steps yield, and owns the connections, the listener for events and the reader of queue items.

A client shares it with its repositories and jobs.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any, Final, NoReturn

from invokable.runtime.client._http import Transport
from invokable.runtime.client._sync.concurrency import (
    Calls,
    RequestLimiter,
    call_back,
    check_loop,
    in_thread,
    sleep,
    wait_for_connection,
    wait_for_event,
)
from invokable.runtime.client._sync.driving import drive, stream
from invokable.runtime.client._sync.item_reader import ItemReader
from invokable.runtime.client.listening import BatchSubscription, Listener
from invokable.runtime.client.progress import Watch
from invokable.runtime.client.reading import read_file
from invokable.runtime.errors import ClientClosedError, ConnectionError, InvokableError  # noqa: A004
from invokable.runtime.steps.exchange.deadline import Deadline
from invokable.runtime.steps.exchange.protocol import (
    AwaitEvents,
    CallbackFailed,
    GetPolicy,
    ReadFile,
    ReadItems,
    ReceivedEvents,
    Report,
    Request,
    ServerEvent,
    Sleep,
    Step,
    Steps,
    Subscribe,
    T,
)
from invokable.runtime.steps.exchange.server_events import CANCELED_HERE
from invokable.runtime.steps.resources.server_cache import ServerCache
from invokable.runtime.steps.runs.run import Context, cancel
from invokable.runtime.steps.runs.withdraw import CANCEL_TIMEOUT
from invokable.runtime.values.events import JobEvent
from invokable.runtime.values.media import Downloader
from invokable.runtime.values.submission import Submission

_AT_ONCE: Final = 4
"""Requests that tasks have in flight at the same time, not counting files: the server handles one at a time, and a
pool with many waiters is slow."""
_CLOSE_CHECK: Final = 0.25
"""Seconds between checks during a sleep for whether the client was closed."""


class Engine:
    """Drives the steps of a client, and has what its runs share.

    `client` is what the images of a result download themselves with; None if they cannot.
    """

    def __init__(self, transport: Transport, client: Downloader | None) -> None:
        self.transport = transport
        self.context = Context(ServerCache(), client)
        self.listener = Listener(transport.connection if transport.is_real else None, transport.current_token)
        self._limiter = RequestLimiter(_AT_ONCE)
        self._item_reader = ItemReader(self._read_items)
        self._calls = Calls()
        self._closed = False
        weakref.finalize(self, self.listener.stop)

    def __getstate__(self) -> NoReturn:
        raise TypeError("a client cannot be pickled; create another one there, and attach to jobs by their submission")

    def drive(self, steps: Steps[T], watch: Watch | None = None) -> T:
        """Return what steps return; `watch` is called with the events they report. Raises ClientClosedError."""
        self.check_open()
        with self._calls.entered():
            try:
                return drive(steps, self._do if watch is None else partial(self._do, watch=watch))
            except CallbackFailed as failure:
                error = failure.error
            raise error

    def stream(self, steps: Steps[Any]) -> Iterator[JobEvent]:
        """Yield the events that steps report. Raises ClientClosedError."""
        self.check_open()
        for event in stream(steps, self._do):
            yield event

    def cancel(self, submission: Submission) -> None:
        """Cancel the open items of a run, and wake its waiters. Raises ConnectionError, APIError and WorkflowError."""
        self.drive(cancel(submission, self.context))
        self.listener.add(submission.batch_id, ServerEvent(CANCELED_HERE, 0, {}))

    def context_and_deadline(self, timeout: float | None) -> tuple[Context, Deadline]:
        """The context and the deadline of a run that may take `timeout` seconds."""
        return self.context, Deadline.after(timeout, time.monotonic)

    def close(self) -> None:
        """Close all connections, once interrupted runs are canceled. Every waiter gets a ClientClosedError."""
        check_loop()
        try:
            self._calls.wait_for_interrupted(CANCEL_TIMEOUT)
        finally:
            self._closed = True
            in_thread(self.listener.close)
            self.transport.close()

    def check_open(self) -> None:
        """Raise ClientClosedError if the client is closed, and RuntimeError outside of asyncio."""
        check_loop()
        if self._closed:
            raise ClientClosedError("the client is closed; create another one")

    def _do(self, step: Step, watch: Watch | None = None) -> Any:
        self.check_open()
        try:
            return self._perform(step, watch)
        except ConnectionError as error:
            if self._closed:
                raise ClientClosedError("the client was closed during the call") from error
            raise

    def _perform(self, step: Step, watch: Watch | None) -> Any:
        match step:
            case Request():
                return self._limiter.send(self.transport, step)
            case AwaitEvents():
                return self._await_events(step)
            case Subscribe():
                return self._subscribe(step)
            case Sleep():
                return self._sleep(step.seconds)
            case ReadFile():
                return in_thread(read_file, step)
            case ReadItems():
                return self._item_reader.read(step)
            case Report():
                return self._report(step, watch)
            case GetPolicy():
                return self.transport.policy

    def _subscribe(self, step: Subscribe) -> BatchSubscription:
        subscription = self.listener.subscribe(step.batch_id, watched=step.watched)
        if step.seconds and self.listener.has_server:
            with suppress(InvokableError):  # the run's next request reports it better
                self.transport.token(step.seconds)  # the socket's thread cannot sign in
            wait_for_connection(self.listener, step.seconds)
        return subscription

    def _await_events(self, step: AwaitEvents) -> ReceivedEvents:
        if not isinstance(step.subscription, BatchSubscription):
            self._sleep(step.seconds)
            return ReceivedEvents()
        if step.seconds > 0:
            wait_for_event(step.subscription, step)
        return step.subscription.read(step.since)

    def _sleep(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while seconds > _CLOSE_CHECK and not self._closed:
            sleep(_CLOSE_CHECK)
            seconds = end - time.monotonic()
        if not self._closed:
            sleep(max(seconds, 0.0))

    def _read_items(self, step: ReadItems) -> dict[int, Any]:
        return drive(step.read(step.item_ids, step.cache), self._do)

    def _report(self, step: Report, watch: Watch | None) -> None:
        if watch is None:
            return
        try:
            for event in step.events:
                call_back(watch, event)
        except InvokableError as error:
            raise CallbackFailed(error) from None
