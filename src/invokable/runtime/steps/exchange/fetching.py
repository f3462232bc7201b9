"""Fetching: requests that are safe to repeat, sent until the server answers, and the parts of their paths."""

from __future__ import annotations

from collections.abc import Callable, Container
from urllib.parse import quote

from invokable.runtime.errors import CertificateError, ConnectionError, NotInvokeAIError  # noqa: A004
from invokable.runtime.steps.exchange.logs import LOG
from invokable.runtime.steps.exchange.policy import Policy, is_busy
from invokable.runtime.steps.exchange.protocol import GetPolicy, Request, Response, Sleep, Steps, T
from invokable.runtime.values.characters import check_characters


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
