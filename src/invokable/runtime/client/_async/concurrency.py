"""Concurrency: what differs between the two clients. The counterpart in `_sync` is written by hand."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any, BinaryIO, Generic, ParamSpec, TypeVar

from invokable.runtime.client._http import AsyncTransport
from invokable.runtime.client.listening import BatchSubscription, Listener
from invokable.runtime.client.loops import ByLoop
from invokable.runtime.client.saving import bytes_written
from invokable.runtime.errors import ConnectionError  # noqa: A004
from invokable.runtime.steps.exchange.protocol import AwaitEvents, Request, Response
from invokable.runtime.values.media import Downloader

P = ParamSpec("P")
S = TypeVar("S")
T = TypeVar("T")

sleep = asyncio.sleep


async def in_thread(action: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """Run something that may block on the disk in a thread, so that other tasks go on."""
    return await asyncio.to_thread(action, *arguments, **options)


async def create_in_thread(make: Callable[..., T], undo: Callable[[T], object], *arguments: Any) -> T:
    """Create something on disk. If the task is canceled meanwhile, undo it, since nothing else would."""
    making = asyncio.get_running_loop().run_in_executor(None, partial(make, *arguments))

    def undo_made(made: asyncio.Future[T]) -> None:
        if not made.cancelled() and made.exception() is None:
            undo(made.result())

    try:
        return await asyncio.shield(making)
    except asyncio.CancelledError:
        making.add_done_callback(undo_made)  # the task may be canceled again while it waits
        await asyncio.wait([making])
        raise


async def write_piece(file: BinaryIO, piece: bytes) -> int:
    """Write to a file object, awaiting its `write` if necessary. Returns the number of bytes written."""
    answer: Any = await asyncio.to_thread(file.write, piece)
    return bytes_written(file, piece, await answer if inspect.isawaitable(answer) else answer)


def shielded(do: Callable[[S], Awaitable[Any]]) -> Callable[[S], Awaitable[Any]]:
    """Shield `do` from what has canceled the task, so that steps can clean up.

    A canceled anyio scope would cancel every further await. And asyncio.run, when it ends, cancels all tasks again that
    are left, such as those of an asyncio.gather that has returned: so what is interrupted once is done again. A further
    `Task.cancel` interrupts it.
    """
    from anyio import CancelScope

    was_interrupted = False

    async def to_its_end(step: S) -> Any:
        nonlocal was_interrupted
        with CancelScope(shield=True):
            try:
                return await do(step)
            except asyncio.CancelledError:
                if was_interrupted:
                    raise
                was_interrupted = True
                return await do(step)

    return to_its_end


def downloader(client: object) -> Downloader | None:
    """What results download their images with: None, since downloading would block."""
    return None


def check_loop() -> None:
    """Raise RuntimeError unless asyncio runs the caller."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        raise RuntimeError(
            "AsyncClient runs on asyncio (or uvloop) only, and no asyncio event loop is running; "
            "with another library, use a Client in a thread, as in trio.to_thread.run_sync(client.run, flow)"
        ) from None


def sharing_scope() -> object:
    """What may share work: the tasks of one event loop."""
    return asyncio.get_running_loop()


class RequestLimiter:
    """Limits how many requests of an event loop are in flight, not counting files."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._loops: ByLoop[asyncio.Semaphore] = ByLoop()

    async def send(self, transport: AsyncTransport, request: Request) -> Response:
        """Send a request when its turn comes. Raises whatever sending raises."""
        if request.file is not None or request.into is not None:
            return await transport.send(request)
        semaphore = self._loops.get() or self._loops.set(asyncio.Semaphore(self._at_once))
        if semaphore.locked():
            request = await self._wait_for_turn(semaphore, request)
        else:
            await semaphore.acquire()
        try:
            return await transport.send(request)
        finally:
            semaphore.release()

    async def _wait_for_turn(self, semaphore: asyncio.Semaphore, request: Request) -> Request:
        """The request, with the time it has left."""
        begin = time.monotonic()
        try:
            async with asyncio.timeout(request.timeout):
                await semaphore.acquire()
        except TimeoutError:
            raise ConnectionError("timed out while waiting for other requests", sent=False) from None
        if request.timeout is None:
            return request
        return replace(request, timeout=max(request.timeout - (time.monotonic() - begin), 0.001))


class Calls:
    """The calls that are in progress."""

    def __init__(self) -> None:
        self._ends: dict[asyncio.Future[None], tuple[asyncio.Task[Any], int]] = {}

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Enter a call, and leave it at the end of the body."""
        task, end = asyncio.current_task(), asyncio.get_running_loop().create_future()
        assert task is not None  # there is none outside of coroutines
        self._ends[end] = task, task.cancelling()
        try:
            yield
        finally:
            del self._ends[end]
            end.set_result(None)

    async def wait_for_interrupted(self, seconds: float) -> None:
        """Wait until those whose task was canceled meanwhile have cleaned up, at most `seconds`.

        asyncio.gather, when canceled, returns as soon as one of its tasks has ended.
        """
        loop, here = asyncio.get_running_loop(), asyncio.current_task()
        ends = [
            end
            for end, (task, before) in tuple(self._ends.items())
            if task.get_loop() is loop and task is not here and task.cancelling() > before
        ]
        if ends:
            await asyncio.wait(ends, timeout=seconds)


class Background(Generic[T]):
    """Work in the background that several callers can wait for."""

    def __init__(self, action: Callable[..., Coroutine[Any, Any, T]], *arguments: Any) -> None:
        self._task = asyncio.get_running_loop().create_task(action(*arguments))
        # Retrieve the exception even if nothing waits for it.
        self._task.add_done_callback(lambda task: task.cancelled() or task.exception())

    async def result(self, timeout: float | None) -> T:
        """Its result. Raises whatever the work raises, and TimeoutError."""
        async with asyncio.timeout(timeout):
            return await asyncio.shield(self._task)


async def wait_for_event(subscription: BatchSubscription, step: AwaitEvents) -> None:
    """Wait for an event, as long as the step says."""
    flag, loop = asyncio.Event(), asyncio.get_running_loop()

    def wake() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(flag.set)

    with subscription.waking(wake, step.since, step.connection_id, any_event=step.any_event):
        try:
            async with asyncio.timeout(step.seconds):
                await flag.wait()
        except TimeoutError:
            return


async def wait_for_connection(listener: Listener, seconds: float) -> None:
    """Wait until events arrive or it is clear that they will not, at most `seconds`."""
    if listener.is_settled:
        listener.wait(0.0)
    else:
        await asyncio.to_thread(listener.wait, seconds)


async def gather(actions: Sequence[Callable[[], Coroutine[Any, Any, T]]], at_once: int) -> list[T]:
    """Run all actions, at most `at_once` at a time, and return their results. The first failure stops the others."""
    semaphore = asyncio.Semaphore(at_once)

    async def run(action: Callable[[], Coroutine[Any, Any, T]]) -> T:
        async with semaphore:
            return await action()

    tasks = [asyncio.ensure_future(run(action)) for action in actions]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


async def call_back(callback: Callable[[T], object], event: T) -> None:
    """Call back, and await the result if it is awaitable."""
    answer = callback(event)
    if inspect.isawaitable(answer):
        await answer
