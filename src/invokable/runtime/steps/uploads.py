"""Uploads: files onto the server, equal ones once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from invokable.runtime.errors import APIError
from invokable.runtime.steps.answers import StoredImage, StoredVideo, read
from invokable.runtime.steps.protocol import File, Request, Steps, fetch


class RefusedFileError(Exception):
    """The server does not take a file; holds the server's words."""


@dataclass(slots=True)
class Uploads:
    """What was uploaded for one run: the name of each distinct file."""

    names: dict[File, str] = field(default_factory=dict)

    def add(self, file: File) -> Steps[None]:
        """Upload a file as intermediate, unless an equal one was.

        Raises RefusedFileError, APIError and ConnectionError.
        """
        if file in self.names:
            return
        try:
            stored = yield from upload(file, is_intermediate=True)
        except APIError as error:
            if error.status == 415:
                raise RefusedFileError(error.detail) from None
            raise
        self.names[file] = stored.image_name if isinstance(stored, StoredImage) else stored.video_name

    def wire(self, file: File) -> dict[str, str]:
        """A file that was uploaded, as a field's value has it."""
        return {f"{file.kind}_name": self.names[file]}


def upload(file: File, *, is_intermediate: bool) -> Steps[StoredImage | StoredVideo]:
    """Upload a file. Raises APIError and ConnectionError.

    It is repeated while the server is away or busy: a file that arrives twice only leaves a spare copy.
    """
    params = {f"{file.kind}_category": "user", "is_intermediate": str(is_intermediate).lower()}
    response = yield from fetch(Request("POST", f"/api/v1/{file.kind}s/upload", params, file=file))
    return read(response, StoredImage) if file.kind == "image" else read(response, StoredVideo)


def replaced(value: Any, wire: Callable[[File], Mapping[str, str]]) -> Any:
    """A JSON value in which files stand, with what `wire` makes of each; what holds no file stays the same object."""
    if isinstance(value, File):
        return wire(value)
    if isinstance(value, list):
        items = [replaced(item, wire) for item in value]
        return value if all(new is old for new, old in zip(items, value, strict=True)) else items
    if isinstance(value, dict):
        members = {key: replaced(item, wire) for key, item in value.items()}
        return value if all(members[key] is value[key] for key in value) else members
    return value
