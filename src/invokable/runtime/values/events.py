"""Events: what happens to a job while it runs.

Queued ─▶ Started ─▶ (NodeStarted ─▶ Progress… ─▶ NodeFinished)… ─▶ Ended        for each queue item
"""

from __future__ import annotations

from dataclasses import dataclass, field

from invokable.contract.server import EndState
from invokable.runtime.values.media import Image, Video
from invokable.runtime.values.public import public


@dataclass(frozen=True, slots=True)
class JobEvent:
    """Something that happened to a job.

    `item_id` is the queue item; a job of a batch has several.

    Example:

        def show(event: JobEvent) -> None:
            print(event.item_id, type(event).__name__)

        result = client.run(Portrait(prompt="a fox"), on_progress=show)
    """

    item_id: int


@dataclass(frozen=True, slots=True)
class Queued(JobEvent):
    """The server has accepted the job.

    `item_id` is its first queue item.

    Example:

        for event in job.events():
            if isinstance(event, Queued) and event.ahead:
                print(f"{event.ahead} items run before it")
    """

    ahead: int | None = None
    """The number of queue items ahead of it, of all users.

    None if the server did not report it, and when watching starts more than a second after the submission.
    """
    items: int = 1
    """The number of queue items of the job."""


@dataclass(frozen=True, slots=True)
class Started(JobEvent):
    """A queue item started to run.

    The events of its nodes follow.

    Example:

        started = [event.item_id for event in job.events() if isinstance(event, Started)]
    """


@dataclass(frozen=True, slots=True)
class NodeStarted(JobEvent):
    """A node started to run.

    Below an iterate node, each iteration is one such event.

    Example:

        nodes = [event.node_type for event in job.events() if isinstance(event, NodeStarted)]
    """

    node_id: str
    """The node of the workflow."""
    node_type: str


@dataclass(frozen=True, slots=True)
class Preview:
    """A preview of an unfinished image.

    Denoising nodes send one with each step.

    Example:

        for event in job.events():
            if isinstance(event, Progress) and event.preview:
                show = event.preview.content, event.preview.content_type
    """

    width: int
    """In pixels, of the final image."""
    height: int
    content_type: str
    """Such as `image/jpeg`."""
    content: bytes = field(repr=False)
    """The contents of the picture file, which is smaller than the final image."""


@dataclass(frozen=True, slots=True)
class Progress(JobEvent):
    """A node reports its progress.

    Fast nodes report none, or only that they save an image.

    Example:

        for event in job.events():
            if isinstance(event, Progress) and event.fraction is not None:
                print(f"{event.node_type}: {event.fraction:.0%} {event.message}")
    """

    node_id: str
    node_type: str
    fraction: float | None
    """From 0 to 1; None if the node does not know."""
    message: str
    preview: Preview | None = None


@dataclass(frozen=True, slots=True)
class NodeFinished(JobEvent):
    """A node is done.

    Its images and videos can be downloaded while the job is still running.

    Example:

        for event in job.events():
            if isinstance(event, NodeFinished):
                for image in event.images:
                    client.save(image, "nodes/")
    """

    node_id: str
    node_type: str
    images: tuple[Image, ...] = ()
    videos: tuple[Video, ...] = ()


@dataclass(frozen=True, slots=True)
class Ended(JobEvent):
    """A queue item has ended.

    After the last one, a job has no more events.

    Example:

        for event in job.events():
            if isinstance(event, Ended):
                print(f"item {event.item_id} {event.state}, {event.done} of {event.items} done")
    """

    state: EndState
    """How it ended: `completed`, `failed` or `canceled`. An item that was removed from the queue counts as canceled."""
    done: int
    """The number of queue items of the job that have ended so far."""
    items: int
    """The number of queue items of the job."""


@dataclass(frozen=True, slots=True)
class JobStatus:
    """The number of queue items of a job in each state.

    Returned by `Job.status` and `Job.wait`.

    Example:

        status = job.status()
        if not status.ended:
            print(f"{status.completed} of {status.items} are done")
    """

    pending: int
    in_progress: int
    completed: int
    failed: int
    canceled: int
    removed: int
    """The number no longer in the server's queue: pruned, cleared or deleted."""

    @property
    def items(self) -> int:
        """The number of queue items of the job."""
        return self.pending + self.in_progress + self.completed + self.failed + self.canceled + self.removed

    @property
    def ended(self) -> bool:
        """Whether none of them will run any more."""
        return not self.pending and not self.in_progress


public(JobStatus, JobEvent, Queued, Started, NodeStarted, Preview, Progress, NodeFinished, Ended)
