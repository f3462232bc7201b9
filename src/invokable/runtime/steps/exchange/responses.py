"""Responses: the only place where the server's answers are parsed.

A refusal is an APIError; an answer of another shape than in `answers` is a NotInvokeAIError, whatever sent it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from invokable.contract.nearest import choice_suggestion
from invokable.runtime.errors import APIError, AuthenticationError, NotFoundError, NotInvokeAIError
from invokable.runtime.steps.exchange.protocol import Response

T = TypeVar("T")

_DETAIL: Final = 2000  # characters of the server's message that an error keeps


def read(response: Response, kind: type[T]) -> T:
    """Parse an answer as `kind`. Raises APIError for a refusal, NotInvokeAIError if it is not an answer of InvokeAI."""
    _check(response)
    try:
        found: T = _adapter(kind).validate_json(response.body)  # type: ignore[arg-type]  # a class is hashable
        return found
    except ValidationError as error:
        raise _misfit(error, response.url) from None


def shaped(value: object, kind: type[T], *, where: str) -> T:
    """Parse part of an answer as `kind`. Raises NotInvokeAIError, which says `where` the part was found."""
    try:
        found: T = _adapter(kind).validate_python(value)  # type: ignore[arg-type]  # a class is hashable
        return found
    except ValidationError as error:
        raise _misfit(error, where) from None


def parse(response: Response) -> Any:
    """The JSON of an answer. Raises APIError for a refusal, NotInvokeAIError if it is not an answer of InvokeAI."""
    _check(response)
    try:
        return json.loads(response.body)
    except (ValueError, RecursionError):
        raise _broken(response.url) from None


def _check(response: Response) -> None:
    """Raise APIError for a refusal, and NotInvokeAIError for anything that is not declared as JSON.

    At an unknown path, InvokeAI answers GET with its web page and status 200, and other methods with 405.
    """
    is_json = response.is_json
    elsewhere = response.status == 405 or (response.status == 404 and not is_json)
    if response.status >= 400 and not elsewhere:
        kind_of_error = AuthenticationError if response.status == 401 else APIError
        raise kind_of_error(response.status, detail_of(response), method=response.method, url=response.url)
    if elsewhere or not is_json or response.status >= 300:
        kind = response.content_type.partition(";")[0] or "no content type"
        where = f" to {response.location}" if response.location else ""
        wanted = "; the server has no such path" if is_json and elsewhere else f" with {kind}; expected JSON"
        raise not_invokeai(response.url, f"answered {response.status}{where}{wanted}")


def existing(response: Response, missing: NotFoundError) -> Any:
    """The JSON of an answer. Raises `missing` for a 404, and otherwise the same exceptions as `parse`."""
    try:
        return parse(response)
    except APIError as error:
        if error.status == 404:
            raise missing from error
        raise


def not_invokeai(url: str, what: str) -> NotInvokeAIError:
    """The error for an answer that does not come from InvokeAI."""
    return NotInvokeAIError(f"{url}: {what}; is this the address of an InvokeAI server?", url=url, sent=True)


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _broken(url: str) -> NotInvokeAIError:
    return not_invokeai(url, "answered with invalid JSON")


def _misfit(error: ValidationError, url: str) -> NotInvokeAIError:
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return _broken(url)
    where = ".".join(map(str, first["loc"])) or "the document"
    return not_invokeai(url, f"the answer is not in InvokeAI's format ({where}: {first['msg']})")


def detail_of(response: Response) -> str:
    """The server's message for a refusal, on one line."""
    if not response.is_json:
        return f"({response.content_type or 'no content type'})"
    try:
        document = json.loads(response.body)
    except (ValueError, RecursionError):
        return "(invalid JSON)"
    detail = document.get("detail", document) if isinstance(document, dict) else document
    if isinstance(detail, list):
        text = "; ".join(_problem(entry) for entry in detail)
    else:
        text = detail if isinstance(detail, str) else json.dumps(detail)
    text = " ".join(text.split())
    return text if len(text) <= _DETAIL else f"{text[:_DETAIL]}…"


def _problem(entry: Any) -> str:
    """One of a list of problems, without its `input`, which echoes what was sent, but with the nearest valid word."""
    if not isinstance(entry, dict):
        return str(entry)
    where = entry.get("loc")
    message = str(entry.get("msg", ""))[:400]
    message += _meant(entry)
    return f"{'.'.join(map(str, where))}: {message}" if isinstance(where, Sequence) and where else message


def _meant(problem: dict[Any, Any]) -> str:
    """` (did you mean …?)` for a word that is not among those expected."""
    context = problem.get("ctx")
    return choice_suggestion(problem.get("input"), str(context.get("expected"))) if isinstance(context, dict) else ""
