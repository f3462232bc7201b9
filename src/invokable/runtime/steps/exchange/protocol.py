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

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Protocol, TypeAlias, TypeVar

from invokable.contract.fields import MediaKind
from invokable.runtime.errors import InvokableError
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
