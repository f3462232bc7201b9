"""Protocol: what steps may ask of a client, and what they get back.

A run is a generator of steps that decides and does no I/O. It yields

    Request   and is sent the Response; where the server was not reached, ConnectionError is thrown into it
    Read      and is sent the File; where it cannot be read, OSError or TypeError is thrown into it
    Sleep     and is sent nothing
    AskPolicy and is sent the client's Policy

The clients are thin drivers of steps. An interrupt is thrown into the generator too, which may then clean up with
further steps.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, Literal, TypeAlias, TypeVar

from invokable.runtime.errors import CertificateError, ConnectionError  # noqa: A004
from invokable.runtime.steps.logs import LOG
from invokable.runtime.steps.policy import Policy, is_busy

T = TypeVar("T")


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
class AskPolicy:
    """Ask the client how patient it is."""


Step: TypeAlias = Request | Read | Sleep | AskPolicy
Steps: TypeAlias = Generator[Step, Any, T]


def fetch(request: Request) -> Steps[Response]:
    """Send a request that may be repeated, again while the server is away or busy."""
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
            if not is_busy(response.status, method=request.method, own_words=response.is_json):
                return response
            asked = response.retry_after
            LOG.info("%s %s: answered %d; attempt %d", request.method, request.path, response.status, attempt + 1)
        yield Sleep(policy.pause(attempt, asked))
        if request.into is not None:
            request.into.seek(0)
            request.into.truncate()
    last: Response = yield request
    return last


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
