"""Protocol: what a flow may ask for, and how an answer is read.

A flow is a generator that decides and does no I/O: it yields a Request or a Sleep, and is sent the Response; where the
server was not reached, ConnectionError is thrown into it. The clients are thin drivers of flows.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, TypeVar

from invokable.runtime.errors import APIError, ConnectionError, NotInvokeAIError  # noqa: A004

T = TypeVar("T")

_ATTEMPTS: Final = 4
_BACKOFF: Final = (0.2, 0.8, 2.0)  # seconds before each further attempt
_BUSY: Final = frozenset({429, 502, 503, 504})
_DETAIL: Final = 2000  # characters of the server's words that an error keeps


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request below the server's address."""

    method: str
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    json: Any = None
    file: tuple[str, bytes, str] | None = None
    """Name, content and content type of the file to upload."""


@dataclass(frozen=True, slots=True)
class Response:
    """What came back, read to its end."""

    status: int
    content_type: str
    body: bytes
    method: str
    url: str


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait that many seconds."""

    seconds: float


Step: TypeAlias = Request | Sleep
Flow: TypeAlias = Generator[Step, Any, T]


def send(request: Request) -> Flow[Any]:
    """Send a request once and return the JSON of its answer. Raises ConnectionError and APIError."""
    return parse((yield request))


def fetch(request: Request) -> Flow[Any]:
    """Send a request that may be repeated, again while the server is away or busy; return the JSON of its answer."""
    return parse((yield from fetch_raw(request)))


def fetch_raw(request: Request) -> Flow[Response]:
    """As `fetch`, and return the answer as it is."""
    for attempt in range(_ATTEMPTS):
        last = attempt == _ATTEMPTS - 1
        try:
            response: Response = yield request
        except ConnectionError:
            if last:
                raise
        else:
            if response.status not in _BUSY or last:
                return response
        yield Sleep(_BACKOFF[attempt])
    raise AssertionError("the last attempt returns or raises")


def parse(response: Response) -> Any:
    """The JSON of an answer. Raises APIError for a refusal and NotInvokeAIError for what is no answer of the API.

    At an address that is not its own InvokeAI answers GET with its web page and status 200, and all else with 405.
    """
    is_json = response.content_type.partition(";")[0].strip() in ("application/json", "application/problem+json")
    elsewhere = response.status == 405 or (response.status == 404 and not is_json)
    if response.status >= 400 and not elsewhere:
        raise APIError(response.status, _detail(response, is_json), method=response.method, url=response.url)
    if elsewhere or not is_json or response.status >= 300:
        kind = response.content_type.partition(";")[0] or "no content type"
        raise NotInvokeAIError(
            f"{response.url}: the answer ({response.status}, {kind}) is not InvokeAI's: is the address right?",
            url=response.url,
            sent=True,
        )
    try:
        return json.loads(response.body)
    except ValueError:
        raise NotInvokeAIError(f"{response.url}: answered with broken JSON", url=response.url, sent=True) from None


def _detail(response: Response, is_json: bool) -> str:
    """The server's own words, on one line."""
    if not is_json:
        return f"({response.content_type or 'no content type'})"
    try:
        document = json.loads(response.body)
    except ValueError:
        return "(broken JSON)"
    detail = document.get("detail", document) if isinstance(document, dict) else document
    if isinstance(detail, list):
        text = "; ".join(_problem(entry) for entry in detail)
    else:
        text = detail if isinstance(detail, str) else json.dumps(detail)
    text = " ".join(text.split())
    return text if len(text) <= _DETAIL else f"{text[:_DETAIL]}…"


def _problem(entry: Any) -> str:
    """One of a list of problems; its `input` is left out, since it echoes what was sent."""
    if not isinstance(entry, dict):
        return str(entry)
    where: Sequence[Any] = entry.get("loc", ())
    message = str(entry.get("msg", ""))[:400]
    return f"{'.'.join(map(str, where))}: {message}" if where else message
