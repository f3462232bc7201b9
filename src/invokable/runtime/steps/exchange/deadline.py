"""Deadline: the time limit of a run, from its first step to its last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

from invokable.runtime.errors import ConnectionError  # noqa: A004
from invokable.runtime.steps.exchange.policy import FOREVER
from invokable.runtime.steps.exchange.protocol import AwaitEvents, ReadItems, Request, Sleep, Step, Steps, Subscribe, T
from invokable.runtime.values.reprs import short

Clock = Callable[[], float]


class TimeUp(Exception):  # noqa: N818  (thrown into steps, which translate it)
    """The time limit of a run has passed. `reason` is why its last request got no answer, if it got none."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a run must end, if ever."""

    clock: Clock
    end: float | None
    timeout: float | None

    @classmethod
    def after(cls, timeout: float | None, clock: Clock) -> Deadline:
        """The deadline `timeout` seconds from now; None or infinity for none. Raises TypeError and ValueError."""
        if timeout is None:
            return cls(clock, None, None)
        if isinstance(timeout, bool) or not isinstance(timeout, Real):
            raise TypeError(f"timeout is {short(timeout)}; expected a number of seconds, or None")
        if timeout != timeout:
            raise ValueError("timeout is nan; expected a number of seconds, or None")
        return cls(clock, clock() + float(timeout) if timeout < FOREVER else None, float(min(timeout, FOREVER)))

    @property
    def left(self) -> float:
        """Seconds until it is over; negative afterwards."""
        return FOREVER if self.end is None else self.end - self.clock()

    @property
    def is_over(self) -> bool:
        """Whether no time is left."""
        return self.left <= 0


def within(steps: Steps[T], deadline: Deadline) -> Steps[T]:
    """The same steps, none of them longer than the time left. When it is over, TimeUp is thrown into them."""
    if deadline.end is None:
        return (yield from steps)
    reply: Any = None
    problem: BaseException | None = None
    reason = ""
    while True:
        try:
            step = steps.send(reply) if problem is None else steps.throw(problem)
        except StopIteration as stop:
            value: T = stop.value
            return value
        reply = problem = None
        left = deadline.left
        if left <= 0:
            problem = TimeUp(reason)
            continue
        try:
            reply = yield _shortened(step, left)
            reason = "" if isinstance(step, Request) else reason
        except GeneratorExit:
            steps.close()
            raise
        except BaseException as error:  # the steps decide what to do
            problem = error
            # A request that was not sent before the end of the time says nothing new.
            if isinstance(error, ConnectionError) and (error.sent or not reason or not deadline.is_over):
                reason = f": {error}"


def _shortened(step: Step, seconds: float) -> Step:
    """A step that takes at most `seconds`."""
    match step:
        case Sleep() | AwaitEvents() | Subscribe() if step.seconds > seconds:
            return replace(step, seconds=seconds)
        case Request() | ReadItems() if step.timeout is None or step.timeout > seconds:
            return replace(step, timeout=seconds)
    return step
