"""Client: runs workflows over HTTP, and owns the connection."""

from __future__ import annotations

import os
import ssl
import time
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from invokable.runtime.client._http import Network, Transport
from invokable.runtime.client._sync.boards import Boards
from invokable.runtime.client._sync.concurrency import downloader, in_thread, sleep
from invokable.runtime.client._sync.driving import drive
from invokable.runtime.client._sync.jobs import Job
from invokable.runtime.client.reading import read_file
from invokable.runtime.client.saving import Scrap
from invokable.runtime.client.surface import ResultOf, Runs, checked, checked_class
from invokable.runtime.steps.answers import StoredImage, parse
from invokable.runtime.steps.deadline import Deadline
from invokable.runtime.steps.downloads import download
from invokable.runtime.steps.drift import drift
from invokable.runtime.steps.models import Known, list_models, server_version
from invokable.runtime.steps.protocol import Read, Request, Sleep, Step, Steps, fetch
from invokable.runtime.steps.queue import cancel_batch
from invokable.runtime.steps.run import Context, finish, run, start
from invokable.runtime.steps.submission import Submission
from invokable.runtime.steps.submit import Submitting
from invokable.runtime.steps.uploads import upload
from invokable.runtime.values.inputs import ImageInput
from invokable.runtime.values.media import Image, Video
from invokable.runtime.values.pins import pins_of
from invokable.runtime.values.workflow import Workflow

T = TypeVar("T")


class Client:
    """A connection to an InvokeAI server.

        with Client("http://127.0.0.1:9090") as client:
            result = client.run(Portrait(prompt="a fox"))

    Args:
        url: The server's address, with its path prefix if it has one.
        token: Sent as a bearer token, for servers with several users.
        timeout: Seconds for one HTTP exchange, and for each part of a file's transfer; how long a run may take is
            `run`'s own argument.
        verify: Whether to check the server's certificate; or a file of certificates, or an ssl.SSLContext.

    Raises ValueError for what is not a server URL, and for a token that cannot be sent. Safe to use from one thread
    at a time, and after a fork.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:9090",
        *,
        token: str | None = None,
        timeout: float = 30.0,
        verify: bool | str | ssl.SSLContext = True,
    ) -> None:
        self._open(Transport(url, token=token, timeout=timeout, verify=verify))

    @classmethod
    def _over(
        cls,
        network: Network,
        url: str = "http://invokeai",
        *,
        token: str | None = None,
        timeout: float = 30.0,
    ) -> Client:
        """A client whose network is another one, as the simulator's."""
        client = cls.__new__(cls)
        client._open(Transport(url, token=token, timeout=timeout, verify=True, network=network))
        return client

    def _open(self, transport: Transport) -> None:
        self._transport = transport
        self._context = Context(Known(), downloader(self))
        self._closed = False
        self.boards = Boards(self)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self._transport.url!r})"

    def close(self) -> None:
        """Close the connection. Results that were not downloaded yet can no longer be."""
        self._closed = True
        self._transport.close()

    def run(self, flow: Runs[ResultOf], *, timeout: float | None = None) -> ResultOf:
        """Run a workflow and wait for its result.

        `timeout` is in seconds, from the call to the result; None waits for ever, also while the server is away. When
        time is up the batch stays on the server: `attach` waits for it again, `cancel` removes it. Ctrl-C cancels it.

        Raises ValidationError, ConnectionError, APIError and the kinds of WorkflowError.
        """
        result: ResultOf = self._drive(run(checked(flow), self._context, self._deadline(timeout)))
        return result

    def submit(self, flow: Runs[ResultOf], *, timeout: float | None = None) -> Job[ResultOf]:
        """Submit a workflow without waiting for it. `timeout` is in seconds, for the submission alone.

        Raises ValidationError, ConnectionError, APIError and the kinds of WorkflowError.
        """
        workflow = checked(flow)
        return Job(self, type(workflow), self._drive(start(workflow, self._context, self._deadline(timeout))))

    def attach(self, workflow: type[Runs[ResultOf]], submission: Submission) -> Job[ResultOf]:
        """Take up a run that was submitted before, by this process or another one. Asks the server nothing yet."""
        return Job(self, checked_class(workflow), Submitting(submission))

    def check(self, workflow: type[Workflow]) -> list[str]:
        """How the server's nodes differ from those that a workflow class was made for; empty when they do not.

        Raises StaleWorkflowError, ConnectionError and APIError.
        """
        return self._drive(drift(pins_of(workflow)))

    def cancel(self, batch_id: str) -> None:
        """Cancel what is left of a batch. Raises ConnectionError and APIError."""
        self._drive(cancel_batch(batch_id))

    def upload(self, image: ImageInput) -> Image:
        """Upload an image once, to use it in many runs. Raises OSError, TypeError, ConnectionError and APIError."""
        if isinstance(image, Image):
            return image
        stored = self._drive(upload(in_thread(read_file, Read(image, "image")), is_intermediate=False))
        assert isinstance(stored, StoredImage)  # as every answer to an image is
        return Image(stored.image_name, stored.width, stored.height, None, downloader(self))

    def download(self, medium: Image | Video) -> bytes:
        """Download an image or a video. Raises APIError when the server no longer has it, and ConnectionError."""
        buffer = BytesIO()
        self._drive(download(medium, buffer))
        return buffer.getvalue()

    def save(self, medium: Image | Video, path: str | os.PathLike[str]) -> Path:
        """Download an image or a video to a file, whole or not at all, and return its path.

        A folder, or a path that ends in a slash or has no suffix, gets a file of the server's name in it; missing
        folders are made. Raises what `download` raises, and OSError.
        """
        scrap = in_thread(Scrap, medium.name, path)
        try:
            self._drive(download(medium, scrap.file))
            return in_thread(scrap.keep)
        except BaseException:
            in_thread(scrap.drop)
            raise

    def version(self) -> str:
        """The server's version, such as `6.14.2`. Raises ConnectionError and APIError."""
        return self._drive(server_version())

    def openapi(self) -> dict[str, Any]:
        """The server's openapi document. Raises ConnectionError and APIError."""
        document: dict[str, Any] = parse(self._drive(fetch(Request("GET", "/openapi.json"))))
        return document

    def models(self) -> list[dict[str, Any]]:
        """The models on the server, as it lists them. Raises ConnectionError and APIError."""
        return [record.model_dump() for record in self._drive(list_models())]

    def _finish(self, workflow: type[Workflow], state: Submitting, timeout: float | None) -> Any:
        return self._drive(finish(workflow, state, self._context, self._deadline(timeout)))

    def _deadline(self, timeout: float | None) -> Deadline:
        return Deadline.after(timeout, time.monotonic)

    def _drive(self, steps: Steps[T]) -> T:
        if self._closed:
            raise RuntimeError("the client is closed")
        return drive(steps, self._do)

    def _do(self, step: Step) -> Any:
        match step:
            case Sleep():
                return sleep(step.seconds)
            case Read():
                return in_thread(read_file, step)
        return self._transport.send(step)


Client.__module__ = "invokable"  # as users import it
