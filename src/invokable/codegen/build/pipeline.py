"""Build: from sources and a configuration to their files, as plain data.

    names or configuration ─▶ jobs ─▶ modules ─▶ Build ─┬─ generate writes it
                                packages, lock, ──┘     ├─ check compares it
                                leftovers               └─ a build hook or a watcher does either

    with building((), None, BuildOptions()) as build:      # everything in the configuration
        for failure in build.failures: ...                 # every problem, before anything is written
        for change in build.write(): ...                   # or read build.changes without writing

Every source is read and every failure collected before anything is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from invokable.codegen.build.extras import Extras, plan_extras
from invokable.codegen.build.jobs import Job, Jobs, job_of, plan_jobs
from invokable.codegen.build.locking import exclusive
from invokable.codegen.build.modules import BuildResult, build_module, plan_job
from invokable.codegen.build.options import BuildOptions
from invokable.codegen.build.publish import FileChange, RefusedError, make_changes
from invokable.codegen.failures import BuildError
from invokable.codegen.plan import ModulePlan
from invokable.codegen.project.sources import Source


@dataclass(frozen=True)
class Build:
    """All results, in the order of the sources, and the extra files."""

    results: tuple[BuildResult, ...]
    notes: tuple[str, ...] = ()
    """Where the options override the configuration, one line each."""
    extras: Extras = field(default_factory=Extras)
    """Packages, lock files and leftovers; empty if a module failed."""
    wrong: tuple[BuildError, ...] = ()
    """Errors in the configuration."""

    @cached_property
    def failures(self) -> tuple[BuildError, ...]:
        """Everything that prevents a file from being built, each once."""
        found = [*self.wrong, *(failure for result in self.results for failure in result.failures)]
        return tuple({str(failure): failure for failure in (*found, *self.extras.failures)}.values())

    @cached_property
    def changes(self) -> tuple[FileChange, ...]:
        """Every file with its new contents: modules, packages, lock files, then files to remove."""
        modules = [result.change for result in self.results]
        return (*(change for change in modules if change is not None), *self.extras.changes)

    def write(self) -> list[FileChange]:
        """Write every changed file, and return the changes.

        Raises BuildError if a file cannot be written, and writes nothing if the build has failures.
        """
        for failure in self.failures:
            raise failure
        try:
            return make_changes(self.changes)
        except RefusedError as error:
            raise BuildError(str(error.path), str(error), kind="refused") from None
        except OSError as error:
            where = error.filename2 or error.filename or "output"
            raise BuildError.of_system(str(where), error, "written") from None


@contextmanager
def building(names: Iterable[str], output: str | None, options: BuildOptions) -> Iterator[Build]:
    """Build; other runs on the same project wait until the block ends.

    Arguments and errors are those of `build_modules`.
    """
    jobs = _jobs(names, output, options)
    with exclusive(_worked_on(jobs)):
        yield _build(jobs, options)


def build_modules(names: Iterable[str], output: str | None, options: BuildOptions) -> Build:
    """Build the modules of all workflows that `names` match, without writing them.

    Args:
        names: Files, folders, globs, and `-`; empty for all sources of the configuration.
        output: A folder; a file ending in `.py`, for a single module; or None for the configured output, which is the
            current folder for sources that are not configured.
        options: The options.

    Raises BuildError if the names or the output make no sense; the failures of a single source are in its result.
    """
    return _build(_jobs(names, output, options), options)


def plan_source(source: Source, options: BuildOptions) -> ModulePlan:
    """Read a workflow and plan its module, without rendering it. Raises BuildError."""
    return plan_job(job_of(source, options.overrides, options.projects), options)


def _jobs(names: Iterable[str], output: str | None, options: BuildOptions) -> Jobs:
    overrides = options.overrides if output is None else replace(options.overrides, output=output)
    return plan_jobs(names, overrides, options.projects)


def _build(jobs: Jobs, options: BuildOptions) -> Build:
    results = tuple(build_module(job, options) for job in jobs.jobs)
    fine = not jobs.failures and not any(result.failures for result in results)
    extras = plan_extras(jobs, results, options) if fine else Extras()
    return Build(results, jobs.notes, extras, jobs.failures)


def _worked_on(jobs: Jobs) -> set[Path]:
    """The folders that a build locks: those of its projects, or else those of its outputs."""
    return {_locked(job) for job in jobs.jobs} | {p.folder for p in jobs.projects if p.folder is not None}


def _locked(job: Job) -> Path:
    folder = job.project.folder or Path(job.root).absolute().parent
    return next(parent for parent in (folder, *folder.parents) if parent.is_dir())
