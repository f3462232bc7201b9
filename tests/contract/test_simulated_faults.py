"""What only a simulator can do on purpose: crashes, others who tidy the queue, and many faults at once by a seed."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from invokable import Client, EnqueueUncertain, InvokableError, RunCanceled, RunInterrupted, RunTimeout
from invokable.testing import Fault, FaultPlan, Simulator
from tests.examples import imported, with_generator, workflow_class

COUNT = 6


@pytest.fixture(scope="module")
def counted() -> Any:
    """Colour Card for each of six widths."""
    settings = {"type": "integer_generator_arithmetic_sequence", "start": 64, "step": 8, "count": COUNT}
    return workflow_class(imported(with_generator(settings)))


def completed(simulator: Simulator) -> Counter[Any]:
    """How often each value was completed."""
    return Counter(value for job in simulator.jobs if job.status == "completed" for value in job.values.values())


def failure(client: Client, flow: Any) -> Any:
    with pytest.raises(InvokableError) as caught:
        client.run(flow, timeout=60)
    return caught.value


@pytest.mark.usefixtures("looking")
def test_a_crash_cancels_what_ran_and_the_rest_goes_on(counted: Any, stamp: Path) -> None:
    crash = Fault(kind="crash", event="invocation_started", nth=5, seconds=0.5)
    with Simulator(faults=[crash], speed=0.05) as simulator:
        error = failure(simulator.client(), counted(stamp=stamp, height=32))
        assert isinstance(error, RunCanceled)
        assert isinstance(error, RunInterrupted)
        assert "by the restart of the server" in str(error)
        assert len(error.item_ids) == 1
        assert len(error.partial.card) == COUNT - 1  # type: ignore[union-attr]
        assert error.submission
        assert set(completed(simulator).values()) == {1}


@pytest.mark.parametrize(
    ("kind", "cause", "words"), [("clear", "removal", "cleared by"), ("cancel", "others", "by somebody else")]
)
def test_who_hears_of_it_knows_what_others_did(kind: str, cause: str, words: str, counted: Any, stamp: Path) -> None:
    with Simulator(faults=[Fault(kind=kind, item=2)], speed=0.05) as simulator:
        simulator.serve()
        error = failure(simulator.client(), counted(stamp=stamp, height=32))
        assert isinstance(error, RunCanceled)
        assert not isinstance(error, RunInterrupted)
        assert error.cause == cause
        assert words in str(error)
        assert len(error.partial.card) == 2  # type: ignore[union-attr]


def test_a_prune_takes_nothing_from_who_hears(counted: Any, stamp: Path) -> None:
    with Simulator(faults=[Fault(kind="prune", item=4)], speed=0.02) as simulator:
        simulator.serve()
        assert len(simulator.client().run(counted(stamp=stamp, height=32), timeout=60).card) == COUNT


@pytest.mark.usefixtures("looking")
def test_a_run_survives_a_crash_if_that_was_asked_for(counted: Any, stamp: Path) -> None:
    crash = Fault(kind="crash", event="invocation_started", nth=5, seconds=0.5)
    with Simulator(faults=[crash], speed=0.05) as simulator:
        simulator.serve()
        result = simulator.client().run(counted(stamp=stamp, height=32), timeout=60, resubmit=True)
        assert len({card.name for card in result.card}) == COUNT
        assert set(completed(simulator).values()) == {1}


@pytest.mark.parametrize(("kind", "words"), [("clear", "no longer in"), ("cancel", "by somebody else")])
def test_what_others_do_to_the_queue_is_said_for_what_it_is(kind: str, words: str, counted: Any, stamp: Path) -> None:
    with Simulator(faults=[Fault(kind=kind, item=2)], speed=0.05) as simulator:
        error = failure(simulator.client(), counted(stamp=stamp, height=32))
        assert isinstance(error, RunCanceled)
        assert words in str(error)
        assert error.submission


def test_a_prune_takes_no_result_that_was_read(counted: Any, stamp: Path) -> None:
    with Simulator(faults=[Fault(kind="prune", item=4)], speed=0.1) as simulator:
        error = failure(simulator.client(), counted(stamp=stamp, height=32))
        assert isinstance(error, RunCanceled)
        assert "pruned" in str(error)
        assert len(error.partial.card) >= 2  # type: ignore[union-attr]
        assert set(completed(simulator).values()) == {1}


@pytest.mark.slow
@pytest.mark.usefixtures("looking")
@pytest.mark.parametrize("events", [False, True], ids=["polled", "with events"])
def test_whatever_a_seed_breaks_each_value_runs_once(events: bool, counted: Any, stamp: Path) -> None:
    def run(seed: int) -> tuple[object, Counter[Any]]:
        plan = FaultPlan.random(seed, count=4, within=6, kinds=(*KINDS, *OF_EVENTS) if events else KINDS)
        with Simulator(faults=plan, speed=0.01) as simulator:
            if events:
                simulator.serve()
            client = simulator.client(timeout=3.0)
            outcome: object
            try:
                outcome = len(client.run(counted(stamp=stamp, height=32), timeout=60).card)
            except InvokableError as error:
                outcome = error
            return outcome, completed(simulator)

    with ThreadPoolExecutor(8) as threads:
        outcomes = dict(zip(SEEDS, threads.map(run, SEEDS), strict=True))
    for seed, (outcome, ran) in outcomes.items():
        assert all(times == 1 for times in ran.values()), (seed, outcome, ran)
        if isinstance(outcome, InvokableError):
            # A crash cancels what ran; that and a time that is up are the two true reports of a run without a result.
            assert isinstance(outcome, RunCanceled | RunTimeout | EnqueueUncertain), (seed, outcome)
            assert outcome.submission, seed
        else:
            assert outcome == COUNT == len(ran), (seed, outcome, ran)


SEEDS = range(24)
KINDS = (
    *("latency", "latency_after", "cut_before", "cut_after", "cut_within", "status", "status_after"),
    *("html", "garbled", "truncated", "broken_gzip", "trickle", "duplicate", "late", "crash"),
)
OF_EVENTS = ("lose_event", "double_event", "delay_event", "swap_events", "drop_socket", "refuse_socket")
