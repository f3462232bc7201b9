"""Jobs: events, status, canceling, retrying and attaching, with both kinds of client."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from generated_examples.colour_card import ColourCard

from invokable import (
    Client,
    Ended,
    EnqueueUncertain,
    JobEvent,
    JobStatus,
    NodeFinished,
    NodeStarted,
    Progress,
    Queued,
    RunCanceled,
    RunFailed,
    RunTimeout,
    Started,
    Submission,
    ValidationError,
    WorkflowError,
)
from invokable.runtime.steps.resources.run_items import QUEUE
from tests.examples import imported, with_generator, workflow_class
from tests.live.provision import Server


@pytest.fixture
def paused(server: Server) -> Iterator[None]:
    """The server accepts items and runs none."""
    server.put(f"{QUEUE}/processor/pause")
    yield
    server.put(f"{QUEUE}/processor/resume")


def card(stamp: Path, **values: Any) -> ColourCard:
    given: dict[str, Any] = {"width": 64, "height": 32} | values
    return ColourCard(stamp=stamp, **given)


@pytest.fixture(scope="module")
def several() -> Any:
    """Colour Card for each width of a list, of which those that are far too large fail."""
    return workflow_class(imported(with_generator()))


def widths(*parts: int) -> dict[str, Any]:
    return {"type": "integer_generator_parse_string", "input": ",".join(map(str, parts)), "splitOn": ","}


# --- before a run -----------------------------------------------------------------------------------------------------


def test_a_workflow_is_validated_without_a_run(server: Server, client: Client, several: Any, stamp: Path) -> None:
    before = server.get(f"{QUEUE}/status")["queue"]["total"], client.images.count_intermediates()
    assert client.validate(card(stamp)) == 1
    assert client.validate(several(stamp=stamp, widths=widths(16, 32, 64))) == 3
    missing = stamp.with_name("missing.png")
    with pytest.raises(ValidationError) as caught:
        client.validate(card(missing, board="no such board"))
    assert [problem.attribute for problem in caught.value.errors] == ["stamp", "board"]
    assert (server.get(f"{QUEUE}/status")["queue"]["total"], client.images.count_intermediates()) == before


def test_the_submission_is_passed_on_before_the_batch_is_sent(server: Server, client: Client, stamp: Path) -> None:
    stored: list[tuple[Submission, int]] = []

    def store(submission: Submission) -> None:
        stored.append((submission, server.get(f"{QUEUE}/b/{submission.batch_id}/status")["total"]))

    job = client.submit(card(stamp), before=store)
    ((submission, total),) = stored
    assert total == 0
    assert (submission.batch_id, submission.item_ids) == (job.batch_id, ())
    assert client.attach(ColourCard, submission).result(timeout=60).item_ids == list(job.submission.item_ids)


def test_an_error_before_the_batch_is_sent_leaves_nothing(client: Client, stamp: Path) -> None:
    stored: list[Submission] = []

    def store(submission: Submission) -> None:
        stored.append(submission)
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        client.submit(card(stamp), before=store)
    with pytest.raises(EnqueueUncertain, match="no item of it is on the server"):
        client.attach(ColourCard, stored[0].batch_id).result(timeout=60)
    job = client.submit(card(stamp))
    job.wait(timeout=60)
    assert client.clean_up(job.submission) == stored[0].uploads != ()  # no other run uses it


# --- events -----------------------------------------------------------------------------------------------------------


def test_the_events_of_a_job_are_reported_in_order(client: Client, stamp: Path) -> None:
    job = client.submit(card(stamp))
    told = list(job.events(timeout=60))
    (item_id,) = job.submission.item_ids
    assert {event.item_id for event in told} == {item_id}
    assert isinstance(told[0], Queued)
    assert isinstance(told[1], Started)
    assert told[-1] == Ended(item_id, "completed", 1, 1)
    nodes = [(type(event), event.node_type) for event in told if isinstance(event, NodeStarted | NodeFinished)]
    types = ["blank_image", "img_blur", "img_paste", "save_image"]
    assert nodes == [(kind, name) for name in types for kind in (NodeStarted, NodeFinished)]
    images = [image.name for event in told if isinstance(event, NodeFinished) for image in event.images]
    assert job.result().card.name == images[-1]
    assert any(isinstance(event, Progress) and event.message == "Saving image" for event in told)


@pytest.mark.usefixtures("paused")
def test_the_first_event_says_how_many_items_are_ahead(
    client: Client, server: Server, stamp: Path, several: Any
) -> None:
    before = client.submit(several(stamp=stamp, height=32, widths=widths(64, 96)))
    job = client.submit(card(stamp))
    first = next(iter(job.events(timeout=60)))
    server.put(f"{QUEUE}/processor/resume")
    assert first == Queued(job.submission.item_ids[0], 2, 1)
    assert before.wait(timeout=60).completed == 2
    assert job.wait(timeout=60).completed == 1


def test_late_events_start_with_the_submission(
    client: Client, connect: Callable[..., Client], server: Server, stamp: Path
) -> None:
    job = client.submit(card(stamp))
    with connect(server.url) as other:
        other.attach(ColourCard, job.submission).wait(timeout=60)
        late = list(job.events(timeout=60))
        attached = list(other.attach(ColourCard, job.submission).events(timeout=60))
    expected = [kind for _ in range(4) for kind in (NodeStarted, NodeFinished)]
    for told in (late, attached):
        kinds = [type(event) for event in told if not isinstance(event, Progress)]
        assert kinds == [Queued, Started, *expected, Ended]
        images = [image.name for event in told if isinstance(event, NodeFinished) for image in event.images]
        assert images[-1] == job.result().card.name
    assert {event.ahead for event in attached if isinstance(event, Queued)} == {None}


def test_events_can_be_followed_while_somebody_else_waits(client: Client, stamp: Path) -> None:
    job = client.submit(card(stamp))
    told: list[JobEvent] = []
    follower = threading.Thread(target=lambda: told.extend(job.events(timeout=60)))
    follower.start()
    result = job.result(timeout=60)
    follower.join(60)
    assert isinstance(told[-1], Ended)
    assert list(job.events(timeout=60))[-1] == told[-1]  # and afterwards
    assert result.card.name == job.result().card.name


def test_an_image_can_be_downloaded_while_the_job_is_running(client: Client, stamp: Path) -> None:
    job = client.submit(card(stamp))
    for event in job.events(timeout=60):
        if isinstance(event, NodeFinished) and event.node_type == "blank_image":
            assert client.download(event.images[0]).startswith(b"\x89PNG")
            break
    assert job.result(timeout=60).card


def test_a_run_calls_back_with_each_event(client: Client, stamp: Path) -> None:
    told: list[JobEvent] = []
    client.run(card(stamp), timeout=60, on_progress=told.append)
    assert isinstance(told[0], Queued)
    assert isinstance(told[-1], Ended)


def test_a_run_shows_a_progress_bar(client: Client, stamp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told: list[JobEvent] = []
    client.run(card(stamp), timeout=60, progress=True, on_progress=told.append)
    assert "completed ━" in capsys.readouterr().err
    assert isinstance(told[-1], Ended)


def test_no_progress_bar_is_shown_unless_requested(
    client: Client, stamp: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = client.submit(card(stamp))
    job.wait(timeout=60)
    job.result(timeout=60)
    client.run(card(stamp), timeout=60)
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("models")
def test_a_model_reports_progress_with_previews(client: Client) -> None:
    from generated_examples.sd15_text_to_image import SD15TextToImage

    told: list[JobEvent] = []
    client.run(
        SD15TextToImage(model="tiny-sd15", width=64, height=64, steps=3, seed=random.randrange(2**31)),
        timeout=120,
        on_progress=told.append,
    )
    steps = [event for event in told if isinstance(event, Progress) and event.node_type == "denoise_latents"]
    fractions = [event.fraction for event in steps if event.fraction is not None]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    previews = [event.preview for event in steps if event.preview]
    assert previews
    assert previews[0].content_type in ("image/jpeg", "image/png")
    assert len(previews[0].content) > 50


# --- status -----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("paused")
def test_status_and_finished_while_a_job_is_pending(client: Client, server: Server, stamp: Path) -> None:
    job = client.submit(card(stamp))
    assert job.status() == JobStatus(pending=1, in_progress=0, completed=0, failed=0, canceled=0, removed=0)
    assert not job.status().ended
    assert job.finished() is None
    with pytest.raises(RunTimeout) as caught:
        job.result(timeout=0.5)
    server.put(f"{QUEUE}/processor/resume")
    later = client.attach(ColourCard, caught.value.submission).wait(timeout=60)  # type: ignore[arg-type]
    assert (later.completed, later.items, later.ended) == (1, 1, True)
    assert job.finished().card.name == job.result().card.name  # type: ignore[union-attr]


def test_the_status_counts_items_that_are_no_longer_in_the_queue(
    client: Client, server: Server, stamp: Path, several: Any
) -> None:
    job = client.submit(several(stamp=stamp, height=32, widths=widths(64, 96)))
    assert job.wait(timeout=60).completed == 2
    server.put(f"{QUEUE}/prune")
    assert job.status() == JobStatus(pending=0, in_progress=0, completed=0, failed=0, canceled=0, removed=2)


def test_finished_items_are_available_when_others_failed(client: Client, stamp: Path, several: Any) -> None:
    document_class = several
    job = client.submit(document_class(stamp=stamp, height=32, widths=widths(64, 2**40, 96)))
    status = job.wait(timeout=120)
    assert (status.completed, status.failed, status.items) == (2, 1, 3)
    with pytest.raises(RunFailed) as caught:
        job.result()
    for part in (caught.value.partial, job.finished()):
        assert [image.pil().size for image in part.card] == [(64, 32), (96, 32)]  # type: ignore[union-attr]


@pytest.mark.usefixtures("paused")
@pytest.mark.parametrize("timeout", [0.0, -1.0])
def test_without_time_left_a_timeout_is_raised(
    timeout: float, client: Client, connect: Callable[..., Client], server: Server, stamp: Path
) -> None:
    with pytest.raises(RunTimeout):
        client.run(card(stamp), timeout=timeout)
    job = client.submit(card(stamp))
    with connect(server.url) as other:
        attached = [other.attach(ColourCard, known) for known in (job.submission, job.batch_id)]
        for each in (job, *attached):
            for wait in (each.result, each.wait, lambda each=each, **given: list(each.events(**given))):
                with pytest.raises(RunTimeout) as caught:
                    wait(timeout=timeout)
                assert caught.value.batch_id == job.batch_id


# --- canceling and retrying -------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("paused")
def test_a_canceled_job_says_who_canceled_it(client: Client, server: Server, stamp: Path) -> None:
    mine, others = client.submit(card(stamp)), client.submit(card(stamp))
    mine.cancel()
    server.put(f"{QUEUE}/cancel_by_batch_ids", {"batch_ids": [others.batch_id]})
    for job, cause, words in ((mine, "caller", "by this client"), (others, "others", "by somebody else")):
        with pytest.raises(RunCanceled, match=words) as caught:
            job.result(timeout=30)
        assert caught.value.cause == cause
        assert job.status().canceled == 1


@pytest.mark.usefixtures("paused")
def test_a_job_that_was_canceled_here_and_retried_may_be_canceled_by_somebody_else(
    client: Client, server: Server, stamp: Path
) -> None:
    job = client.submit(card(stamp))
    job.cancel()
    job.retry(timeout=30)
    server.put(f"{QUEUE}/cancel_by_batch_ids", {"batch_ids": [job.batch_id]})
    with pytest.raises(RunCanceled, match="by somebody else") as caught:
        job.result(timeout=30)
    assert caught.value.cause == "others"


@pytest.mark.usefixtures("paused")
def test_canceling_ends_a_wait_immediately(client: Client, stamp: Path) -> None:
    job = client.submit(card(stamp))
    canceled: list[float] = []

    def cancel() -> None:
        client.cancel(job.batch_id)
        canceled.append(time.monotonic())

    timer = threading.Timer(0.5, cancel)
    timer.start()
    with pytest.raises(RunCanceled):
        job.result(timeout=30)
    ended = time.monotonic()
    timer.join()
    assert ended - canceled[0] < 3


def test_canceled_items_can_run_again(client: Client, server: Server, stamp: Path) -> None:
    server.put(f"{QUEUE}/processor/pause")
    job = client.submit(card(stamp))
    (old,) = job.submission.item_ids
    job.cancel()
    assert job.wait(timeout=30).canceled == 1
    server.put(f"{QUEUE}/processor/resume")
    job.retry()
    assert job.submission.item_ids != (old,)
    assert job.result(timeout=60).card
    again = job.submission
    job.retry()  # nothing to run again
    assert job.submission == again


# --- attaching --------------------------------------------------------------------------------------------------------


def test_a_job_is_attached_by_its_submission_or_its_batch_id(
    client: Client, connect: Callable[..., Client], server: Server, stamp: Path
) -> None:
    job = client.submit(card(stamp))
    first = job.result(timeout=60)
    with connect(server.url) as other:
        for known in (Submission.from_json(job.submission.to_json()), job.batch_id):
            again = other.attach(ColourCard, known)
            assert again.result(timeout=60).card == first.card
            assert again.submission.item_ids == job.submission.item_ids
            assert isinstance(list(again.events(timeout=60))[-1], Ended)


def test_a_retried_job_is_attached_by_its_batch_id_with_the_retry(client: Client, server: Server, stamp: Path) -> None:
    server.put(f"{QUEUE}/processor/pause")
    job = client.submit(card(stamp))
    job.cancel()
    server.put(f"{QUEUE}/processor/resume")
    job.wait(timeout=30)
    job.retry()
    assert client.attach(ColourCard, job.batch_id).result(timeout=60).card == job.result(timeout=60).card


def test_a_job_can_be_canceled_and_retried_repeatedly(client: Client, server: Server, stamp: Path) -> None:
    server.put(f"{QUEUE}/processor/pause")
    job = client.submit(card(stamp))
    items = set(job.submission.item_ids)
    for _ in range(3):
        job.cancel()
        job.retry(timeout=30)
        items |= set(job.submission.item_ids)
    rows = [item.item_id for item in client.queue.list(batch_id=job.batch_id)]
    elsewhere = Submission("", job.batch_id, "somewhere else", 0)
    found = [client.attach(ColourCard, known).status().pending for known in (job.batch_id, elsewhere)]
    server.put(f"{QUEUE}/processor/resume")
    assert len(items) == len(rows) == 4
    assert found == [1, 1]
    assert job.result(timeout=60).item_ids == [max(items)]


def test_another_clients_batch_is_found_among_all_items(client: Client, server: Server, stamp: Path) -> None:
    job = client.submit(card(stamp))
    first = job.result(timeout=60)
    found = client.attach(ColourCard, Submission("", job.batch_id, "somewhere else", 0))
    assert found.result(timeout=60).card == first.card


def test_the_batch_of_another_program_is_not_retried(client: Client, server: Server, stamp: Path) -> None:
    job = client.submit(card(stamp))
    job.result(timeout=60)
    (item,) = job.submission.item_ids
    graph = server.get(f"{QUEUE}/i/{item}")["session"]["graph"]
    batch = {"graph": graph, "runs": 1, "destination": "canvas"}
    posted = server.post(f"{QUEUE}/enqueue_batch", {"prepend": False, "batch": batch})
    other = client.attach(ColourCard, posted["batch"]["batch_id"])
    assert other.result(timeout=60).card
    with pytest.raises(WorkflowError, match="was not submitted by invokable"):
        other.retry()


def test_a_missing_batch_is_reported(client: Client) -> None:
    with pytest.raises(EnqueueUncertain, match="no item of it is on the server"):
        client.attach(ColourCard, "00000000-0000-0000-0000-000000000000").result(timeout=30)
