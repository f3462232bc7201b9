"""Whole runs on a small server, shared by the tests of submitting, waiting and interrupting."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from generated_examples.colour_card import ColourCard

from invokable import Image, InvokableError
from invokable.runtime.steps.exchange.deadline import Deadline
from invokable.runtime.steps.exchange.protocol import Steps
from invokable.runtime.steps.resources.server_cache import ServerCache
from invokable.runtime.steps.runs.run import Context, prepare_in_time, run, start
from invokable.runtime.steps.runs.run_state import RunState
from tests.examples import imported, with_generator, workflow_class
from tests.runtime.driving import Driver
from tests.runtime.server import Server

STAMP = Image("stamp.png")


@functools.cache
def counted() -> Any:
    """A Colour Card class that runs once for each width of a generator."""
    return workflow_class(imported(with_generator()))


def card() -> Any:
    """A workflow with one queue item."""
    return ColourCard(stamp=STAMP)


def cards(count: int) -> Any:
    """A workflow with `count` queue items, one for each width."""
    widths = {"type": "integer_generator_arithmetic_sequence", "start": 64, "step": 64, "count": count}
    return counted()(stamp=STAMP, widths=widths)


def submitted(flow: Any, context: Context, deadline: Deadline) -> Steps[RunState]:
    """Submit a workflow, as `Client.submit` does."""
    prepared = yield from prepare_in_time(flow, context, deadline)
    state = RunState(prepared.submission)
    yield from start(flow, prepared, state, context, deadline)
    return state


class Run:
    """A run on a server, and how it ended."""

    def __init__(
        self,
        flow: Any,
        server: Server,
        *,
        timeout: float | None = None,
        interrupt: Callable[[int], bool] | None = None,
    ) -> None:
        self.flow = flow
        self.server = server
        self.driver = Driver(server, interrupt=interrupt)
        server.now = self.driver.clock
        self.timeout = timeout

    def result(self) -> Any:
        deadline = Deadline.after(self.timeout, self.driver.clock)
        return self.driver.drive(run(self.flow, Context(ServerCache(), None), deadline))

    def outcome(self) -> Any:
        """The result, or the error or interrupt that was raised."""
        try:
            return self.result()
        except (InvokableError, KeyboardInterrupt) as error:
            return error

    def posts(self) -> int:
        return sum(path.endswith("/enqueue_batch") for path in self.driver.asked("POST"))
