"""Client: runs workflows over HTTP and owns the connection."""

from __future__ import annotations

import os
import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Literal, TypeVar, cast, overload

from invokable.contract.vocabulary import Category, UploadKind
from invokable.runtime.client._http import Network, Transport
from invokable.runtime.client._sync.concurrency import call_back, check_loop, downloader
from invokable.runtime.client._sync.engine import Engine
from invokable.runtime.client._sync.jobs import Job
from invokable.runtime.client._sync.repositories.boards import Boards
from invokable.runtime.client._sync.repositories.images import Images
from invokable.runtime.client._sync.repositories.models import Models
from invokable.runtime.client._sync.repositories.queue import Queue
from invokable.runtime.client._sync.repositories.server import Server
from invokable.runtime.client._sync.repositories.style_presets import StylePresets
from invokable.runtime.client._sync.repositories.videos import Videos
from invokable.runtime.client._sync.repositories.workflows import Workflows
from invokable.runtime.client._sync.saving import download_into, save, save_all
from invokable.runtime.client._sync.showing import show
from invokable.runtime.client.connection import Connection, connection_of, policy_of
from invokable.runtime.client.progress import Watch, watched
from invokable.runtime.client.surface import (
    ResultOf,
    Runs,
    check_function,
    check_word,
    check_writable,
    checked,
    checked_batch_id,
    checked_class,
    checked_medium,
    checked_submission,
    image_of,
    submission_of,
    video_of,
)
from invokable.runtime.steps.exchange.policy import Policy
from invokable.runtime.steps.exchange.protocol import Steps
from invokable.runtime.steps.resources.downloads import download
from invokable.runtime.steps.resources.media import clean_up
from invokable.runtime.steps.resources.node_drift import drift
from invokable.runtime.steps.resources.server_info import openapi
from invokable.runtime.steps.resources.versions import server_version
from invokable.runtime.steps.runs.prepare import validate_on_server
from invokable.runtime.steps.runs.run import (
    RunOptions,
    prepare_in_time,
    released_unless_sent,
    run,
    start,
)
from invokable.runtime.steps.runs.run_state import RunState
from invokable.runtime.steps.runs.withdraw import give_up
from invokable.runtime.values.inputs import Board, ImageInput, VideoInput
from invokable.runtime.values.media import Image, Video, bound
from invokable.runtime.values.notebook import Shown
from invokable.runtime.values.pins import pins_of
from invokable.runtime.values.records import ImageRecord, VideoRecord
from invokable.runtime.values.result import WorkflowResult
from invokable.runtime.values.submission import Submission
from invokable.runtime.values.workflow import Workflow

T = TypeVar("T")


class Client:
    """A connection to an InvokeAI server.

    Example:

        with Client("http://127.0.0.1:9090") as client:
            result = client.run(Portrait(prompt="a fox"))

    Args:
        url: The server's address, including any path prefix; or a `Connection`, which replaces `token`, `email`,
            `password` and `verify`. None means INVOKEAI_URL, or http://127.0.0.1:9090 if that is not set.
        token: Sent as a bearer token, for multi-user servers.
        email: Used with `password` to sign in when the server requires it.
        password: The password for `email`.
        verify: Whether to verify the server's certificate; or the path of a CA file to trust, or an
            ssl.SSLContext.
        policy: Timeouts and retries.
        timeout: Seconds for one HTTP exchange, as a shorthand for a `policy`. To limit a run, pass `timeout` to `run`.

    Without a token or an email, credentials come from the environment; see `Connection.from_environment`.

    Raises ValueError for an invalid server URL, and for values that cannot be sent in a header, and RuntimeError for a
    socks5:// proxy without the package socksio.

    One client can run any number of workflows concurrently, from any number of threads. A single connection receives
    the server's events for all of them. A client can be used after a fork.
    """

    def __init__(
        self,
        url: str | Connection | None = None,
        *,
        token: str | None = None,
        email: str | None = None,
        password: str | None = None,
        verify: bool | str | os.PathLike[str] | ssl.SSLContext | None = None,
        policy: Policy | None = None,
        timeout: float | None = None,
    ) -> None:
        given = {"token": token, "email": email, "password": password, "verify": verify}
        self._open(Transport(connection_of(url, given), policy_of(policy, timeout)))

    @classmethod
    def _over(
        cls,
        network: Network,
        url: str | Connection = "http://invokeai",
        *,
        policy: Policy | None = None,
        timeout: float | None = None,
        **given: Any,
    ) -> Client:
        """A client on another network, such as the simulator's."""
        client = cls.__new__(cls)
        connection = url if isinstance(url, Connection) else Connection(url, **given)
        client._open(Transport(connection, policy_of(policy, timeout), network))
        return client

    def _open(self, transport: Transport) -> None:
        self._engine = Engine(transport, downloader(self))
        self.boards = Boards(self._engine)
        self.images = Images(self._engine)
        self.videos = Videos(self._engine)
        self.models = Models(self._engine)
        self.queue = Queue(self._engine)
        self.workflows = Workflows(self._engine)
        self.style_presets = StylePresets(self._engine)
        self.server = Server(self._engine)

    def __enter__(self) -> Client:
        check_loop()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self._engine.transport.url!r})"

    def close(self) -> None:
        """Close the connection. Images and videos that have not been downloaded can no longer be fetched."""
        self._engine.close()

    def run(
        self,
        flow: Runs[ResultOf],
        *,
        timeout: float | None = None,
        on_progress: Watch | None = None,
        progress: bool = False,
        resubmit: bool = False,
    ) -> ResultOf:
        """Run a workflow and wait for its result.

        Args:
            flow: The workflow instance to run.
            timeout: Seconds from the call to the result. None waits forever, even while the server is unreachable.
                After a timeout the batch stays on the server: `attach` waits for it again, `cancel` cancels it.
            on_progress: Called with each `JobEvent` of the run, in order.
            progress: Show a progress bar. Requires rich.
            resubmit: Run items again if a server restart interrupts them, instead of raising RunInterrupted.

        An interrupt, such as Ctrl-C, cancels the queue items that have not ended; its note says so.

        Raises ValidationError, ConnectionError, APIError and subclasses of WorkflowError.
        """
        workflow = checked(flow)
        with watched(on_progress, bar=progress) as watch:
            options = RunOptions(watch is not None, resubmit)
            steps = run(workflow, *self._engine.context_and_deadline(timeout), options)
            result: ResultOf = self._drive(steps, watch)
            return result

    def submit(
        self,
        flow: Runs[ResultOf],
        *,
        timeout: float | None = None,
        before: Callable[[Submission], object] | None = None,
    ) -> Job[ResultOf]:
        """Submit a workflow without waiting for its result.

        Args:
            flow: The workflow instance to run.
            timeout: Seconds for the submission alone.
            before: Called with the submission just before the batch is sent. If it stores the submission, `attach`
                finds the run even if this process is killed meanwhile, or raises EnqueueUncertain if nothing was sent.

        Raises ValidationError, ConnectionError, APIError, subclasses of WorkflowError, and what `before` raises.
        """
        workflow = checked(flow)
        check_function("before", before, "the submission")
        context, deadline = self._engine.context_and_deadline(timeout)
        prepared = self._drive(prepare_in_time(workflow, context, deadline))
        state = RunState(prepared.submission)
        try:
            with released_unless_sent(state, context):
                if before is not None:
                    call_back(before, state.submission)
                self._drive(start(workflow, prepared, state, context, deadline))
            return Job(self._engine, type(workflow), state)
        except BaseException as interrupt:
            if state.accepted_at is not None:  # otherwise the steps have given it up
                self._drive(give_up(state, interrupt, context.canceled, time.monotonic))
            raise

    def attach(self, workflow: type[Runs[ResultOf]], submission: Submission | str) -> Job[ResultOf]:
        """Return a job for a run that was submitted earlier, by this process or another. Sends no request yet.

        `submission` comes from a job or an error, or is just a batch id. With a batch id, the server is asked for the
        items, and an item that was retried is represented by its latest retry.

        Raises TypeError if `workflow` is not the class of a generated workflow.
        """
        return Job(self._engine, checked_class(workflow), RunState(submission_of(submission)))

    def check(self, workflow: type[Workflow]) -> list[str]:
        """How the server's nodes differ from those the workflow was generated for; empty if they do not differ.

        Raises StaleWorkflowError, ConnectionError and APIError.
        """
        return self._drive(drift(pins_of(checked_class(workflow))))

    def validate(self, flow: Runs[ResultOf]) -> int:
        """Check a workflow as `run` does before it uploads anything, and return how many queue items it would have.

        Checks the values, reads the files, looks up models and boards, and whether the queue has room. The server
        checks the files and the graph itself only when the workflow runs.

        Raises ValidationError with all problems, QueueFullError, StaleWorkflowError, ConnectionError and APIError.
        """
        return self._drive(validate_on_server(checked(flow), self._engine.context.cache))

    def cancel(self, batch_id: str) -> None:
        """Cancel the items of a batch that have not ended. Raises ConnectionError and APIError.

        Nothing happens if the server does not show the batch, as with another user's.
        """
        self._engine.cancel(submission_of(checked_batch_id(batch_id)))

    def image(self, image: Image | str) -> Image:
        """An image on the server, by name; or an unpickled image, attached to this client. Sends no request."""
        return bound(replace(image_of(image)), self._engine.context.client)

    def video(self, video: Video | str) -> Video:
        """A video on the server, by name; or an unpickled video, attached to this client. Sends no request."""
        return bound(replace(video_of(video)), self._engine.context.client)

    @overload
    def upload(
        self, medium: ImageInput, *, kind: Literal["image", "mask", "control"] = "image", board: Board | str = "none"
    ) -> ImageRecord: ...

    @overload
    def upload(self, medium: VideoInput, *, kind: Literal["video"], board: Board | str = "none") -> VideoRecord: ...

    def upload(
        self,
        medium: ImageInput | VideoInput,
        *,
        kind: UploadKind = "image",
        board: Board | str = "none",
    ) -> ImageRecord | VideoRecord:
        """Upload an image, a mask or a video once, to use it in many runs. `board` is the board to add it to.

        `images.upload` and `videos.upload` have more options. Raises the same exceptions as they do, and ValueError for
        an unknown kind.
        """
        check_word("kind", kind, UploadKind)
        if kind == "video":
            return self.videos.upload(cast("VideoInput", medium), board=board)
        category: Category = "user" if kind == "image" else kind
        return self.images.upload(cast("ImageInput", medium), board=board, category=category)

    def clean_up(self, submission: Submission) -> tuple[str, ...]:
        """Delete the files that a run uploaded, once the run has ended. Returns the names of the deleted files.

        The run's results are kept, as are images that were already on the server and files that another run of this
        client also uses.
        Raises ConnectionError and APIError.
        """
        return self._drive(clean_up(checked_submission(submission), self._engine.context.cache))

    def download(self, medium: Image | Video) -> bytes:
        """Download an image or a video.

        Raises NotFoundError if the server no longer has it, APIError and ConnectionError.
        """
        buffer = BytesIO()
        self._drive(download(checked_medium(medium), buffer))
        return buffer.getvalue()

    def thumbnail(self, medium: Image | Video) -> bytes:
        """Download a thumbnail of an image, or of the start of a video: WebP, at most 256 pixels a side.

        Raises NotFoundError, APIError and ConnectionError.
        """
        checked_medium(medium)
        if isinstance(medium, Video):
            return self.videos.thumbnail(medium)
        return self.images.thumbnail(medium)

    def show(self, shown: WorkflowResult | Image | Video) -> Shown:
        """A result, an image or a video as a notebook displays it, with thumbnails, as the last value of a cell.

        Downloads the thumbnails. If one cannot be downloaded, the reason is shown in its place; nothing is raised.
        """
        return show(shown, self.thumbnail)

    def download_into(self, medium: Image | Video, file: BinaryIO) -> None:
        """Download an image or a video into a file object, a pipe or a socket: anything with a `write` method.

        The download is checked before its first byte is written; until then, a large file is kept on disk.
        Raises the same exceptions as `download`.
        """
        check_writable(file)
        download_into(self._engine, checked_medium(medium), file)

    def save(self, medium: Image | Video, path: str | os.PathLike[str]) -> Path:
        """Download an image or a video to a file, atomically, and return its path.

        If `path` is a folder, ends in a slash or has no suffix, the file is saved in it under its name on the server.
        Missing folders are created. Raises the same exceptions as `download`, and OSError.
        """
        return save(self._engine, checked_medium(medium), path)

    def save_all(
        self,
        media: WorkflowResult | Iterable[Image | Video],
        folder: str | os.PathLike[str],
        name: str = "{name}",
        *,
        at_once: int = 4,
        overwrite: bool = False,
    ) -> list[Path]:
        """Download many images and videos to a folder, each atomically, and return their paths.

            result = client.run(Portrait(prompt="a fox"))
            client.save_all(result, "out/", "{attribute}-{index:03}")

        Args:
            media: A result, whose images and videos are all saved; or any images and videos.
            folder: Created if it is missing.
            name: A pattern for the file names, without suffix. Its fields are `{name}`, the name on the server;
                `{attribute}`, the output; `{index}`, the position within the output, from 0; `{node_id}`,
                `{batch_id}`, `{width}` and `{height}`. A slash creates a folder. The values of the fields cannot
                lead out of `folder`.
            at_once: How many files to download concurrently.
            overwrite: Replace existing files. Otherwise a number is added to the name of the new file.

        Raises ValueError for an invalid pattern or `at_once`, OSError, and the same exceptions as `download`. The first
        failure stops the rest; files that have already been saved are kept.
        """
        return save_all(self._engine, media, folder, name, at_once=at_once, overwrite=overwrite)

    def version(self) -> str:
        """The server's version, such as `6.14.2`. Raises ConnectionError and APIError."""
        return self._drive(server_version())

    def openapi(self) -> dict[str, Any]:
        """The server's OpenAPI document. Raises ConnectionError and APIError."""
        return self._drive(openapi())

    def _drive(self, steps: Steps[T], watch: Watch | None = None) -> T:
        return self._engine.drive(steps, watch)


Client.__module__ = "invokable"  # as users import it
