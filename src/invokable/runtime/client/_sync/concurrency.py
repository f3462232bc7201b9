"""Concurrency: what differs between the two clients. The counterpart in `_async` is written by hand."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from typing import Any, BinaryIO, Generic, ParamSpec, TypeVar

from invokable.runtime.client._http import Transport
from invokable.runtime.client.listening import BatchSubscription, Listener
from invokable.runtime.client.saving import bytes_written
from invokable.runtime.client.threads import Flag, start
from invokable.runtime.steps.exchange.protocol import AwaitEvents, Request, Response
from invokable.runtime.values.media import Downloader

P = ParamSpec("P")
T = TypeVar("T")
D = TypeVar("D", bound=Downloader)

sleep = time.sleep


def in_thread(action: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """Run something that may block on the disk: here, in the caller's thread."""
    return action(*arguments, **options)


def create_in_thread(make: Callable[..., T], undo: Callable[[T], object], *arguments: Any) -> T:
    """Create something on disk: here, in the caller's thread."""
    return make(*arguments)


def write_piece(file: BinaryIO, piece: bytes) -> int:
    """Write to a file object. Returns the number of bytes written."""
    return bytes_written(file, piece, file.write(piece))


def shielded(do: T) -> T:
    """The same: what is canceled are tasks."""
    return do


def downloader(client: D) -> D:
    """What results download their images with."""
    return client


def check_loop() -> None:
    """Any thread will do."""


def sharing_scope() -> object:
    """What may share work: the threads of one process."""
    return os.getpid()


class RequestLimiter:
    """Lets all requests through: the number of threads is limit enough."""

    def __init__(self, at_once: int) -> None:
        pass

    def send(self, transport: Transport, request: Request) -> Response:
        """Send a request. Raises whatever sending raises."""
        return transport.send(request)


class Calls:
    """The calls that are in progress."""

    def entered(self) -> AbstractContextManager[None]:
        """Enter a call, and leave it at the end of the body."""
        return nullcontext()

    def wait_for_interrupted(self, seconds: float) -> None:
        """Do nothing: an interrupt ends only what the main thread does."""


class Background(Generic[T]):
    """Work in the background that several callers can wait for."""

    def __init__(self, action: Callable[..., T], *arguments: Any) -> None:
        self._is_done = Flag()
        self._returned: list[T] = []
        self._raised: BaseException | None = None
        start(threading.Thread(target=self._run, args=(action, *arguments), name="invokable-items", daemon=True))

    def _run(self, action: Callable[..., T], *arguments: Any) -> None:
        try:
            self._returned.append(action(*arguments))
        except BaseException as error:
            self._raised = error
        finally:
            self._is_done.set()

    def result(self, timeout: float | None) -> T:
        """Its result. Raises whatever the work raises, and TimeoutError."""
        if not self._is_done.wait(timeout):
            raise TimeoutError
        if self._raised is not None:
            raise self._raised
        return self._returned[0]


def wait_for_event(subscription: BatchSubscription, step: AwaitEvents) -> None:
    """Wait for an event, as long as the step says."""
    flag = Flag()
    with subscription.waking(flag.set, step.since, step.connection_id, any_event=step.any_event):
        flag.wait(step.seconds)


def wait_for_connection(listener: Listener, seconds: float) -> None:
    """Wait until events arrive or it is clear that they will not, at most `seconds`."""
    listener.wait(seconds)


def gather(actions: Sequence[Callable[[], T]], at_once: int) -> list[T]:
    """Run all actions, at most `at_once` at a time, and return their results. The first failure stops the others."""
    pool = ThreadPoolExecutor(at_once, thread_name_prefix="invokable")
    try:
        futures = [pool.submit(action) for action in actions]
        return [future.result() for future in futures]
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def call_back(callback: Callable[[T], object], event: T) -> None:
    """Call back."""
    callback(event)
