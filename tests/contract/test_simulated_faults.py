"""What only a simulator can do on purpose: crashes, changes to the queue by others, and many random faults together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from invokable import (
    APIError,
    Client,
    EnqueueUncertain,
    InvokableError,
    Policy,
    RunCanceled,
    RunInterrupted,
    RunTimeout,
)
from invokable.testing import Fault, FaultPlan, Simulator
from tests.examples import imported, with_generator, workflow_class

COUNT = 6
OFTEN = Policy(poll=0.2)
"""Polls often, so that changes are noticed soon."""


@pytest.fixture(scope="module")
def counted() -> Any:
    """A Colour Card class for six widths."""
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
def test_a_crash_cancels_running_items_and_the_others_continue(counted: Any, stamp: Path) -> None:
    crash = Fault(kind="crash", event="invocation_started", nth=5, seconds=0.5)
    with Simulator(faults=[crash], speed=0.05) as simulator:
        error = failure(simulator.client(policy=OFTEN), counted(stamp=stamp, height=32))
        assert isinstance(error, RunCanceled)
        assert isinstance(error, RunInterrupted)
        assert "by a restart of the server" in str(error)
        assert len(error.item_ids) == 1
        assert len(error.partial.card) == COUNT - 1  # type: ignore[union-attr]
        assert error.submission
        assert set(completed(simulator).values()) == {1}


@pytest.mark.parametrize(
    ("kind", "cause", "words"), [("clear", "removal", "cleared by"), ("cancel", "others", "by somebody else")]
)
def test_events_tell_what_others_did(kind: str, cause: str, words: str, counted: Any, stamp: Path) -> None:
    with Simulator(faults=[Fault(kind=kind, item=2)], speed=0.05) as simulator:
        simulator.serve()
        error = failure(simulator.client(policy=OFTEN), counted(stamp=stamp, height=32))
        assert isinstance(error, RunCanceled)
        assert not isinstance(error, RunInterrupted)
        assert error.cause == cause
        assert words in str(error)
        assert len(error.partial.card) == 2  # type: ignore[union-attr]


def test_a_prune_loses_no_result_with_events(counted: Any, stamp: Path) -> None:
    with Simulator(faults=[Fault(kind="prune", item=4)], speed=0.02) as simulator:
        simulator.serve()
        assert len(simulator.client(policy=OFTEN).run(counted(stamp=stamp, height=32), timeout=60).card) == COUNT


@pytest.mark.usefixtures("looking")
@pytest.mark.slow
def test_a_run_survives_a_crash_if_requested(counted: Any, stamp: Path) -> None:
    crash = Fault(kind="crash", event="invocation_started", nth=5, seconds=0.5)
    with Simulator(faults=[crash], speed=0.05) as simulator:
        simulator.serve()
        result = simulator.client(policy=OFTEN).run(counted(stamp=stamp, height=32), timeout=60, resubmit=True)
        assert len({card.name for card in result.card}) == COUNT
        assert set(completed(simulator).values()) == {1}


@pytest.mark.parametrize(("kind", "words"), [("clear", "no longer in"), ("cancel", "by somebody else")])
def test_changes_to_the_queue_by_others_are_reported(kind: str, words: str, counted: Any, stamp: Path) -> None:
    with Simulator(faults=[Fault(kind=kind, item=2)], speed=0.05) as simulator:
        error = failure(simulator.client(policy=OFTEN), counted(stamp=stamp, height=32))
        assert isinstance(error, RunCanceled)
        assert words in str(error)
        assert error.submission


@pytest.mark.slow
def test_a_prune_loses_no_result_that_was_read(counted: Any, stamp: Path) -> None:
    with Simulator(faults=[Fault(kind="prune", item=4)], speed=0.05) as simulator:
        error = failure(simulator.client(policy=OFTEN), counted(stamp=stamp, height=32))
        assert isinstance(error, RunCanceled)
        assert "pruned" in str(error)
        assert len(error.partial.card) >= 2  # type: ignore[union-attr]
        assert set(completed(simulator).values()) == {1}


@pytest.mark.parametrize("kind", ["html", "status", "cut_after"])
def test_attaching_by_batch_id_waits_for_an_answer(
    kind: str, connect: Callable[..., Client], counted: Any, stamp: Path
) -> None:
    broken = Fault(kind=kind, path="*/list_all", times=1)
    with Simulator(faults=[broken]) as simulator, connect(simulator.serve(), policy=Policy(retries=0)) as client:
        job = client.submit(counted(stamp=stamp, height=32))
        assert len(client.attach(counted, job.batch_id).result(timeout=60).card) == COUNT


def test_a_refusal_of_a_batch_id_is_final(connect: Callable[..., Client], counted: Any, stamp: Path) -> None:
    refused = Fault(kind="status", status=403, path="*/list_all")
    with Simulator(faults=[refused]) as simulator, connect(simulator.serve()) as client:
        batch_id = client.submit(counted(stamp=stamp, height=32)).batch_id
        with pytest.raises(APIError, match="403"):
            client.attach(counted, batch_id).result(timeout=10)


@pytest.mark.slow
def test_attaching_by_batch_id_ignores_a_duplicate(connect: Callable[..., Client], counted: Any, stamp: Path) -> None:
    twice = Fault(kind="duplicate", path="*/enqueue_batch")
    with Simulator(faults=[twice], speed=0.05) as simulator:
        url = simulator.serve()
        with connect(url) as client:
            batch_id = client.submit(counted(stamp=stamp, height=32)).batch_id
        with connect(url) as another:
            cards = another.attach(counted, batch_id).result(timeout=60).card
        assert [card.width for card in cards] == [64 + 8 * number for number in range(COUNT)]
        assert set(completed(simulator).values()) == {1}


def test_attaching_by_batch_id_ignores_a_duplicate_retry(
    connect: Callable[..., Client], counted: Any, stamp: Path
) -> None:
    twice = Fault(kind="duplicate", path="*/retry_items_by_id")
    with Simulator(faults=[twice]) as simulator, connect(simulator.serve()) as client:
        simulator.pause()
        job = client.submit(counted(stamp=stamp, height=32))
        job.cancel()
        job.retry()
        simulator.resume()
        expected = [card.name for card in job.result(timeout=60).card]
        again = client.attach(counted, job.batch_id).result(timeout=60)
        assert [card.name for card in again.card] == expected


@pytest.mark.parametrize(
    ("call", "path"),
    [("status", "*/item_summaries_by_ids"), ("finished", "*/items_by_ids"), ("cancel", "*/item_summaries_by_ids")],
)
def test_questions_about_a_job_are_repeated(
    call: str, path: str, connect: Callable[..., Client], counted: Any, stamp: Path
) -> None:
    with Simulator() as simulator, connect(simulator.serve(), policy=Policy(first_pause=0.01)) as client:
        job = client.submit(counted(stamp=stamp, height=32))
        job.wait(timeout=60)
        simulator.add_fault(Fault(kind="status", path=path, nth=1, status=503))
        simulator.add_fault(Fault(kind="cut_after", path=path, nth=2))
        getattr(job, call)()
        assert len(simulator.fired) == 2


def test_items_of_another_batch_are_not_taken_for_those_of_a_run(
    connect: Callable[..., Client], counted: Any, stamp: Path
) -> None:
    with Simulator() as simulator, connect(simulator.serve()) as client:
        submission = client.submit(counted(stamp=stamp, height=32)).submission
    with Simulator() as simulator, connect(simulator.serve()) as client:  # the same ids, as after a new database
        other = client.submit(counted(stamp=stamp, height=64))
        other.wait(timeout=60)
        assert other.submission.item_ids == submission.item_ids
        job = client.attach(counted, submission)
        with pytest.raises(RunCanceled, match="no longer in the server's queue") as caught:
            job.result(timeout=60)
        assert caught.value.partial is None
        assert (job.status().removed, job.finished()) == (COUNT, None)


@pytest.mark.slow
def test_attaching_by_batch_id_reports_missing_items(connect: Callable[..., Client], counted: Any, stamp: Path) -> None:
    with Simulator(faults=[Fault(kind="prune", item=4)], speed=0.02) as simulator, connect(simulator.serve()) as client:
        job = client.submit(counted(stamp=stamp, height=32))
        job.wait(timeout=60)
        late = client.attach(counted, job.batch_id)
        with pytest.raises(RunCanceled, match="4 of 6 items are not in the server's queue") as caught:
            late.result(timeout=60)
        assert caught.value.cause == "removal"
        assert len(caught.value.partial.card) == 2  # type: ignore[union-attr]
        assert (late.status().completed, late.status().removed, late.status().items) == (2, 4, COUNT)


@pytest.mark.slow
@pytest.mark.usefixtures("looking")
@pytest.mark.parametrize("events", [False, True], ids=["polled", "with events"])
def test_whatever_faults_a_seed_draws_each_value_runs_once(events: bool, counted: Any, stamp: Path) -> None:
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
            # A crash cancels running items; that and a timeout are the two correct reports for a run without a result.
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
