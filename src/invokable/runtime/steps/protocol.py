"""Protocol: what steps may ask of a client, and what they get back.

A run is a generator of steps that decides and does no I/O. It yields

    Request   and is sent the Response; where the server was not reached, ConnectionError is thrown into it
    Read      and is sent the File; where it cannot be read, OSError or TypeError is thrown into it
    Sleep     and is sent nothing

The clients are thin drivers of steps. An interrupt is thrown into the generator too, which may then clean up with
further steps.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, Final, Literal, TypeAlias, TypeVar
from urllib.parse import quote

from invokable.runtime.errors import ConnectionError  # noqa: A004

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
    part: str = "file"
    """What the form calls the file."""
    form: Mapping[str, str] = field(default_factory=dict)
    """Fields of a form, beside the file if there is one."""
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


Step: TypeAlias = Request | Read | Sleep
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


def in_path(part: object) -> str:
    """A name or an id as a part of a path."""
    return quote(str(part), safe="")


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
        case Sleep():
            return Sleep(min(step.seconds, seconds))
        case Request():
            return replace(step, timeout=seconds if step.timeout is None else min(step.timeout, seconds))
    return step
