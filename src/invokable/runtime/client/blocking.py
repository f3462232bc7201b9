"""Client: runs flows over HTTP, and owns the connection."""

from __future__ import annotations

import ssl
import time
from types import TracebackType
from typing import Any, Protocol, TypeVar

from invokable.runtime.client._http import Transport
from invokable.runtime.client.reading import post_file, read_file
from invokable.runtime.steps import run as running
from invokable.runtime.steps.drift import drift
from invokable.runtime.steps.protocol import Flow, Request, Sleep, fetch, fetch_raw, parse, send
from invokable.runtime.steps.resources import BOARDS, MODELS, Known, find_board
from invokable.runtime.steps.submit import cancel
from invokable.runtime.values.inputs import Board, ImageInput
from invokable.runtime.values.media import Image
from invokable.runtime.values.pins import pins_of
from invokable.runtime.values.workflow import Workflow, WorkflowResult

T = TypeVar("T")
Result = TypeVar("Result", bound=WorkflowResult, covariant=True)


class Runs(Protocol[Result]):
    """A workflow, seen by what it gives."""

    @property
    def Result(self) -> type[Result]:  # noqa: N802  (the generated class's own name)
        """The class of the result."""


class Client:
    """A connection to an InvokeAI server.

        with Client("http://127.0.0.1:9090") as client:
            result = client.run(Portrait(prompt="a fox"))

    Args:
        url: The server's address, with its path prefix if it has one.
        token: Sent as a bearer token, for servers with several users.
        timeout: Seconds for one HTTP exchange; how long a run may take is `run`'s own argument.
        verify: Whether to check the server's certificate; or a file of certificates, or an ssl.SSLContext.
        transport: Takes the place of the network, for tests.

    Raises ValueError for what is no address. Safe to use from one thread at a time.
    """

    def __init__(
        self,
        url: str = "http://127.0.0.1:9090",
        *,
        token: str | None = None,
        timeout: float = 30.0,
        verify: bool | str | ssl.SSLContext = True,
        transport: Any = None,
    ) -> None:
        self._transport = Transport(url, token=token, timeout=timeout, verify=verify, transport=transport)
        self._known = Known()
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

    def run(self, flow: Runs[Result], *, timeout: float | None = None) -> Result:
        """Run a workflow and wait for its result.

        `timeout` is in seconds from the moment it is enqueued; None waits for ever. When it is over the batch stays on
        the server, and `cancel` takes it away. Ctrl-C cancels what is left of it.

        Raises ValidationError, BoardError, ConnectionError, APIError and the kinds of WorkflowError.
        """
        if not isinstance(flow, Workflow):
            raise TypeError(f"run takes a workflow with its values, not {flow!r}")
        return self._drive(
            running.run(flow, timeout=timeout, known=self._known, download=self._download, clock=time.monotonic)
        )

    def check(self, flow: type[Workflow]) -> list[str]:
        """How the server's nodes differ from those that a workflow class was made for; empty when they do not.

        Raises StaleWorkflowError, ConnectionError and APIError.
        """
        return self._drive(drift(pins_of(flow)))

    def cancel(self, batch_id: str) -> None:
        """Cancel what is left of a batch. Raises ConnectionError and APIError."""
        self._drive(cancel(batch_id))

    def upload(self, image: ImageInput) -> Image:
        """Upload an image once, to use it in many runs. Raises OSError, ConnectionError and APIError."""
        if isinstance(image, Image):
            return image
        stored = self._drive(post_file(read_file(image, kind="image"), is_intermediate=False))
        return Image(stored["image_name"], stored["width"], stored["height"], None, self._download)

    def version(self) -> str:
        """The server's version, such as `6.14.2`. Raises ConnectionError and APIError."""
        return str(self._drive(fetch(Request("GET", "/api/v1/app/version")))["version"])

    def openapi(self) -> dict[str, Any]:
        """The server's openapi document. Raises ConnectionError and APIError."""
        document: dict[str, Any] = self._drive(fetch(Request("GET", "/openapi.json")))
        return document

    def models(self) -> list[dict[str, Any]]:
        """The models on the server, as it lists them. Raises ConnectionError and APIError."""
        models: list[dict[str, Any]] = self._drive(fetch(Request("GET", MODELS)))["models"]
        return models

    def _download(self, path: str) -> bytes:
        response = self._drive(fetch_raw(Request("GET", path)))
        if response.status != 200 or response.content_type.startswith("text/html"):
            parse(response)
        return response.body

    def _drive(self, flow: Flow[T]) -> T:
        """Do what a flow asks for, until it returns."""
        if self._closed:
            raise RuntimeError("the client is closed")
        reply: Any = None
        problem: BaseException | None = None
        while True:
            try:
                step = flow.send(reply) if problem is None else flow.throw(problem)
            except StopIteration as stop:
                value: T = stop.value
                return value
            reply = problem = None
            try:
                if isinstance(step, Sleep):
                    time.sleep(step.seconds)
                else:
                    reply = self._transport.send(step)
            except BaseException as error:  # flows decide what it means, and clean up
                problem = error


class Boards:
    """The boards of a server."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self) -> list[Board]:
        """All boards. Raises ConnectionError and APIError."""
        boards = self._client._drive(fetch(Request("GET", BOARDS, {"all": "true"})))
        return [Board(id=board["board_id"], name=board["board_name"]) for board in boards]

    def find(self, name: str) -> Board:
        """The board of that name. Raises BoardError when there is none, or several."""
        return self._client._drive(find_board(name))

    def create(self, name: str) -> Board:
        """Make a board. The server lets several have one name. Raises ConnectionError and APIError."""
        board = self._client._drive(send(Request("POST", BOARDS, {"board_name": name})))
        return Board(id=board["board_id"], name=board["board_name"])
