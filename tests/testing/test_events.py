"""Events over a real websocket: their order and contents."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import socketio  # type: ignore[import-untyped,unused-ignore]

from invokable.testing import Fault, Simulator
from tests.testing.asking import BLANK, BROKEN, Asking, edge, until


class Ear:
    """A socket that records its events."""

    def __init__(self, simulator: Simulator, *, subscribe: bool = True, token: str | None = None) -> None:
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.dropped = threading.Event()
        self.socket = in_order(socketio.Client(reconnection=False))
        self.socket.on("*", lambda name, payload: self.heard.append((name, payload)))
        self.socket.on("disconnect", lambda *_: self.dropped.set())
        self.socket.connect(
            simulator.serve(),
            auth={"token": token} if token else None,
            socketio_path="/ws/socket.io",
            transports=["websocket"],
        )
        if subscribe:
            self.socket.call("subscribe_queue", {"queue_id": "default"}, timeout=5)

    def names(self) -> list[str]:
        return [f"{name}:{payload['status']}" if "status" in payload else name for name, payload in list(self.heard)]

    def wait_for(self, name: str, count: int = 1) -> dict[str, Any]:
        until(lambda: self.names().count(name) >= count)
        return next(payload for (_, payload), found in zip(self.heard, self.names(), strict=False) if found == name)


def in_order(client: Any) -> Any:
    """A client of the library that handles events in order. It would start a thread for each, and mix them up."""
    engine, start, thread = client.eio, client.eio.start_background_task, ThreadPoolExecutor(1)

    def run(target: Any, *args: Any, **options: Any) -> Any:
        is_event = target == engine.handlers.get("message")
        return (thread.submit if is_event else start)(target, *args, **options)

    engine.start_background_task = run
    return client


@pytest.fixture
def ear(simulator: Simulator) -> Iterator[Ear]:
    listening = Ear(simulator)
    yield listening
    listening.socket.disconnect()


def test_the_events_of_an_item_come_in_order(ask: Asking, ear: Ear) -> None:
    answer = ask.enqueue(
        {**BLANK, "s": {"id": "s", "type": "img_blur"}},
        [edge("a", "image", "s", "image")],
        origin="tests",
        destination="here",
    )
    ended = ear.wait_for("queue_item_status_changed:completed")

    one_node = ["invocation_started", "invocation_progress", "invocation_complete"]
    assert ear.names() == [
        "batch_enqueued",
        "queue_item_status_changed:in_progress",
        *one_node,
        *one_node,
        "queue_item_status_changed:completed",
    ]
    assert ended["item_id"] == answer["item_ids"][0]
    assert (ended["origin"], ended["destination"], ended["status_sequence"]) == ("tests", "here", 2)
    assert (ended["batch_status"]["completed"], ended["batch_status"]["total"]) == (1, 1)
    assert ended["queue_status"]["item_id"] is None
    complete = ear.wait_for("invocation_complete")
    assert complete["invocation_source_id"] == "a"
    assert complete["result"]["type"] == "image_output"
    assert complete["result"]["image"]["image_name"].endswith(".png")


def test_the_item_fails_before_its_node_does(ask: Asking, ear: Ear) -> None:
    ask.enqueue(BROKEN)
    error = ear.wait_for("invocation_error")

    assert ear.names()[-2:] == ["queue_item_status_changed:failed", "invocation_error"]
    assert error["error_type"] == "MissingInputException"
    assert error["invocation"]["type"] == "img_blur"


def test_bulk_operations_have_one_event_or_none(ask: Asking, ear: Ear) -> None:
    ask.simulator.pause()
    ids = ask.enqueue(batch_id="mine", runs=3)["item_ids"]
    ask.put("/cancel_by_batch_ids", json={"batch_ids": ["mine"]})
    ask.put("/retry_items_by_id", json=ids[:1])
    ask.put("/prune")
    ask.put("/clear")
    ear.wait_for("queue_cleared")

    assert ear.names() == ["batch_enqueued", "queue_items_canceled", "queue_items_retried", "queue_cleared"]
    assert ear.heard[1][1]["canceled_item_ids"] == sorted(ids)
    assert ear.heard[2][1]["retried_item_ids"] == ids[:1]
    assert "item_ids" not in ear.heard[3][1]


def test_a_running_item_that_is_cleared_says_that_it_was_canceled() -> None:
    with Simulator(speed=0.3, faults=[Fault(kind="clear", event="invocation_started")]) as simulator:
        ear = Ear(simulator)
        Asking(simulator).enqueue()
        canceled = ear.wait_for("queue_item_status_changed:canceled")
        ear.wait_for("queue_cleared")
        ear.socket.disconnect()

    assert canceled["completed_at"]


def test_late_listeners_get_no_earlier_events(ask: Asking, simulator: Simulator) -> None:
    ask.wait(ask.enqueue()["item_ids"][0])

    late = Ear(simulator)
    ask.wait(ask.enqueue()["item_ids"][0])
    late.wait_for("queue_item_status_changed:completed")
    late.socket.disconnect()

    assert late.names().count("batch_enqueued") == 1


@pytest.mark.parametrize(
    ("version", "copies"),
    [
        ("6.8.1", (1, 1)),
        ("6.13.8", (2, 2)),
        ("6.14.2", (1, 1)),
    ],
)
def test_some_versions_send_every_event_twice(version: str, copies: tuple[int, int]) -> None:
    with Simulator(version) as simulator:
        ear = Ear(simulator)
        Asking(simulator).enqueue()
        ear.wait_for("queue_item_status_changed:completed", copies[1])
        ear.socket.disconnect()

    assert ear.names().count("invocation_complete") == copies[0]
    assert ear.names().count("queue_item_status_changed:completed") == copies[1]


@pytest.mark.parametrize(("version", "heard"), [("6.8.1", False), ("6.14.2", True)])
def test_without_subscribing_only_newer_versions_send_events(version: str, heard: bool) -> None:
    with Simulator(version) as simulator:
        deaf, other = Ear(simulator, subscribe=False), Ear(simulator)
        Asking(simulator).enqueue()
        other.wait_for("queue_item_status_changed:completed")
        if heard:
            deaf.wait_for("queue_item_status_changed:completed")
        for ear in (deaf, other):
            ear.socket.disconnect()

    assert bool(deaf.heard) is heard


@pytest.mark.parametrize(
    ("kind", "order"),
    [
        ("lose_event", ["in_progress", "started"]),
        ("double_event", ["in_progress", "started", "complete", "complete"]),
        ("swap_events", ["in_progress", "started", "completed", "complete"]),
        ("delay_event", ["in_progress", "started", "completed", "complete"]),
    ],
)
def test_faults_of_events(kind: str, order: list[str]) -> None:
    fault = Fault(kind=kind, event="invocation_complete", seconds=0.1)
    with Simulator(faults=[fault]) as simulator:
        ear = Ear(simulator)
        Asking(simulator).enqueue()
        ear.wait_for("queue_item_status_changed:completed")
        if "complete" in order:
            ear.wait_for("invocation_complete")
        ear.socket.disconnect()

    short = [name.rpartition(":")[2].removeprefix("invocation_") for name in ear.names()]
    assert [name for name in short if name in order][: len(order)] == order
    assert ("complete" in short) is ("complete" in order)


def test_sockets_are_refused_and_dropped_on_demand() -> None:
    with Simulator(
        faults=[Fault(kind="refuse_socket", nth=1), Fault(kind="drop_socket", event="batch_*")]
    ) as simulator:
        with pytest.raises(socketio.exceptions.ConnectionError):
            Ear(simulator)
        ear = Ear(simulator)
        Asking(simulator).enqueue()

        assert ear.dropped.wait(5)
        again = Ear(simulator)
        assert again.socket.connected
        again.socket.disconnect()


def test_users_get_redacted_events_of_others() -> None:
    with Simulator(multiuser=True, users={"admin@x.y": "a", "one@x.y": "b", "two@x.y": "c"}) as simulator:
        with pytest.raises(socketio.exceptions.ConnectionError):
            Ear(simulator)
        one = Ear(simulator, token=simulator.token("one@x.y"))
        two = Ear(simulator, token=simulator.token("two@x.y"))
        Asking(simulator, token=simulator.token("one@x.y")).enqueue()
        one.wait_for("queue_item_status_changed:completed")
        shown = two.wait_for("queue_item_status_changed:completed")
        for ear in (one, two):
            ear.socket.disconnect()

    assert "invocation_complete" in one.names()
    assert "invocation_complete" not in two.names()
    assert (shown["batch_id"], shown["user_id"], shown["session_id"]) == ("redacted", "redacted", "redacted")
    assert isinstance(shown["item_id"], int)
