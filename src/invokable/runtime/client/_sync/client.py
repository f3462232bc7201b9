"""Client: runs workflows over HTTP, and owns the connection."""

from __future__ import annotations

import os
import ssl
import time
import weakref
from collections.abc import Iterable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Literal, TypeVar, cast, overload

from invokable.runtime.client._http import Network, Transport
from invokable.runtime.client._sync.concurrency import downloader
from invokable.runtime.client._sync.engine import Engine
from invokable.runtime.client._sync.jobs import Job
from invokable.runtime.client._sync.repositories.boards import Boards
from invokable.runtime.client._sync.repositories.images import Category, Images
from invokable.runtime.client._sync.repositories.models import Models
from invokable.runtime.client._sync.repositories.queue import Queue
from invokable.runtime.client._sync.repositories.server import Server
from invokable.runtime.client._sync.repositories.style_presets import StylePresets
from invokable.runtime.client._sync.repositories.videos import Videos
from invokable.runtime.client._sync.repositories.workflows import Workflows
from invokable.runtime.client._sync.saving import pass_on, save, save_all
from invokable.runtime.client._sync.showing import show
from invokable.runtime.client.connection import Connection, connection_of, policy_of
from invokable.runtime.client.progress import Watch, watched
from invokable.runtime.client.surface import ResultOf, Runs, checked, checked_class
from invokable.runtime.steps.answers import parse
from invokable.runtime.steps.deadline import Deadline
from invokable.runtime.steps.downloads import download
from invokable.runtime.steps.drift import drift
from invokable.runtime.steps.hearing import HERE
from invokable.runtime.steps.media import clean_up
from invokable.runtime.steps.models import Known, server_version
from invokable.runtime.steps.policy import Policy
from invokable.runtime.steps.protocol import Note, Request, Steps, fetch
from invokable.runtime.steps.queue import cancel_batch
from invokable.runtime.steps.run import Context, Manner, run, start
from invokable.runtime.steps.submission import Submission, destination_of
from invokable.runtime.steps.submit import Submitting
from invokable.runtime.values.inputs import Board, ImageInput, VideoInput
from invokable.runtime.values.media import Image, Video
from invokable.runtime.values.notebook import Shown
from invokable.runtime.values.pins import pins_of
from invokable.runtime.values.records import ImageRecord, VideoRecord
from invokable.runtime.values.result import WorkflowResult
from invokable.runtime.values.workflow import Workflow

T = TypeVar("T")


class Client:
    """A connection to an InvokeAI server.

    Example:

        with Client("http://127.0.0.1:9090") as client:
            result = client.run(Portrait(prompt="a fox"))

    Args:
        url: The server's address, with its path prefix if it has one; or a `Connection`, which holds all that follows
            but the last two. None for INVOKEAI_URL, or else http://127.0.0.1:9090.
        token: Sent as a bearer token, for servers with several users.
        email: Signs in when that is needed, together with `password`.
        password: The password of `email`.
        verify: Whether to check the server's certificate; or the file of the authorities to trust, or an
            ssl.SSLContext.
        policy: How long to wait, and how often to try again.
        timeout: Seconds for one HTTP exchange; short for a `policy`. How long a run may take is `run`'s own argument.

    Without token and email those of the environment are used, see `Connection.from_environment`.

    Raises ValueError for what is not a server URL, and for what cannot be sent.

    One client takes any number of runs at once, from any number of threads, and hears of all of them by one
    connection for the server's events. It may be used after a fork.
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
        """A client whose network is another one, as the simulator's."""
        client = cls.__new__(cls)
        connection = url if isinstance(url, Connection) else Connection(url, **given)
        client._open(Transport(connection, policy_of(policy, timeout), network))
        return client

    def _open(self, transport: Transport) -> None:
        self._engine = Engine(transport)
        self._context = Context(Known(), downloader(self))
        weakref.finalize(self, self._engine.listener.close)
        self.boards = Boards(self)
        self.images = Images(self)
        self.videos = Videos(self)
        self.models = Models(self)
        self.queue = Queue(self)
        self.workflows = Workflows(self)
        self.style_presets = StylePresets(self)
        self.server = Server(self)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self._engine.transport.url!r})"

    def close(self) -> None:
        """Close the connection. Results that were not downloaded yet can no longer be."""
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
            flow: The workflow with its values.
            timeout: In seconds, from the call to the result; None waits for ever, also while the server is away. When
                time is up the batch stays on the server: `attach` waits for it again, `cancel` removes it.
            on_progress: Called with each event of the run, a `JobEvent`, in order.
            progress: Show a progress bar; needs rich.
            resubmit: Run again what a restart of the server interrupts, instead of raising RunInterrupted.

        An interrupt, such as Ctrl-C, cancels what is left of the run.

        Raises ValidationError, ConnectionError, APIError and the kinds of WorkflowError.
        """
        workflow = checked(flow)
        with watched(on_progress, bar=progress) as watch:
            manner = Manner(watch is not None, resubmit)
            steps = run(workflow, self._context, self._deadline(timeout), manner)
            result: ResultOf = self._drive(steps, watch)
            return result

    def submit(self, flow: Runs[ResultOf], *, timeout: float | None = None) -> Job[ResultOf]:
        """Submit a workflow without waiting for it. `timeout` is in seconds, for the submission alone.

        Raises ValidationError, ConnectionError, APIError and the kinds of WorkflowError.
        """
        workflow = checked(flow)
        state = self._drive(start(workflow, self._context, self._deadline(timeout)))
        return Job(self, type(workflow), state)

    def attach(self, workflow: type[Runs[ResultOf]], submission: Submission | str) -> Job[ResultOf]:
        """Take up a run that was submitted before, by this process or another one. Asks the server nothing yet.

        `submission` is that of the job or of the error, or the batch id alone: then the server is asked for the items,
        and what was retried counts as its last retry.

        Raises TypeError for what is no generated workflow.
        """
        if isinstance(submission, str):
            submission = Submission("", submission, destination_of(submission), 0)
        return Job(self, checked_class(workflow), Submitting(submission))

    def check(self, workflow: type[Workflow]) -> list[str]:
        """How the server's nodes differ from those that a workflow class was made for; empty when they do not.

        Raises StaleWorkflowError, ConnectionError and APIError.
        """
        return self._drive(drift(pins_of(workflow)))

    def cancel(self, batch_id: str) -> None:
        """Cancel what is left of a batch. Raises ConnectionError and APIError."""
        self._context.canceled.add(batch_id)
        self._drive(cancel_batch(batch_id))
        self._engine.listener.note(batch_id, Note(HERE, 0, {}))

    def image(self, image: Image | str) -> Image:
        """An image on the server by its name, or one that lost its client, as in a pickle. Asks the server nothing."""
        return replace(Image(image) if isinstance(image, str) else image, _client=downloader(self))

    def video(self, video: Video | str) -> Video:
        """A video on the server by its name, or one that lost its client, as in a pickle. Asks the server nothing."""
        return replace(Video(video) if isinstance(video, str) else video, _client=downloader(self))

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
        kind: Literal["image", "mask", "control", "video"] = "image",
        board: Board | str = "none",
    ) -> ImageRecord | VideoRecord:
        """Upload an image, a mask or a video once, to use it in many runs; onto a board if one is given.

        `images.upload` and `videos.upload` can do more. Raises what they raise.
        """
        if kind == "video":
            return self.videos.upload(cast("VideoInput", medium), board=board)
        category: Category = "user" if kind == "image" else kind
        return self.images.upload(cast("ImageInput", medium), board=board, category=category)

    def clean_up(self, submission: Submission) -> tuple[str, ...]:
        """Delete the files that a run uploaded, once it has ended. Returns the names of those that were still there.

        What the run gave stays, and so do an image that was on the server before and a file that another run of this
        client uses, too.
        Raises ConnectionError and APIError.
        """
        return self._drive(clean_up(submission, self._context.known))

    def download(self, medium: Image | Video) -> bytes:
        """Download an image or a video. Raises APIError when the server no longer has it, and ConnectionError."""
        buffer = BytesIO()
        self._drive(download(medium, buffer))
        return buffer.getvalue()

    def thumbnail(self, medium: Image | Video) -> bytes:
        """Download a small copy of an image, of at most 256 pixels a side, or of the beginning of a video, as WebP.

        Raises NotFoundError, APIError and ConnectionError.
        """
        return (self.images if isinstance(medium, Image) else self.videos).thumbnail(medium)

    def show(self, shown: WorkflowResult | Image | Video) -> Shown:
        """What a notebook shows of a result, an image or a video, with small pictures, as the last value of a cell.

        Fetches the pictures, and raises nothing where one cannot be had: its place says why.
        """
        return show(self, shown)

    def download_into(self, medium: Image | Video, file: BinaryIO) -> None:
        """Download an image or a video into a file object, a pipe or a socket: whatever has a `write`.

        What comes is checked before the first byte of it is written, and large files are kept on the disk meanwhile.
        Raises what `download` raises.
        """
        pass_on(self, medium, file)

    def save(self, medium: Image | Video, path: str | os.PathLike[str]) -> Path:
        """Download an image or a video to a file, whole or not at all, and return its path.

        A folder, or a path that ends in a slash or has no suffix, gets a file of the server's name in it; missing
        folders are made. Raises what `download` raises, and OSError.
        """
        return save(self, medium, path)

    def save_all(
        self,
        media: WorkflowResult | Iterable[Image | Video],
        folder: str | os.PathLike[str],
        name: str = "{name}",
        *,
        at_once: int = 4,
        overwrite: bool = False,
    ) -> list[Path]:
        """Download many images and videos to files of a folder, each whole or not at all, and return their paths.

            result = client.run(Portrait(prompt="a fox"))
            client.save_all(result, "out/", "{attribute}-{index:03}")

        Args:
            media: A result, of which all images and videos are saved; or any images and videos.
            folder: It is made if it is missing.
            name: The name of each file, without its suffix. Fields are `{name}`, the server's name; `{attribute}`, the
                output that it is of; `{index}`, its place there, from 0; `{node_id}`, `{batch_id}`, `{width}` and
                `{height}`. A slash makes folders. What the fields hold leads nowhere else.
            at_once: How many downloads go on at a time.
            overwrite: Replace files that are there. Otherwise such a file's name gets a number.

        Raises ValueError for a name that is wrong, OSError, and what `download` raises. The first that fails ends it;
        what was saved before stays.
        """
        return save_all(self, media, folder, name, at_once=at_once, overwrite=overwrite)

    def version(self) -> str:
        """The server's version, such as `6.14.2`. Raises ConnectionError and APIError."""
        return self._drive(server_version())

    def openapi(self) -> dict[str, Any]:
        """The server's openapi document. Raises ConnectionError and APIError."""
        document: dict[str, Any] = parse(self._drive(fetch(Request("GET", "/openapi.json"))))
        return document

    def _deadline(self, timeout: float | None) -> Deadline:
        return Deadline.after(timeout, time.monotonic)

    def _drive(self, steps: Steps[T], watch: Watch | None = None) -> T:
        return self._engine.drive(steps, watch)


Client.__module__ = "invokable"  # as users import it
