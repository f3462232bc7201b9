"""Engine: does what steps yield, and owns the connections, the listener for events and the reader of queue items.

A client shares it with its repositories and jobs.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from typing import Any, Final, NoReturn

from invokable.runtime.client._async.concurrency import (
    Calls,
    RequestLimiter,
    call_back,
    check_loop,
    in_thread,
    sleep,
    wait_for_connection,
    wait_for_event,
)
from invokable.runtime.client._async.driving import drive, stream
from invokable.runtime.client._async.item_reader import AsyncItemReader
from invokable.runtime.client._http import AsyncTransport
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


class AsyncEngine:
    """Drives the steps of a client, and has what its runs share.

    `client` is what the images of a result download themselves with; None if they cannot.
    """

    def __init__(self, transport: AsyncTransport, client: Downloader | None) -> None:
        self.transport = transport
        self.context = Context(ServerCache(), client)
        self.listener = Listener(transport.connection if transport.is_real else None, transport.current_token)
        self._limiter = RequestLimiter(_AT_ONCE)
        self._item_reader = AsyncItemReader(self._read_items)
        self._calls = Calls()
        self._closed = False
        weakref.finalize(self, self.listener.stop)

    def __getstate__(self) -> NoReturn:
        raise TypeError("a client cannot be pickled; create another one there, and attach to jobs by their submission")

    async def drive(self, steps: Steps[T], watch: Watch | None = None) -> T:
        """Return what steps return; `watch` is called with the events they report. Raises ClientClosedError."""
        self.check_open()
        with self._calls.entered():
            try:
                return await drive(steps, self._do if watch is None else partial(self._do, watch=watch))
            except CallbackFailed as failure:
                error = failure.error
            raise error

    async def stream(self, steps: Steps[Any]) -> AsyncIterator[JobEvent]:
        """Yield the events that steps report. Raises ClientClosedError."""
        self.check_open()
        async for event in stream(steps, self._do):
            yield event

    async def cancel(self, submission: Submission) -> None:
        """Cancel the open items of a run, and wake its waiters. Raises ConnectionError, APIError and WorkflowError."""
        await self.drive(cancel(submission, self.context))
        self.listener.add(submission.batch_id, ServerEvent(CANCELED_HERE, 0, {}))

    def context_and_deadline(self, timeout: float | None) -> tuple[Context, Deadline]:
        """The context and the deadline of a run that may take `timeout` seconds."""
        return self.context, Deadline.after(timeout, time.monotonic)

    async def aclose(self) -> None:
        """Close all connections, once interrupted runs are canceled. Every waiter gets a ClientClosedError."""
        check_loop()
        try:
            await self._calls.wait_for_interrupted(CANCEL_TIMEOUT)
        finally:
            self._closed = True
            await in_thread(self.listener.close)
            await self.transport.aclose()

    def check_open(self) -> None:
        """Raise ClientClosedError if the client is closed, and RuntimeError outside of asyncio."""
        check_loop()
        if self._closed:
            raise ClientClosedError("the client is closed; create another one")

    async def _do(self, step: Step, watch: Watch | None = None) -> Any:
        self.check_open()
        try:
            return await self._perform(step, watch)
        except ConnectionError as error:
            if self._closed:
                raise ClientClosedError("the client was closed during the call") from error
            raise

    async def _perform(self, step: Step, watch: Watch | None) -> Any:
        match step:
            case Request():
                return await self._limiter.send(self.transport, step)
            case AwaitEvents():
                return await self._await_events(step)
            case Subscribe():
                return await self._subscribe(step)
            case Sleep():
                return await self._sleep(step.seconds)
            case ReadFile():
                return await in_thread(read_file, step)
            case ReadItems():
                return await self._item_reader.read(step)
            case Report():
                return await self._report(step, watch)
            case GetPolicy():
                return self.transport.policy

    async def _subscribe(self, step: Subscribe) -> BatchSubscription:
        subscription = self.listener.subscribe(step.batch_id, watched=step.watched)
        if step.seconds and self.listener.has_server:
            with suppress(InvokableError):  # the run's next request reports it better
                await self.transport.token(step.seconds)  # the socket's thread cannot sign in
            await wait_for_connection(self.listener, step.seconds)
        return subscription

    async def _await_events(self, step: AwaitEvents) -> ReceivedEvents:
        if not isinstance(step.subscription, BatchSubscription):
            await self._sleep(step.seconds)
            return ReceivedEvents()
        if step.seconds > 0:
            await wait_for_event(step.subscription, step)
        return step.subscription.read(step.since)

    async def _sleep(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while seconds > _CLOSE_CHECK and not self._closed:
            await sleep(_CLOSE_CHECK)
            seconds = end - time.monotonic()
        if not self._closed:
            await sleep(max(seconds, 0.0))

    async def _read_items(self, step: ReadItems) -> dict[int, Any]:
        return await drive(step.read(step.item_ids, step.cache), self._do)

    async def _report(self, step: Report, watch: Watch | None) -> None:
        if watch is None:
            return
        try:
            for event in step.events:
                await call_back(watch, event)
        except InvokableError as error:
            raise CallbackFailed(error) from None
