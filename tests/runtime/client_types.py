"""The arguments and results of both clients and their jobs, for type checkers. Nothing here runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Literal, assert_never, assert_type

from generated_examples.colour_card import ColourCard

from invokable import (
    AsyncClient,
    AsyncJob,
    Client,
    Connection,
    Ended,
    Image,
    ImageRecord,
    Job,
    JobEvent,
    JobStatus,
    NodeFinished,
    NodeStarted,
    Policy,
    Preview,
    Progress,
    Queued,
    RunCanceled,
    RunFailed,
    RunInterrupted,
    Started,
    Submission,
    Video,
    Workflow,
    WorkflowResult,
)


def blocking(card: ColourCard, image: Image, video: Video) -> None:
    with Client(Connection("http://localhost", token="t"), policy=Policy(retries=1)) as client:
        assert_type(client, Client)
        result = client.run(card, timeout=60, on_progress=show, progress=True, resubmit=True)
        assert_type(result, ColourCard.Result)
        assert_type(result.card, Image)
        assert_type(client.submit(card, timeout=60), Job[ColourCard.Result])
        assert_type(client.attach(ColourCard, "batch"), Job[ColourCard.Result])
        assert_type(client.check(ColourCard), list[str])
        assert_type(client.validate(card), int)
        assert_type(client.upload("a.png"), ImageRecord)
        assert_type(client.download(video), bytes)
        assert_type(client.save(image, Path("out")), Path)
        assert_type(client.save_all(result, "out/"), list[Path])
        assert_type(client.thumbnail(video), bytes)
        client.show(result)
        assert_type(client.version(), str)
        assert_type(client.openapi(), dict[str, Any])
        client.cancel("batch")
        client.close()


def job_of_threads(job: Job[ColourCard.Result]) -> None:
    assert_type(job.submission, Submission)
    assert_type(job.batch_id, str)
    assert_type(job.status(timeout=5), JobStatus)
    assert_type(job.wait(timeout=5, on_progress=show, progress=True), JobStatus)
    assert_type(job.result(timeout=5, on_progress=show, progress=True), ColourCard.Result)
    assert_type(job.finished(timeout=5), ColourCard.Result | None)
    assert_type(job.events(timeout=5), Iterator[JobEvent])
    job.cancel()
    job.retry(timeout=5)


def any_workflow(client: Client, flow: Workflow, kind: type[Workflow]) -> None:
    assert_type(client.run(flow), WorkflowResult)
    assert_type(client.submit(flow), Job[WorkflowResult])
    assert_type(client.attach(kind, "batch"), Job[WorkflowResult])


async def asynchronous(card: ColourCard, image: Image, video: Video) -> None:
    async with AsyncClient("http://localhost", token="t", timeout=5) as client:
        assert_type(client, AsyncClient)
        result = await client.run(card, timeout=60, on_progress=show_later, progress=True, resubmit=True)
        assert_type(result, ColourCard.Result)
        assert_type(await client.submit(card, timeout=60), AsyncJob[ColourCard.Result])
        assert_type(client.attach(ColourCard, "batch"), AsyncJob[ColourCard.Result])
        assert_type(await client.check(ColourCard), list[str])
        assert_type(await client.validate(card), int)
        assert_type(await client.upload("a.png"), ImageRecord)
        assert_type(await client.download(video), bytes)
        assert_type(await client.save(image, Path("out")), Path)
        assert_type(await client.save_all(result, "out/"), list[Path])
        assert_type(await client.thumbnail(image), bytes)
        await client.show(image)
        assert_type(await client.version(), str)
        assert_type(await client.openapi(), dict[str, Any])
        await client.cancel("batch")
        await client.aclose()


async def job_of_tasks(job: AsyncJob[ColourCard.Result]) -> None:
    assert_type(job.submission, Submission)
    assert_type(job.batch_id, str)
    assert_type(await job.status(timeout=5), JobStatus)
    assert_type(await job.wait(timeout=5, on_progress=show_later), JobStatus)
    assert_type(await job.result(timeout=5, on_progress=show_later), ColourCard.Result)
    assert_type(await job.finished(timeout=5), ColourCard.Result | None)
    assert_type(job.events(timeout=5), AsyncIterator[JobEvent])
    async for event in job.events():
        show(event)
    await job.cancel()
    await job.retry(timeout=5)


def show(event: JobEvent) -> None:
    assert_type(event.item_id, int)
    if isinstance(event, Queued):
        assert_type((event.ahead, event.items), tuple[int | None, int])
    elif isinstance(event, NodeStarted):
        assert_type((event.node_id, event.node_type), tuple[str, str])
    elif isinstance(event, Progress):
        assert_type((event.fraction, event.message), tuple[float | None, str])
        assert_type(event.preview, Preview | None)
    elif isinstance(event, NodeFinished):
        assert_type((event.images, event.videos), tuple[tuple[Image, ...], tuple[Video, ...]])
    elif isinstance(event, Ended):
        assert_type((event.done, event.items), tuple[int, int])
    elif isinstance(event, Started):
        assert_type(event, Started)


async def show_later(event: JobEvent) -> None:
    show(event)


def errors(error: RunCanceled | RunFailed, status: JobStatus) -> None:
    assert_type(error.partial, WorkflowResult | None)
    assert_type((status.items, status.ended), tuple[int, bool])
    if isinstance(error, RunFailed):
        assert_type((error.traceback, error.failed, error.total), tuple[str, int, int])
    elif isinstance(error, RunInterrupted):
        assert_type(error.item_ids, tuple[int, ...])
    elif isinstance(error, RunCanceled):  # pyright: ignore[reportUnnecessaryIsInstance]
        assert_type(error.cause, Literal["caller", "others", "restart", "removal", "unknown"])
    else:
        assert_never(error)
