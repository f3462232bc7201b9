"""Both kinds of client behind one interface, since the asynchronous client does the same as the blocking one.

`Awaited` runs an AsyncClient in its own event loop, so that a test written for the blocking client tests both.
"""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from typing import Any

from invokable import AsyncClient, Image, InvokableError, Video, WorkflowResult


def asynchronous(*arguments: Any, **options: Any) -> Any:
    """An AsyncClient that a test can use like a Client."""
    return Awaited(AsyncClient(*arguments, **options), _Loop())


class Awaited:
    """An AsyncClient, or a part of it, whose methods wait for what they return."""

    def __init__(self, inner: Any, loop: _Loop, client: Awaited | None = None) -> None:
        self._inner = inner
        self._loop = loop
        self._client = client or self

    def __getattr__(self, name: str) -> Any:
        return self._wrapped(getattr(self._inner, name))

    def __enter__(self) -> Awaited:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._loop.wait(self._inner.aclose())
        self._loop.close()

    def _wrapped(self, value: Any) -> Any:
        if inspect.isawaitable(value):
            return self._wrapped(self._waited(value))
        if isinstance(value, WorkflowResult | Image | Video):
            return self._bound(value)
        if isinstance(value, AsyncIterator):
            return self._iterated(value)
        if callable(value) and not isinstance(value, type):
            return lambda *arguments, **options: self._wrapped(value(*arguments, **options))
        if type(value).__name__.startswith("Async"):
            return Awaited(value, self._loop, self._client)
        return value

    def _waited(self, value: Any) -> Any:
        try:
            return self._loop.wait(value)
        except InvokableError as error:
            if isinstance(partial := getattr(error, "partial", None), WorkflowResult):
                self._bound(partial)
            raise

    def _bound(self, value: Any) -> Any:
        """Make images downloadable, like those of a Client."""
        if isinstance(value, WorkflowResult):
            value._client = self._client
        for medium in _media(value):
            object.__setattr__(medium, "_client", self._client)
        return value

    def _iterated(self, events: AsyncIterator[Any]) -> Iterator[Any]:
        while True:
            try:
                yield self._loop.wait(anext(events))
            except StopAsyncIteration:
                return


def _media(value: Any) -> Iterator[Any]:
    if isinstance(value, Image | Video):
        yield value
    elif isinstance(value, WorkflowResult):
        yield from value.images
        yield from value.videos


async def _into(outcome: Future[Any], tasks: list[asyncio.Task[Any] | None], awaitable: Any) -> None:
    tasks.append(asyncio.current_task())
    if not outcome.set_running_or_notify_cancel():
        awaitable.close()
        return
    try:
        outcome.set_result(await awaitable)
    except BaseException as error:
        outcome.set_exception(error)


class _Loop:
    """An event loop in a thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tasks", daemon=True)
        self._thread.start()

    def wait(self, awaitable: Any) -> Any:
        """Return its result. An interrupt cancels it, and waits until it has cleaned up."""
        outcome: Future[Any] = Future()
        tasks: list[asyncio.Task[Any] | None] = []
        try:
            asyncio.run_coroutine_threadsafe(_into(outcome, tasks, awaitable), self._loop)
            return outcome.result()
        except KeyboardInterrupt as interrupt:
            if outcome.cancel():  # it has not started
                raise
            (task,) = tasks
            assert task
            self._loop.call_soon_threadsafe(task.cancel)
            for note in getattr(outcome.exception(), "__notes__", ()):
                interrupt.add_note(note)
            raise

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()
