"""Protocol: what steps may ask of a client, and what they get back.

A run is a generator of steps that decides and does no I/O. It yields

    Request   and is sent the Response; where the server was not reached, ConnectionError is thrown into it
    Read      and is sent the File; where it cannot be read, OSError or TypeError is thrown into it
    Sleep     and is sent nothing
    Listen    and is sent the Ear for a batch, which hears of it from then on if the server's events can be had
    Await     and is sent what the Ear has Heard, once there is something, or after some seconds
    Ask       and is sent what its own steps return; a client may ask for several runs at once
    Tell      and is sent nothing: events for whoever watches the run

The clients are thin drivers of steps. An interrupt is thrown into the generator too, which may then clean up with
further steps.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, Final, Literal, Protocol, TypeAlias, TypeVar

from invokable.runtime.errors import ConnectionError  # noqa: A004
from invokable.runtime.values.events import JobEvent

T = TypeVar("T")

_PAUSES: Final = (0.2, 0.8, 2.0)  # seconds before each further attempt
_BUSY: Final = frozenset({429, 502, 503, 504})
_LONGEST_PAUSE: Final = 30.0  # seconds that a server may ask us to wait


@dataclass(frozen=True, slots=True)
class File:
    """A file to upload."""

    kind: Literal["image", "video"]
    content: bytes = field(repr=False)
    suffix: str = ""
    content_type: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request below the server's address."""

    method: str
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    json: Any = None
    file: File | None = None
    into: BinaryIO | None = None
    """Where the body of a 200 answer goes, instead of into the Response."""
    timeout: float | None = None
    """Seconds that the exchange may take, if that is less than the client's own limit."""


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


Step: TypeAlias = Request | Read | Sleep | Listen | Await | Ask | Tell
Steps: TypeAlias = Generator[Step, Any, T]


def fetch(request: Request) -> Steps[Response]:
    """Send a request that may be repeated, again while the server is away or busy."""
    for pause in _PAUSES:
        try:
            response: Response = yield request
        except ConnectionError:
            yield Sleep(pause)
        else:
            if response.status not in _BUSY:
                return response
            yield Sleep(asked_pause(response, pause))
        if request.into is not None:
            request.into.seek(0)
            request.into.truncate()
    last: Response = yield request
    return last


def asked_pause(response: Response, pause: float) -> float:
    """Seconds to wait before the next attempt: what the server asks for, within reason, else `pause`."""
    return pause if response.retry_after is None else min(max(response.retry_after, pause), _LONGEST_PAUSE)


def one_by_one(several: Iterable[Steps[T]]) -> Steps[list[T]]:
    """What each of several returns, one after the other."""
    found = []
    for steps in several:
        found.append((yield from steps))  # noqa: PERF401  (a comprehension cannot yield)
    return found


def shortened(step: Step, seconds: float) -> Step:
    """A step that takes at most that long."""
    match step:
        case Sleep() | Await() | Listen():
            return replace(step, seconds=min(step.seconds, seconds))
        case Request() | Ask():
            return replace(step, timeout=seconds if step.timeout is None else min(step.timeout, seconds))
    return step
