"""Exchange: the request and answer that a connection serves, and the time they have left."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final, Protocol

from invokable.runtime.steps.exchange.protocol import Transmission


class _Stream(Protocol):
    def shut_down(self) -> None: ...


@dataclass(slots=True)
class Exchange:
    """A request and its answer, as seen by the connection."""

    end: float | None
    """When it must end, on the monotonic clock."""
    transmission: Transmission = field(default_factory=Transmission)
    in_body: bool = False
    """Whether the next write may complete the request, and not just open a tunnel through a proxy."""
    stream: _Stream | None = None
    """The stream that a thread is reading or writing, if any."""

    def record_write(self) -> None:
        """Record that something is about to be written."""
        if self.in_body:
            self.transmission.may_have_arrived = True

    def abort(self) -> None:
        """End it immediately, from any thread."""
        self.end = -math.inf
        if self.stream is not None:
            self.stream.shut_down()

    def time_left(self, timeout: float | None, late: type[Exception]) -> float | None:
        """The time that an operation may take. Raises `late` if none is left."""
        if self.end is None:
            return timeout
        left = self.end - time.monotonic()
        if left <= 0:
            raise late("the exchange did not end in time")
        return left if timeout is None else min(left, timeout)


NO_EXCHANGE: Final = Exchange(None)
"""Serves what belongs to no exchange, such as closing a connection."""
CURRENT: ContextVar[Exchange] = ContextVar("invokable_exchange", default=NO_EXCHANGE)
"""The exchange that a connection serves; httpcore passes no argument on."""


@contextlib.contextmanager
def exchange(current: Exchange) -> Iterator[None]:
    """Run the body as this exchange."""
    before = CURRENT.get()
    CURRENT.set(current)
    try:
        yield
    finally:
        CURRENT.set(before)  # not with a token: a task that an interrupt has ended may be freed in another context


def begin_body() -> None:
    """Note that the next writes are the body of the current exchange's request."""
    CURRENT.get().in_body = True
