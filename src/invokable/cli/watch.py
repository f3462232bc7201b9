"""Watching: run a build again whenever one of its source files changes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from invokable.cli.errors import note, show_failure
from invokable.cli.exits import Terminated
from invokable.codegen import BuildError, BuildOptions
from invokable.codegen.project.config import SourceSettings
from invokable.codegen.project.schemas import SchemaWanted
from invokable.codegen.project.sources import is_searched
from invokable.workflow.document import SUFFIXES

if TYPE_CHECKING:
    from watchfiles import Change

_SUFFIXES: Final = (*SUFFIXES, ".gz", ".jinja")
_NAMES: Final = ("pyproject.toml",)
_PROMPT: Final = 100
"""Milliseconds after which a watcher answers that nothing has changed, and so that it is ready."""


def watching(run: Callable[[], int], sources: tuple[str, ...], options: Callable[[], BuildOptions]) -> None:
    """Run a build, again after each change, until Ctrl-C or SIGTERM. Errors are shown; saving a fix builds again."""
    try:
        from watchfiles import watch
    except ModuleNotFoundError:
        raise BuildError("--watch", "needs the watch extra: pip install 'invokable[watch]'") from None
    if "-" in sources:
        raise click.UsageError("--watch cannot watch standard input")
    watched: frozenset[Path] = frozenset()
    try:
        while True:
            folders = frozenset(_folders(sources, options))
            if is_new := folders != watched:
                matters = _Filter(folders)
                changes = watch(*folders, watch_filter=matters, rust_timeout=_PROMPT, yield_on_timeout=True)
                next(changes)  # from now on it watches: what changes while the build runs is not missed
                watched = folders
            _run(run)
            if is_new:
                note("watching", ", ".join(sorted(map(str, folders))))
            next(filter(None, changes))
    except (KeyboardInterrupt, Terminated):  # while it waits, the library raises the first for both
        return


def _run(run: Callable[[], int]) -> None:
    try:
        run()
    except BuildError as failure:
        show_failure(failure)


def _folders(sources: tuple[str, ...], options: Callable[[], BuildOptions]) -> Iterator[Path]:
    """The folders with the files that a build reads, as far as the configuration can be read."""
    places = [_folder(Path(name)) for name in sources] or [Path.cwd()]
    yield from places
    try:
        used = options()
        yield from _of_settings(used.overrides.settings, Path.cwd())
        for project in dict.fromkeys(map(used.projects.of, places)):
            if project.folder is None:
                continue
            yield _folder(project.folder)
            yield from _of_settings(project.config.settings, project.folder)
            for entry in () if sources else project.config.sources:
                yield _folder(project.folder / entry.path)
                yield from _of_settings(entry.settings, project.folder)
    except BuildError as error:
        yield _folder(Path(error.where))


def _of_settings(settings: SourceSettings, folder: Path) -> Iterator[Path]:
    schema = SchemaWanted.of(settings.schema, None, folder)
    if schema.kind == "file":
        yield _folder(Path(schema.value))
    if settings.templates is not None:
        yield _folder(settings.templates)


def _folder(place: Path) -> Path:
    """A folder, or the one that a file or glob is in or below."""
    place = Path(os.path.realpath(place))
    return next(folder for folder in (place, *place.parents) if folder.is_dir())


class _Filter:
    """Whether a change is one to the files that a build may read."""

    def __init__(self, folders: frozenset[Path]) -> None:
        self._folders = folders

    def __call__(self, change: Change, path: str) -> bool:
        """Whether a changed file matters, by its name and the folders that it is in."""
        name = os.path.basename(path)
        if name not in _NAMES and (name.startswith(".") or not name.lower().endswith(_SUFFIXES)):
            return False
        return any(_is_searched_below(folder, Path(path)) for folder in self._folders)


def _is_searched_below(folder: Path, path: Path) -> bool:
    between = [parent for parent in path.parents if folder in parent.parents]
    return path.is_relative_to(folder) and all(is_searched(os.fspath(parent)) for parent in between)
