"""The time limit of a run: what it says when it is over."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress

import pytest
from generated_examples.colour_card import ColourCard

from invokable import Client, ConnectionError, Image, RunTimeout  # noqa: A004
from invokable.runtime.steps.exchange.deadline import Deadline, TimeUp, within
from invokable.runtime.steps.exchange.protocol import Request, Sleep, Step, Steps

ASKED = Request("GET", "/")


def test_a_timeout_says_that_the_server_cannot_be_reached() -> None:
    with socket.socket() as port:
        port.bind(("127.0.0.1", 0))  # and does not listen
        nobody = f"http://127.0.0.1:{port.getsockname()[1]}"
        named = "http://127.0.0.1:[0-9]+: could not connect to the server: .*; is InvokeAI running[?]$"
        with Client(nobody) as client:
            with pytest.raises(RunTimeout, match=f"^timed out before the server accepted the run: {named}"):
                client.run(ColourCard(stamp=Image("a.png")), timeout=0.3)
            with pytest.raises(RunTimeout, match=f"^timed out after 0.3 s, before the run was submitted: {named}"):
                client.run(ColourCard(stamp=b"a file to upload"), timeout=0.3)


@pytest.mark.parametrize(("answered", "reason"), [(False, ": nobody there"), (True, "")])
def test_only_the_last_request_is_a_reason(answered: bool, reason: str) -> None:
    def asking() -> Steps[None]:
        with pytest.raises(ConnectionError):
            yield ASKED
        if answered:
            yield ASKED
        while True:
            yield Sleep(60)

    def reply(step: Step) -> None:
        clock.append(clock[-1] + 1)
        if isinstance(step, Request) and len(clock) == 2:
            raise ConnectionError("nobody there")

    clock = [0.0]
    with pytest.raises(TimeUp) as caught:
        _drive(within(asking(), Deadline.after(2.5, lambda: clock[-1])), reply)
    assert caught.value.reason == reason


@pytest.mark.parametrize(("sent", "reason"), [(False, ": nobody there"), (True, ": no answer in time")])
def test_a_request_that_had_no_time_to_be_sent_is_no_reason(sent: bool, reason: str) -> None:
    def asking() -> Steps[None]:
        while True:
            with suppress(ConnectionError):
                yield ASKED

    def reply(_: Step) -> None:
        clock.append(clock[-1] + 1)
        raise ConnectionError("nobody there") if clock[-1] < 2 else ConnectionError("no answer in time", sent=sent)

    clock = [0.0]
    with pytest.raises(TimeUp) as caught:
        _drive(within(asking(), Deadline.after(2, lambda: clock[-1])), reply)
    assert caught.value.reason == reason


def _drive(steps: Steps[None], reply: Callable[[Step], None]) -> None:
    step = next(steps)
    while True:
        try:
            reply(step)
        except ConnectionError as error:
            step = steps.throw(error)
        else:
            step = steps.send(None)
