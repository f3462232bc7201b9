"""Watching: run a build again whenever one of its source files changes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from invokable.cli.errors import note, show_failure
from invokable.codegen import BuildError, BuildOptions
from invokable.workflow.document import SUFFIXES

if TYPE_CHECKING:
    from watchfiles import Change

_SUFFIXES = (*SUFFIXES, ".gz", ".jinja")
_NAMES = ("pyproject.toml",)


def watching(run: Callable[[], int], sources: tuple[str, ...], options: BuildOptions) -> None:
    """Run a build, and again after each change, until Ctrl-C. Errors are shown; saving a fix builds again."""
    try:
        from watchfiles import watch
    except ModuleNotFoundError:
        raise BuildError("--watch", "needs the watch extra: pip install 'invokable[watch]'") from None
    if "-" in sources:
        raise click.UsageError("--watch cannot watch standard input")
    try:
        _run(run)
        folders = sorted({str(folder) for folder in _folders(sources, options)})
        note("watching", ", ".join(folders))
        for _ in watch(*folders, watch_filter=_matters):
            _run(run)
    except KeyboardInterrupt:
        return


def _run(run: Callable[[], int]) -> None:
    try:
        run()
    except BuildError as failure:
        show_failure(failure)


def _folders(sources: tuple[str, ...], options: BuildOptions) -> Iterator[Path]:
    """The folders with sources of a build."""
    places = [Path(name) for name in sources] or [Path.cwd()]
    for place in places:
        folder = next(parent for parent in (place.absolute(), *place.absolute().parents) if parent.is_dir())
        yield folder
        project = options.projects.of(folder)
        if project.folder is not None:
            yield project.folder


def _matters(change: Change, path: str) -> bool:
    name = os.path.basename(path)
    return name in _NAMES or (name.lower().endswith(_SUFFIXES) and not name.startswith("."))
