"""Each fault does what it says, in process and on a port."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from invokable.testing import Fault, FaultPlan, Simulator
from invokable.testing.faults import KINDS
from tests.examples import ROOT
from tests.testing.asking import QUEUE, Asking, until

ENQUEUE = "*/enqueue_batch"
Broken = Callable[..., Asking]


@pytest.fixture(params=["in process", "port"])
def broken(request: pytest.FixtureRequest) -> Iterator[Broken]:
    """Starts a simulator with faults, and sends it requests."""
    running: list[Simulator] = []

    def make(*faults: Fault, speed: float = 0.0) -> Asking:
        simulator = Simulator(faults=faults, speed=speed)
        running.append(simulator)
        return Asking(simulator, port=request.param == "port")

    yield make
    for simulator in running:
        simulator.close()


def total(ask: Asking) -> int:
    count: int = ask.get(f"{QUEUE}/status")["queue"]["total"]
    return count


@pytest.mark.parametrize("kind", ["latency", "latency_after"])
def test_latency(broken: Broken, kind: str) -> None:
    ask = broken(Fault(kind=kind, path=ENQUEUE, seconds=0.15))

    begin = time.monotonic()
    ask.enqueue()

    assert time.monotonic() - begin >= 0.15


def test_a_stall_ends_when_the_client_has_waited_enough(broken: Broken) -> None:
    ask = broken(Fault(kind="stall", path=ENQUEUE))
    ask.http.timeout = httpx.Timeout(5, read=0.1)

    with pytest.raises(httpx.ReadTimeout):
        ask.post()

    assert total(ask) == 0


def test_a_connection_that_breaks_before_the_server_sees_the_request(broken: Broken) -> None:
    ask = broken(Fault(kind="cut_before", path=ENQUEUE, nth=1))

    with pytest.raises(httpx.ReadError):
        ask.post()

    assert total(ask) == 0
    ask.enqueue()
    assert total(ask) == 1


def test_a_connection_that_breaks_before_the_answer(broken: Broken) -> None:
    ask = broken(Fault(kind="cut_after", path=ENQUEUE))

    with pytest.raises(httpx.ReadError):
        ask.post()

    assert total(ask) == 1


def test_a_connection_that_ends_within_the_answer(broken: Broken) -> None:
    ask = broken(Fault(kind="cut_within", path=ENQUEUE))

    with pytest.raises(httpx.RemoteProtocolError):
        ask.post()

    assert total(ask) == 1


@pytest.mark.parametrize(("kind", "handled"), [("status", 0), ("status_after", 1)])
def test_a_status_instead_of_the_answer(broken: Broken, kind: str, handled: int) -> None:
    ask = broken(Fault(kind=kind, path=ENQUEUE, status=502))

    assert ask.post().status_code == 502
    assert total(ask) == handled


def test_a_page_of_a_proxy(broken: Broken) -> None:
    answer = broken(Fault(kind="html", path=ENQUEUE)).post()

    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html")


@pytest.mark.parametrize("kind", ["garbled", "truncated"])
def test_invalid_json(broken: Broken, kind: str) -> None:
    answer = broken(Fault(kind=kind, path=ENQUEUE)).post()

    assert answer.status_code == 200
    with pytest.raises(ValueError):  # noqa: PT011  (JSON and text each have their own)
        answer.json()


def test_broken_gzip(broken: Broken) -> None:
    with pytest.raises(httpx.DecodingError):
        broken(Fault(kind="broken_gzip", path=ENQUEUE)).post()


def test_an_answer_that_trickles_is_whole_in_the_end(broken: Broken) -> None:
    ask = broken(Fault(kind="trickle", path=ENQUEUE, seconds=0.01))

    begin = time.monotonic()
    assert ask.enqueue()["enqueued"] == 1
    assert time.monotonic() - begin >= 0.1


def test_a_request_that_arrives_twice(broken: Broken) -> None:
    ask = broken(Fault(kind="duplicate", path=ENQUEUE))

    answer = ask.enqueue(batch_id="twice")

    assert (answer["enqueued"], len(answer["item_ids"]), total(ask)) == (1, 2, 2)


def test_a_request_that_arrives_late(broken: Broken) -> None:
    ask = broken(Fault(kind="late", path=ENQUEUE, seconds=0.15))

    with pytest.raises(httpx.ReadError):
        ask.post()

    assert total(ask) == 0
    until(lambda: total(ask) == 1)


def test_a_crash_interrupts_what_runs_and_keeps_the_rest(broken: Broken) -> None:
    ask = broken(speed=0.5)
    first, second = sorted(ask.enqueue(runs=2)["item_ids"])
    ask.wait(first, "in_progress")

    ask.simulator.crash()
    with pytest.raises(httpx.TransportError):
        ask.http.get(f"{QUEUE}/status")
    with pytest.raises(httpx.ConnectError):
        ask.http.get(f"{QUEUE}/status")
    ask.simulator.restart()

    interrupted = ask.item(first)
    assert (interrupted["status"], interrupted["session"]["results"]) == ("canceled", {})
    assert "error_type" not in interrupted
    assert interrupted["status_sequence"] == 2
    ask.wait(second)
    assert [(job.item_id, job.begun, job.status) for job in ask.simulator.jobs] == [
        (first, 1, "canceled"),
        (second, 1, "completed"),
    ]


def test_a_crash_of_the_plan_restarts_by_itself(broken: Broken) -> None:
    ask = broken(Fault(kind="crash", path=ENQUEUE, nth=1, seconds=0.1))

    with pytest.raises(httpx.TransportError):
        ask.post()
    until(lambda: not ask.simulator.is_down)

    assert total(ask) == 1


@pytest.mark.parametrize(("kind", "left"), [("clear", 0), ("prune", 2), ("cancel", 3)])
def test_somebody_else_interferes_when_an_item_has_ended(broken: Broken, kind: str, left: int) -> None:
    ask = broken(Fault(kind=kind, item=1), speed=0.02)
    ask.enqueue(runs=3)
    until(lambda: bool(ask.simulator.fired))

    until(lambda: ask.get(f"{QUEUE}/status")["queue"]["pending"] == 0)
    until(lambda: ask.get(f"{QUEUE}/status")["queue"]["in_progress"] == 0)
    assert total(ask) == left
    assert len(ask.simulator.jobs) == (3 if kind == "prune" else 1)


def test_faults_apply_only_to_matches(broken: Broken) -> None:
    fault = Fault(kind="status", method="GET", path="*/status", nth=2)
    ask = broken(fault)

    ask.enqueue()
    statuses = [ask.http.get(f"{QUEUE}/status").status_code for _ in range(3)]

    assert statuses == [200, 503, 200]
    assert ask.simulator.fired == [(fault, f"GET {QUEUE}/status")]


def test_a_probability_is_kept_by_the_seed() -> None:
    def outcome(seed: int) -> list[int]:
        plan = FaultPlan((Fault(kind="status", probability=0.5),), seed)
        with Simulator(faults=plan) as simulator:
            ask = Asking(simulator)
            return [ask.http.get("/api/v1/app/version").status_code for _ in range(20)]

    assert outcome(1) == outcome(1)
    assert outcome(1) != outcome(2)
    assert set(outcome(1)) == {200, 503}


def test_times_bounds_how_often_a_fault_happens() -> None:
    with Simulator(faults=[Fault(kind="status", times=2)]) as simulator:
        ask = Asking(simulator)

        assert [ask.http.get("/api/v1/app/version").status_code for _ in range(4)] == [503, 503, 200, 200]


@pytest.mark.parametrize("seed", range(5))
def test_a_plan_survives_json_and_is_the_same_for_the_same_seed(seed: int) -> None:
    plan = FaultPlan.random(seed, count=6)

    assert FaultPlan.from_json(plan.to_json()) == plan
    assert FaultPlan.random(seed, count=6) == plan
    assert {fault.kind for fault in plan.faults} <= set(KINDS)


@pytest.mark.parametrize(
    ("about", "words"),
    [
        ({"kind": "boredom"}, "not a kind of fault; expected one of latency"),
        ({"kind": "cutafter"}, 'did you mean "cut_after"'),
        ({"kind": "stall", "probability": 2}, "between 0 and 1"),
        ({"kind": "stall", "nth": 0}, "counted from 1"),
        ({"kind": "stall", "times": 1.5}, "counted from 1"),
        ({"kind": "late", "seconds": -1}, "seconds must be a number, 0 or more, not -1"),
        ({"kind": "crash", "seconds": float("inf")}, "seconds must be a number, 0 or more, not inf"),
        ({"kind": "status", "status": 5003}, "a status is a number from 200 to 599, not 5003"),
    ],
)
def test_invalid_faults_are_refused(about: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Fault(**about)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=words):
        FaultPlan.from_json({"seed": 1, "faults": [about]})


def test_a_document_that_is_not_a_plan_is_refused() -> None:
    with pytest.raises(ValueError, match="not a fault plan"):
        FaultPlan.from_json({"faults": [{"kind": "stall", "colour": "red"}], "seed": 1})


def test_the_page_about_the_simulator_names_every_kind() -> None:
    page = (ROOT / "docs" / "simulator.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*?) \|", page.partition("## Faults")[2], re.MULTILINE)

    assert sorted(re.findall(r"`(\w+)`", " ".join(rows))) == sorted(KINDS)
