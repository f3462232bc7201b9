"""Drives a flow without any I/O: a function answers its requests, and its sleeps take no time."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from invokable.runtime.steps.protocol import Flow, Request, Response, Sleep

T = TypeVar("T")
Answer = Callable[[Request], Response | Exception]


def answer(document: Any, status: int = 200) -> Response:
    return Response(status, "application/json", json.dumps(document).encode(), "GET", "http://server/api")


def page(status: int = 200) -> Response:
    return Response(status, "text/html; charset=utf-8", b"<html>", "GET", "http://server/api")


class Driver:
    """What a flow asked for, and for how long it slept."""

    def __init__(self, reply: Answer) -> None:
        self.reply = reply
        self.requests: list[Request] = []
        self.slept = 0.0

    def clock(self) -> float:
        return self.slept

    def drive(self, flow: Flow[T]) -> T:
        outcome: Any = None
        while True:
            try:
                step = flow.throw(outcome) if isinstance(outcome, Exception) else flow.send(outcome)
            except StopIteration as stop:
                value: T = stop.value
                return value
            if isinstance(step, Sleep):
                self.slept += step.seconds
                outcome = None
            else:
                self.requests.append(step)
                outcome = self.reply(step)

    def asked(self, method: str) -> list[str]:
        return [request.path for request in self.requests if request.method == method]


def in_turn(*outcomes: Response | Exception) -> Answer:
    """Answer with one after the other."""
    left = list(outcomes)
    return lambda request: left.pop(0)
