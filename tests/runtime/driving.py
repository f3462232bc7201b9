"""Drives steps with a simulated clock: sleeps take no time, the server is a function, any step can be interrupted."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from invokable import ConnectionError, Policy  # noqa: A004
from invokable.runtime.client._sync.driving import drive
from invokable.runtime.client.reading import read_file
from invokable.runtime.steps.exchange.protocol import (
    AwaitEvents,
    GetPolicy,
    ReadFile,
    ReadItems,
    ReceivedEvents,
    Report,
    Request,
    Response,
    Sleep,
    Step,
    Steps,
    Subscribe,
)

T = TypeVar("T")
Answer = Callable[[Request], Response | Exception]


def answer(document: Any, status: int = 200, **more: Any) -> Response:
    return Response(status, "application/json", json.dumps(document).encode(), "GET", "http://server/api", **more)


def page(status: int = 200) -> Response:
    return Response(status, "text/html; charset=utf-8", b"<html>", "GET", "http://server/api")


class Driver:
    """Records what steps yield, and when."""

    def __init__(
        self, reply: Answer, *, exchange: float = 0.01, interrupt: Callable[[int], bool] | None = None
    ) -> None:
        self.reply = reply
        self.requests: list[Request] = []
        self.now = 0.0
        self._exchange = exchange  # seconds that a request takes
        self._interrupt = interrupt or (lambda number: False)
        self._steps = 0
        self.policy = Policy(jitter=0)

    def clock(self) -> float:
        return self.now

    def drive(self, steps: Steps[T]) -> T:
        return drive(steps, self._do)

    def _do(self, step: Step) -> Any:
        self._steps += 1
        assert self._steps < 50_000, "the steps do not end"
        try:
            return self._perform(step)
        finally:
            if self._interrupt(self._steps):  # the step took effect, but its result is lost
                raise KeyboardInterrupt

    def _perform(self, step: Step) -> Any:
        if isinstance(step, Sleep):
            self.now += step.seconds
            return None
        if isinstance(step, AwaitEvents):
            self.now += step.seconds
            return ReceivedEvents()
        if isinstance(step, Subscribe | Report):
            return None
        if isinstance(step, ReadItems):
            return self.drive(step.read(step.item_ids, step.cache))
        if isinstance(step, ReadFile):
            return read_file(step)
        if isinstance(step, GetPolicy):
            return self.policy
        self.requests.append(step)
        self.now += self._exchange
        outcome = self.reply(step)
        step.transmission.may_have_arrived = not isinstance(outcome, ConnectionError) or outcome.sent
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def asked(self, method: str) -> list[str]:
        return [request.path for request in self.requests if request.method == method]


def in_turn(*outcomes: Response | Exception) -> Answer:
    """Return the outcomes one after the other."""
    left = list(outcomes)
    return lambda request: left.pop(0)
