"""Driving: a client does what steps yield, until they return."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from inspect import GEN_CLOSED, getgeneratorstate
from typing import Any

from invokable.runtime.client._async.concurrency import shielded
from invokable.runtime.steps.exchange.protocol import Report, Step, Steps, T
from invokable.runtime.values.events import JobEvent


async def drive(steps: Steps[T], do: Callable[[Step], Awaitable[Any]]) -> T:
    """Do what steps yield. Any exception, including an interrupt, is thrown into them, so that they can clean up."""
    problem: BaseException | None = None
    while True:
        try:
            return await _driven(steps, do, problem)
        except BaseException as caught:
            if getgeneratorstate(steps) == GEN_CLOSED:  # they have ended
                raise
            problem = caught  # an interrupt that came between two steps
            do = shielded(do)


async def _driven(steps: Steps[T], do: Callable[[Step], Awaitable[Any]], problem: BaseException | None) -> T:
    reply: Any = None
    while True:
        try:
            step = steps.send(reply) if problem is None else steps.throw(problem)
            reply = problem = None
            reply = await do(step)
        except BaseException as caught:
            if getgeneratorstate(steps) == GEN_CLOSED:
                if isinstance(caught, StopIteration):
                    value: T = caught.value
                    return value
                raise
            problem = caught
            if not isinstance(caught, Exception):
                do = shielded(do)


async def stream(steps: Steps[Any], do: Callable[[Step], Awaitable[Any]]) -> AsyncIterator[JobEvent]:
    """Do what steps yield, and yield the events that they report."""
    reply: Any = None
    problem: BaseException | None = None
    try:
        while True:
            report: Report | None = None
            try:
                step = steps.send(reply) if problem is None else steps.throw(problem)
                reply = problem = None
                if isinstance(step, Report):
                    report = step
                else:
                    reply = await do(step)
            except BaseException as caught:
                if getgeneratorstate(steps) == GEN_CLOSED:
                    if isinstance(caught, StopIteration):
                        return
                    raise
                problem = caught
            for event in report.events if report else ():
                yield event
    finally:
        steps.close()
