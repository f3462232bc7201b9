"""Enqueue: every batch reaches the server exactly once, whatever the connection does."""

from __future__ import annotations

from typing import Any

import pytest

from invokable.runtime import (
    APIError,
    ConnectionError,  # noqa: A004
    EnqueueUncertain,
    NotInvokeAIError,
    QueueFullError,
)
from invokable.runtime.steps.protocol import Request, Response
from invokable.runtime.steps.submit import enqueue
from tests.runtime.driving import Driver, answer, page

BATCH = {"batch_id": "b-1", "destination": "d-1", "graph": {}}
LOST = ConnectionError("the connection broke", sent=True)


class Server:
    """A queue behind a bad connection: what happens to each POST, in turn."""

    def __init__(self, *fates: str, room: int = 100, shows_after: int = 0) -> None:
        self.fates = list(fates)
        self.room = room
        self.shows_after = shows_after
        self.items: list[int] = []
        self.looks = 0

    def __call__(self, request: Request) -> Response | Exception:
        if request.method == "POST":
            return self.post(request.json["batch"])
        if request.path.endswith("/status"):
            self.looks += 1
            return answer({"total": len(self.items) if self.looks > self.shows_after else 0})
        if request.path.endswith("/list_all"):
            return answer([{"item_id": item} for item in self.items])
        if request.path.endswith("/cancel"):
            self.items.remove(int(request.path.split("/")[-2]))
        if request.path.endswith("/cancel_by_batch_ids"):
            self.items.clear()
        return answer({})

    def post(self, batch: dict[str, Any]) -> Response | Exception:
        assert batch["batch_id"] == "b-1"
        fate = self.fates.pop(0)
        if fate == "refused":
            return answer({"detail": "no"}, 422)
        if fate == "never sent":
            return ConnectionError("refused")
        if fate == "dropped":
            return LOST
        if fate == "page":
            return page()
        new = [len(self.items) + number + 1 for number in range(min(2, self.room))]
        self.items += new
        if fate == "answer lost":
            return LOST
        if fate == "gateway":
            return answer({}, 504)
        return answer({"enqueued": len(new), "requested": 2, "item_ids": sorted(self.items, reverse=True)})


def posts(driver: Driver) -> int:
    return len(driver.asked("POST"))


def test_an_answered_post_is_all_there_is() -> None:
    driver = Driver(Server("taken"))
    assert driver.drive(enqueue(BATCH, 2)) == [1, 2]
    assert len(driver.requests) == 1


@pytest.mark.parametrize("fate", ["answer lost", "gateway"])
@pytest.mark.parametrize("shows_after", [0, 3])
def test_a_batch_whose_answer_was_lost_is_found_and_not_posted_again(fate: str, shows_after: int) -> None:
    driver = Driver(server := Server(fate, shows_after=shows_after))
    assert driver.drive(enqueue(BATCH, 2)) == [1, 2]
    assert posts(driver) == 1
    assert server.items == [1, 2]


def test_a_batch_that_never_arrived_is_posted_again() -> None:
    driver = Driver(server := Server("dropped", "taken"))
    assert driver.drive(enqueue(BATCH, 2)) == [1, 2]
    assert posts(driver) == 2
    assert server.items == [1, 2]


def test_a_batch_that_shows_up_late_is_not_run_twice() -> None:
    driver = Driver(server := Server("answer lost", "taken", shows_after=6))
    assert driver.drive(enqueue(BATCH, 2)) == [1, 2]
    assert server.items == [1, 2]


def test_what_cannot_be_known_is_said_with_the_ids_to_look_for() -> None:
    driver = Driver(Server("dropped", "dropped", "dropped"))
    with pytest.raises(EnqueueUncertain) as caught:
        driver.drive(enqueue(BATCH, 2))
    assert (caught.value.batch_id, caught.value.destination) == ("b-1", "d-1")


def test_a_server_that_was_never_reached_is_a_connection_error() -> None:
    driver = Driver(Server("never sent", "never sent", "never sent"))
    with pytest.raises(ConnectionError, match="refused"):
        driver.drive(enqueue(BATCH, 2))
    assert posts(driver) == 3


def test_a_server_that_starts_up_meanwhile_takes_it() -> None:
    assert Driver(Server("never sent", "taken")).drive(enqueue(BATCH, 2)) == [1, 2]


@pytest.mark.parametrize(("fate", "error"), [("refused", APIError), ("page", NotInvokeAIError)])
def test_a_refusal_is_final(fate: str, error: type[Exception]) -> None:
    driver = Driver(Server(fate))
    with pytest.raises(error):
        driver.drive(enqueue(BATCH, 2))
    assert len(driver.requests) == 1


def test_a_queue_that_takes_less_gives_back_what_it_took() -> None:
    driver = Driver(server := Server("taken", room=1))
    with pytest.raises(QueueFullError) as caught:
        driver.drive(enqueue(BATCH, 2))
    assert (caught.value.enqueued, caught.value.requested) == (1, 2)
    assert server.items == []
