"""Protocol: what steps yield to a client, and what they get back.

A run is a generator that makes decisions and does no I/O. It yields

    Request      and receives the Response; if the server is unreachable, ConnectionError is thrown into it
    ReadFile     and receives the File; if it cannot be read, OSError or TypeError is thrown into it
    Sleep        and receives nothing
    Subscribe    and receives a Subscription to the events of a batch, from then on, if they are available
    AwaitEvents  and receives the ReceivedEvents of a Subscription, once there are any, or after some seconds
    ReadItems    and receives the queue items; a client may read those of several runs at once
    Report       and receives nothing: events for those who watch the run
    GetPolicy    and receives the client's Policy

The clients are thin drivers of steps. An interrupt is also thrown into the generator, which may then yield further
steps to clean up.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, Protocol, TypeAlias, TypeVar
from urllib.parse import quote

from invokable.contract.fields import MediaKind
from invokable.runtime.errors import CertificateError, ConnectionError, InvokableError, NotInvokeAIError  # noqa: A004
from invokable.runtime.steps.exchange.logs import LOG
from invokable.runtime.steps.exchange.policy import Policy, is_busy
from invokable.runtime.values.characters import check_characters
from invokable.runtime.values.events import JobEvent

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class File:
    """A file to upload."""

    kind: MediaKind
    content: bytes = field(repr=False)
    suffix: str = ""
    content_type: str = ""


@dataclass(slots=True)
class Transmission:
    """How far sending a request got. The sender records it, so that it is known even after an interrupt."""

    may_have_arrived: bool = False
    """Whether the last part of the request, its body, was being written."""


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request below the server's address."""

    method: str
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    json: Any = None
    file: File | None = None
    part: str = "file"
    """The name of the file's form field."""
    form: Mapping[str, str] = field(default_factory=dict)
    """Other fields of the form."""
    into: BinaryIO | None = None
    """Where to write the body of a 200 answer, instead of into the Response."""
    plain: bool = False
    """Whether the answer is to come uncompressed, because compressing it would cost more time than it saves."""
    timeout: float | None = None
    """Timeout of the exchange in seconds, if shorter than the client's own."""
    transmission: Transmission = field(default_factory=Transmission, repr=False, compare=False)
    """The state of the last attempt to send it."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer, read to its end."""

    status: int
    content_type: str
    body: bytes
    method: str
    url: str
    retry_after: float | None = None
    """Seconds the server asks us to wait before the next attempt."""
    new_token: str | None = field(default=None, repr=False)
    """The token that replaces the one that was sent."""
    location: str = ""
    """Where a redirect leads. It is not followed."""
    disposition: str = ""
    """The Content-Disposition, which has the name of a file."""

    @property
    def is_json(self) -> bool:
        """Whether its content type is JSON."""
        return self.content_type.partition(";")[0].strip() in ("application/json", "application/problem+json")


@dataclass(frozen=True, slots=True)
class ReadFile:
    """Read the value of an image or a video input."""

    value: object
    kind: MediaKind


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait for some seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """The useful part of an event of the server."""

    name: str
    """The name of the event."""
    item_id: int
    """The queue item; 0 if the event is about several."""
    content: Mapping[str, Any]


class Subscription(Protocol):
    """Collects the events about a batch, while a reference to it is held."""

    @property
    def is_alive(self) -> bool:
        """Whether it may still receive events. After a fork it does not."""

    @property
    def connection_id(self) -> int:
        """The connection that receives events; 0 if there is none."""


@dataclass(frozen=True, slots=True)
class ReceivedEvents:
    """The events that a subscription has collected."""

    events: Sequence[ServerEvent] = ()
    end: int = 0
    """Where the next reading starts."""
    connection_id: int = 0
    """The connection before the events were read. If it is the same in two readings, nothing was lost in between."""
    runs: int = 1
    """Runs that the client follows at present."""


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Start collecting the events of a batch, after waiting up to `seconds` for the connection."""

    batch_id: str
    seconds: float
    watched: bool = True
    """Whether the events of the run are watched. Otherwise, only results and ends are collected."""


@dataclass(frozen=True, slots=True)
class AwaitEvents:
    """Wait for some seconds, or until there are new events or the connection has changed."""

    subscription: Subscription | None
    since: int
    connection_id: int
    seconds: float
    any_event: bool = False
    """Whether any new event ends the wait, or only one about an end."""


@dataclass(frozen=True, slots=True)
class ReadItems:
    """Read queue items. Those that several runs read in the same way are requested together."""

    read: ReadById
    """The steps that read any number of items, given what the client knows about the server."""
    item_ids: tuple[int, ...]
    cache: Any
    timeout: float | None = None
    """Timeout for the answer, in seconds."""


@dataclass(frozen=True, slots=True)
class Report:
    """Report events to those who watch the run. Raises CallbackFailed."""

    events: Sequence[JobEvent]


class CallbackFailed(Exception):  # noqa: N818  (thrown into steps, which pass it on)
    """A callback raised one of the client's own errors, which steps would take for theirs."""

    def __init__(self, error: InvokableError) -> None:
        super().__init__(str(error))
        self.error = error


@dataclass(frozen=True, slots=True)
class GetPolicy:
    """Get the client's Policy."""


Step: TypeAlias = Request | ReadFile | Sleep | Subscribe | AwaitEvents | ReadItems | Report | GetPolicy
Steps: TypeAlias = Generator[Step, Any, T]
ReadById: TypeAlias = Callable[[Sequence[int], Any], Steps[dict[int, Any]]]


def fetch(request: Request, *, final: Container[int] = ()) -> Steps[Response]:
    """Send a repeatable request, and retry while the server is unreachable or busy, unless the status is `final`."""
    policy: Policy = yield GetPolicy()
    for attempt in range(policy.retries):
        try:
            response: Response = yield request
        except CertificateError:
            raise
        except ConnectionError as error:
            retry_after = None
            LOG.info("%s %s: %s; attempt %d", request.method, request.path, error, attempt + 1)
        else:
            is_final = response.status in final
            if is_final or not is_busy(response.status, method=request.method, from_invokeai=response.is_json):
                return response
            retry_after = response.retry_after
            LOG.info("%s %s: answered %d; attempt %d", request.method, request.path, response.status, attempt + 1)
        yield Sleep(policy.pause(attempt, retry_after))
        _rewind(request)
    last: Response = yield request
    return last


def fetch_as(request: Request, read: Callable[[Response], T]) -> Steps[T]:
    """Like `fetch`, for requests that the server is known to support: also retry if the answer cannot be `read`."""
    policy: Policy = yield GetPolicy()
    for attempt in range(policy.retries):
        response = yield from fetch(request)
        try:
            return read(response)
        except NotInvokeAIError as error:
            LOG.info("%s %s: %s; attempt %d", request.method, request.path, error, attempt + 1)
        yield Sleep(policy.pause(attempt))
        _rewind(request)
    return read((yield from fetch(request)))


def _rewind(request: Request) -> None:
    if request.into is not None:
        request.into.seek(0)
        request.into.truncate()


def in_path(part: object, unsuitable: Exception | None = None) -> str:
    """A name or an id, quoted as a part of a path.

    Raises `unsuitable`, if given, for one that changes the path, and ValueError for one that is not text.
    """
    text = str(part)
    check_characters(text)
    if unsuitable is not None and (not text.strip(".") or "/" in text):
        raise unsuitable
    return quote(text, safe="")


def one_by_one(several: Iterable[Steps[T]]) -> Steps[list[T]]:
    """Run several steps one after the other, and return their results."""
    found = []
    for steps in several:
        found.append((yield from steps))  # noqa: PERF401  (a comprehension cannot yield)
    return found


def shortened(step: Step, seconds: float) -> Step:
    """A step that takes at most `seconds`."""
    match step:
        case Sleep() | AwaitEvents() | Subscribe() if step.seconds > seconds:
            return replace(step, seconds=seconds)
        case Request() | ReadItems() if step.timeout is None or step.timeout > seconds:
            return replace(step, timeout=seconds)
    return step
