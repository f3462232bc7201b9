"""Extras: the files of a build besides its modules: packages, lock files, and leftovers."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from invokable.codegen.build.jobs import Job, Jobs
from invokable.codegen.build.leftovers import Leftover, leftovers
from invokable.codegen.build.modules import BuildResult
from invokable.codegen.build.options import BuildOptions
from invokable.codegen.build.publish import FileChange, RefusedError, read_text
from invokable.codegen.failures import BuildError
from invokable.codegen.project.project import Project, shown_path
from invokable.codegen.written.package import PACKAGE, is_our_package, package_text, same_package
from invokable.contract.utf8 import as_written


@dataclass(frozen=True, slots=True)
class Extras:
    """The files of a build besides its modules."""

    packages: tuple[FileChange, ...] = ()
    locks: tuple[FileChange, ...] = ()
    left: tuple[Leftover, ...] = ()
    failures: tuple[BuildError, ...] = ()

    @property
    def changes(self) -> tuple[FileChange, ...]:
        """The changes to make; removals come last."""
        gone = (FileChange(leftover.path, leftover.text, None) for leftover in self.left if not leftover.edited)
        return (*self.packages, *self.locks, *gone)


def plan_extras(jobs: Jobs, results: Sequence[BuildResult], options: BuildOptions) -> Extras:
    """Plan everything besides the modules."""
    failures: list[BuildError] = [*_clashes(results)]
    packages: list[FileChange] = []
    for change in _packages(jobs, results):
        try:
            packages.extend(_package_change(*change, options))
        except BuildError as failure:
            failures.append(failure)
    kept = {result.path for result in results if not result.skipped} | {change.path for change in packages}
    bare = {r.path.parent for r in results if not r.skipped and not (r.job.entry and r.job.entry.package)}
    left = {found.path: found for project, root in _outputs(jobs) for found in leftovers(project, root, kept, bare)}
    locks: list[FileChange] = []
    for project in jobs.projects:
        try:
            locks.extend(_lock_change(project, jobs, results))
        except BuildError as failure:
            failures.append(failure)
    return Extras(tuple(packages), tuple(locks), tuple(left.values()), tuple(failures))


def _outputs(jobs: Jobs) -> dict[tuple[Project, Path], None]:
    """The output folders of sources that are built completely, with their projects."""
    return {
        (project, Path(shown_path(project.folder / entry.output))): None
        for project, entry in jobs.whole
        if project.folder is not None and not entry.output.endswith(".py")
    }


# --- packages ---------------------------------------------------------------------------------------------------------


def _packages(jobs: Jobs, results: Sequence[BuildResult]) -> Iterator[tuple[Path, str | None, int]]:
    """The path, text and line width of each configured `__init__.py` and `py.typed`; no text if any text will do."""
    folders: defaultdict[Path, dict[str, str]] = defaultdict(dict)
    widths: dict[Path, int] = {}
    wanted = {id(entry) for _, entry in jobs.whole}
    typed: dict[Path, None] = {}
    for result in results:
        job = result.job
        if result.skipped or job.entry is None or id(job.entry) not in wanted:
            continue
        if job.entry.typed:
            typed[job.root] = None
        if job.entry.package and result.class_name:
            folders[job.path.parent][job.path.stem] = result.class_name
            for folder in _between(job):
                folders[folder]  # all folders below a package must be packages
                widths[folder] = job.settings.width
    for folder, classes in folders.items():
        yield folder / PACKAGE, package_text(classes, width=widths[folder]), widths[folder]
    for folder in typed:
        yield folder / "py.typed", None, 0


def _between(job: Job) -> list[Path]:
    """The folders from the output down to a module."""
    folder, found = job.path.parent, [job.path.parent]
    while folder != job.root and folder != folder.parent:
        folder = folder.parent
        found.append(folder)
    return found


def _package_change(path: Path, text: str | None, width: int, options: BuildOptions) -> Iterator[FileChange]:
    current = _read(path, force=options.force)
    if text is None:
        yield FileChange.of_text(path, current, "" if current is None else current)
        return
    if current is not None and same_package(current, text):
        yield FileChange.of_text(path, current, current)
        return
    if current and current.strip() and not (is_our_package(current) or options.force or options.compare):
        message = (
            "was not written by invokable, or was edited by hand; set package = false, or use --force to replace it"
        )
        raise BuildError(str(path), message, kind="refused")
    yield FileChange.of_text(path, current, text)


def _clashes(results: Sequence[BuildResult]) -> Iterator[BuildError]:
    """Modules that hide each other, and classes of the same name in one package."""
    folders = {result.path.parent for result in results if not result.skipped}
    classes: dict[tuple[Path, str], BuildResult] = {}
    for result in results:
        if result.skipped:
            continue
        if result.path.with_suffix("") in folders:
            message = f"would hide the folder {result.path.with_suffix('')}; rename one of the workflows"
            yield BuildError(result.source.shown, f"its module {result.path} {message}")
        if result.job.entry is None or not result.job.entry.package or not result.class_name:
            continue
        other = classes.setdefault((result.path.parent, result.class_name), result)
        if other is not result:
            message = (
                f"its class {result.class_name} has the same name as that of {other.source.shown} in the same package"
            )
            hint = f'set class = "…" in [tool.invokable.workflows."{result.job.key}"]'
            yield BuildError(result.source.shown, message, suggestion=hint)


# --- lock files -------------------------------------------------------------------------------------------------------


def _lock_change(project: Project, jobs: Jobs, results: Sequence[BuildResult]) -> Iterator[FileChange]:
    lock = project.lock
    if lock is None:
        return
    of_project = [result for result in results if result.job.project is project and result.job.lock_key]
    found = {r.job.lock_key: r.plan.names for r in of_project if r.plan and r.job.lock_key}
    gone = _gone(project, jobs, {r.job.lock_key for r in of_project if not r.skipped})
    text, current = lock.with_names(found, gone).encode(), lock.text
    if current is None and not lock.names and not found:
        return
    if lock.path.is_symlink():
        raise BuildError(str(lock.path), "is a symbolic link; the lock file must be a regular file", kind="refused")
    same = current is not None and as_written(current) == text
    yield FileChange(Path(shown_path(lock.path)), current, current if same else text)


def _gone(project: Project, jobs: Jobs, there: set[str | None]) -> list[str]:
    """The locked workflows whose files are gone, if all sources of the project are built."""
    lock, entries = project.lock, project.config.sources
    whole = {id(entry) for owner, entry in jobs.whole if owner is project}
    if lock is None or not entries or not all(id(entry) in whole for entry in entries):
        return []
    return [key for key in lock.names if key not in there and not os.path.exists(lock.path.parent / key)]


def _read(path: Path, *, force: bool) -> str | None:
    try:
        return read_text(path)
    except RefusedError as error:
        raise BuildError(str(path), str(error), kind="refused") from None
    except UnicodeDecodeError:
        if force:
            return ""
        raise BuildError(str(path), "is not text; use --force to replace it", kind="refused") from None
    except OSError as error:
        raise BuildError.of_system(str(path), error, "read") from None
