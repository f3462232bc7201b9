"""Protocol: what steps may ask of a client, and what they get back.

A run is a generator of steps that decides and does no I/O. It yields

    Request   and is sent the Response; where the server was not reached, ConnectionError is thrown into it
    Read      and is sent the File; where it cannot be read, OSError or TypeError is thrown into it
    Sleep     and is sent nothing
    Listen    and is sent the Ear for a batch, which hears of it from then on if the server's events can be had
    Await     and is sent what the Ear has Heard, once there is something, or after some seconds
    Ask       and is sent what its own steps return; a client may ask for several runs at once
    Tell      and is sent nothing: events for whoever watches the run
    AskPolicy and is sent the client's Policy

The clients are thin drivers of steps. An interrupt is thrown into the generator too, which may then clean up with
further steps.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, Literal, Protocol, TypeAlias, TypeVar
from urllib.parse import quote

from invokable.runtime.errors import CertificateError, ConnectionError, NotInvokeAIError  # noqa: A004
from invokable.runtime.steps.logs import LOG
from invokable.runtime.steps.policy import Policy, is_busy
from invokable.runtime.values.events import JobEvent

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class File:
    """A file to upload."""

    kind: Literal["image", "video"]
    content: bytes = field(repr=False)
    suffix: str = ""
    content_type: str = ""


@dataclass(slots=True)
class Sent:
    """Whether a request may have arrived: noted by what sends it, so that it is known after an interrupt too."""

    begun: bool = False
    """What completes the request, its body, has begun to leave."""


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request below the server's address."""

    method: str
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    json: Any = None
    file: File | None = None
    part: str = "file"
    """What the form calls the file."""
    form: Mapping[str, str] = field(default_factory=dict)
    """Fields of a form, beside the file if there is one."""
    into: BinaryIO | None = None
    """Where the body of a 200 answer goes, instead of into the Response."""
    timeout: float | None = None
    """Seconds that the exchange may take, if that is less than the client's own limit."""
    sent: Sent = field(default_factory=Sent, repr=False, compare=False)
    """What became of the last attempt to send it."""


@dataclass(frozen=True, slots=True)
class Response:
    """What came back, read to its end."""

    status: int
    content_type: str
    body: bytes
    method: str
    url: str
    retry_after: float | None = None
    """Seconds that the server asks to wait before the next attempt."""
    new_token: str | None = field(default=None, repr=False)
    """The token that takes the place of the one that was sent."""
    location: str = ""
    """Where a redirect leads. It is not followed."""

    @property
    def is_json(self) -> bool:
        """Whether it says that it is JSON."""
        return self.content_type.partition(";")[0].strip() in ("application/json", "application/problem+json")


@dataclass(frozen=True, slots=True)
class Read:
    """Read what an image or a video input was given."""

    value: object
    kind: Literal["image", "video"]


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait that many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Note:
    """What the server's events say, as far as it matters here."""

    name: str
    """The event's own name."""
    item_id: int
    """The queue item; 0 where it is about several."""
    content: Mapping[str, Any]


class Ear(Protocol):
    """What a client keeps of the events about a batch, for as long as somebody holds it."""

    @property
    def line(self) -> int:
        """The number of the connection that events come by at the moment; 0 while none do."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What an ear has heard."""

    notes: Sequence[Note] = ()
    upto: int = 0
    """Where the next look at the ear begins."""
    line: int = 0
    """As of the ear, before the notes were taken: from one look to the next nothing was lost if it is the same."""


@dataclass(frozen=True, slots=True)
class Listen:
    """Begin to hear of a batch. It may take that long until events can be had; later ones are heard in any case."""

    batch_id: str
    seconds: float
    every: bool = True
    """Whether somebody may want to know of each node, rather than of results and ends alone."""


@dataclass(frozen=True, slots=True)
class Await:
    """Wait for that many seconds, or until there are further notes, or the line is another one."""

    ear: Ear | None
    since: int
    line: int
    seconds: float
    every: bool = False
    """Whether any note will do, rather than one of an end."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask something about queue items."""

    ask: Callable[[Sequence[int], Any], Steps[dict[int, Any]]]
    """The steps that ask about any number of items, with what the client knows of the server."""
    item_ids: tuple[int, ...]
    known: Any
    timeout: float | None = None
    """Seconds that the answer may take."""


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell whoever watches the run."""

    events: Sequence[JobEvent]


@dataclass(frozen=True, slots=True)
class AskPolicy:
    """Ask the client how patient it is."""


Step: TypeAlias = Request | Read | Sleep | Listen | Await | Ask | Tell | AskPolicy
Steps: TypeAlias = Generator[Step, Any, T]


def fetch(request: Request, *, final: Container[int] = ()) -> Steps[Response]:
    """Send a request that may be repeated, again while the server is away or busy; a `final` status ends it at once."""
    policy: Policy = yield AskPolicy()
    for attempt in range(policy.retries):
        try:
            response: Response = yield request
        except CertificateError:
            raise
        except ConnectionError as error:
            asked = None
            LOG.info("%s %s: %s; attempt %d", request.method, request.path, error, attempt + 1)
        else:
            is_final = response.status in final
            if is_final or not is_busy(response.status, method=request.method, own_words=response.is_json):
                return response
            asked = response.retry_after
            LOG.info("%s %s: answered %d; attempt %d", request.method, request.path, response.status, attempt + 1)
        yield Sleep(policy.pause(attempt, asked))
        _rewind(request)
    last: Response = yield request
    return last


def fetch_as(request: Request, read: Callable[[Response], T]) -> Steps[T]:
    """The same for what the server is known to answer well: an answer that cannot be `read` is another reason."""
    policy: Policy = yield AskPolicy()
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


def in_path(part: object) -> str:
    """A name or an id as a part of a path."""
    return quote(str(part), safe="")


def one_by_one(several: Iterable[Steps[T]]) -> Steps[list[T]]:
    """What each of several returns, one after the other."""
    found = []
    for steps in several:
        found.append((yield from steps))  # noqa: PERF401  (a comprehension cannot yield)
    return found


def shortened(step: Step, seconds: float) -> Step:
    """A step that takes at most that long."""
    match step:
        case Sleep() | Await() | Listen() if step.seconds > seconds:
            return replace(step, seconds=seconds)
        case Request() | Ask() if step.timeout is None or step.timeout > seconds:
            return replace(step, timeout=seconds)
    return step
