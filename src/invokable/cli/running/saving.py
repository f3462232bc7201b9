"""Saving: the images and videos of a result onto the disk, over no file that is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from invokable import Client, Image, Video, WorkflowResult
from invokable.cli.running.pattern import Pattern, reserve

_NOT_OUTPUTS = frozenset(WorkflowResult.__annotations__)


@dataclass(frozen=True, slots=True)
class Saved:
    """A file that was written."""

    attribute: str
    index: int
    """Its place among the files of the attribute, from 0."""
    path: Path
    medium: Image | Video


def save_all(result: WorkflowResult, pattern: Pattern, client: Client, *, force: bool) -> Iterator[Saved]:
    """Save every file of a result, and yield each as it is there. Raises OSError and what a download raises."""
    for attribute, value in outputs_of(result).items():
        for index, medium in enumerate(media_in(value)):
            path = pattern.path(medium, attribute, index, result.batch_id)
            yield Saved(attribute, index, _save(client, medium, path, force=force), medium)


def outputs_of(result: WorkflowResult) -> dict[str, Any]:
    """What a run gave, by attribute."""
    return {name: value for name, value in vars(result).items() if name not in _NOT_OUTPUTS}


def media_in(value: Any) -> Iterator[Image | Video]:
    """The images and videos of an output, in their order."""
    if isinstance(value, list):
        for item in value:
            yield from media_in(item)
    elif isinstance(value, Image | Video):
        yield value


def _save(client: Client, medium: Image | Video, path: Path, *, force: bool) -> Path:
    if force:
        return client.save(medium, path)
    reserved = reserve(path)
    try:
        return client.save(medium, reserved)
    except BaseException:
        reserved.unlink(missing_ok=True)
        raise
