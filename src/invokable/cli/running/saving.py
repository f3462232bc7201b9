"""Saving: write the images and videos of a result to disk, without replacing files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from invokable import Image, Video, WorkflowResult
from invokable.cli.running.pattern import Pattern
from invokable.runtime.client.naming import reserve

if TYPE_CHECKING:
    from invokable import Client


@dataclass(frozen=True, slots=True)
class Saved:
    """A file that was written."""

    attribute: str
    index: int
    """Its position among the files of the attribute, from 0."""
    path: Path
    medium: Image | Video


def save_each(result: WorkflowResult, pattern: Pattern, client: Client, *, force: bool) -> Iterator[Saved]:
    """Save every file of a result, and yield each when it is saved. Raises OSError and what a download raises."""
    for file, path in pattern.places(result, client):
        yield Saved(file.attribute, file.index, _save(client, file.medium, path, force=force), file.medium)


def _save(client: Client, medium: Image | Video, path: Path, *, force: bool) -> Path:
    if force:
        return client.save(medium, path)
    reserved = reserve(path)
    try:
        return client.save(medium, reserved)
    except BaseException:
        reserved.unlink(missing_ok=True)
        raise
