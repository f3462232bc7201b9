"""Thumbnails: the small pictures that the server keeps for models, workflows and style presets.

A record says whether there is one: servers answer the request for a missing thumbnail with a 500.
"""

from __future__ import annotations

from invokable.runtime.steps.exchange.fetching import fetch, fetch_as
from invokable.runtime.steps.exchange.protocol import File, Request, Response, Steps
from invokable.runtime.steps.exchange.responses import not_invokeai, parse


def get_thumbnail(path: str) -> Steps[bytes]:
    """A thumbnail as stored on the server: PNG or WebP."""
    return (yield from fetch_as(Request("GET", path), picture))


def set_thumbnail(method: str, path: str, file: File) -> Steps[None]:
    """Set or replace a thumbnail. Raises APIError if the file is not a picture."""
    parse((yield from fetch(Request(method, path, file=file, part="image"))))


def picture(response: Response) -> bytes:
    """The picture in an answer. Raises APIError, and NotInvokeAIError if it is not a picture."""
    kind = response.content_type.partition(";")[0].strip()
    if response.status != 200:
        parse(response)
    if not kind.startswith("image/") or not response.body:
        raise not_invokeai(response.url, f"answered {response.status} with {kind or 'no content type'}, not a picture")
    return response.body
