"""Jobs: which workflow becomes which module, and with which settings.

    names on the command line ─┐
                               ├─ sources ─ project and table of each ─ settings and place ─▶ Jobs
    sources of the table ──────┘

The command line overrides the table, and every contradiction is noted.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path, PurePosixPath
from typing import Final, TypeAlias

from invokable.codegen.failures import BuildError, first_of
from invokable.codegen.naming.names import module_name
from invokable.codegen.project.config import SourceConfig, SourceSettings, dotted
from invokable.codegen.project.project import Project, Projects, relative_key, shown_path
from invokable.codegen.project.schemas import SchemaWanted
from invokable.codegen.project.sources import Source, expand_sources, files_below, files_matching, glob_root
from invokable.codegen.python.layout import WIDTH
from invokable.workflow.errors import nearest

STDOUT: Final = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of a module, besides its workflow and its names."""

    schema: SchemaWanted = field(default_factory=SchemaWanted)
    lenient: bool = False
    models: str | None = None
    """The server whose models the module lists for completion."""
    templates: Path | None = None
    templates_digest: str = ""
    """The checksum of the project's own templates; invokable's version stands for the built-in ones."""
    width: int = WIDTH


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A workflow and the module to make from it."""

    source: Source
    path: Path
    """The path of the module."""
    root: Path
    """The output folder; the module is in it or below it."""
    key: str
    """The path of the workflow, as the source in the module."""
    lock_key: str | None
    """Its path in the lock file; None without one."""
    project: Project
    entry: SourceConfig | None
    settings: Settings
    named_after_source: bool = True
    """Whether the module is named after the workflow file, so that it must not replace another workflow's module."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """Settings of the command line, which override the table."""

    output: str | None = None
    settings: SourceSettings = field(default_factory=SourceSettings)

    def against(self, entry: SourceConfig, general: SourceSettings) -> Iterator[str]:
        """The settings that override a source's table, one line each."""
        table, ours = entry.settings.over(general), self.settings
        if self.output not in (None, entry.output):
            yield f"-o {self.output} overrides output = {entry.output!r} of {entry.key}"
        given = ("schema", ours.schema) if ours.schema else ("server", ours.server)
        configured = ("schema", table.schema) if table.schema else ("server", table.server)
        if given[1] and configured[1] and given != configured:
            # A URL may contain a password, so no server is shown.
            option = f"--schema {given[1]}" if given[0] == "schema" else "--server"
            setting = f"schema = {configured[1]!r}" if configured[0] == "schema" else "server"
            yield f"{option} overrides {setting} of {entry.key}"
        for name, flag, value in (("lenient", ours.lenient, table.lenient), ("models", ours.models, table.models)):
            if flag and value is False:
                yield f"--{name} overrides {name} = false of {entry.key}"


@dataclass(frozen=True, slots=True)
class Jobs:
    """All jobs of a build, in the order given."""

    jobs: tuple[Job, ...]
    projects: tuple[Project, ...]
    """The projects that the sources belong to."""
    whole: tuple[tuple[Project, SourceConfig], ...] = ()
    """Configured sources that are built completely: any other module in their output is left over."""
    notes: tuple[str, ...] = ()
    failures: tuple[BuildError, ...] = ()


def plan_jobs(names: Iterable[str], overrides: Overrides, projects: Projects) -> Jobs:
    """Find the jobs for the named sources, or for everything in the configuration if no names are given.

    Raises BuildError if the names or the output make no sense.
    """
    if overrides.output == "":
        raise BuildError('-o ""', "is not the path of a folder or module")
    names = list(names)
    found = list(_named(names, projects) if names else _configured(projects))
    known = tuple(dict.fromkeys(project for _, project, _ in found)) if names else (projects.of(Path.cwd()),)
    notes = {
        f"{project.shown}: {line}": None
        for project, entry in dict.fromkeys((project, entry) for _, project, entry in found)
        if entry
        for line in overrides.against(entry, project.config.settings)
    }
    jobs = tuple(_job(*each, overrides, projects) for each in found)
    _check_outputs(jobs)
    apart, clashes = _without_clashes(jobs)
    whole = _whole(names, overrides, known)
    return Jobs(apart, known, whole, tuple(notes), (*_unfitting_tables(known, jobs), *clashes))


def configured_files(project: Project, entry: SourceConfig) -> Iterator[Source]:
    """The workflow files of a configured source; there may be none. Raises BuildError."""
    assert project.folder is not None
    path = Path(shown_path(project.folder / entry.path))
    try:
        if path.is_dir():
            yield from files_below(path, "")
        elif glob.has_magic(entry.path) and not path.exists():
            yield from files_matching(str(path))
        elif path.exists():
            yield Source(path)
        else:
            raise BuildError(project.shown, f"{entry.path} does not exist", pointer=f"{entry.key}.path")
    except OSError as error:
        raise BuildError.of_system(str(path), error, "read") from None


def job_of(source: Source, overrides: Overrides, projects: Projects) -> Job:
    """The job of one workflow file. Raises BuildError."""
    return _job(*_found(source, projects), overrides, projects)


Found: TypeAlias = tuple[Source, Project, SourceConfig | None]


def _named(names: list[str], projects: Projects) -> Iterator[Found]:
    seen: set[Source] = set()
    for source in expand_sources(names):
        if source.path is None or source not in seen:
            seen.add(source)
            yield _found(source, projects)


def _found(source: Source, projects: Projects) -> Found:
    project = projects.of(source.path.parent if source.path else Path.cwd())
    entry = next((entry for entry in project.config.sources if _covers(project, entry, source)), None)
    return _placed(source, project, entry), project, entry


def _configured(projects: Projects) -> Iterator[Found]:
    project = projects.of(Path.cwd())
    if not project.config.sources:
        where = "no pyproject.toml in this folder or above has a [tool.invokable] table; run: invokable init"
        if project.path:
            where = f"{project.shown} lists no [[tool.invokable.sources]]"
        raise BuildError("invokable", f"nothing to do: {where}, or name workflows")
    for entry in project.config.sources:
        for source in configured_files(project, entry):
            yield source, project, entry


def _placed(source: Source, project: Project, entry: SourceConfig | None) -> Source:
    """The source with its folder relative to that of the table, for the path of its module."""
    if entry is None or source.path is None or project.folder is None:
        return source
    root = project.folder / (glob_root(entry.path) if glob.has_magic(entry.path) else entry.path)
    folder = relative_key(source.path.parent, root if root.is_dir() else root.parent)
    return replace(source, folder="" if folder == "." else folder)


def _covers(project: Project, entry: SourceConfig, source: Source) -> bool:
    if project.folder is None or source.path is None:
        return False
    path, key = project.folder / entry.path, relative_key(source.path, project.folder)
    if glob.has_magic(entry.path) and not path.exists():
        return any(relative_key(f.path, project.folder) == key for f in configured_files(project, entry) if f.path)
    return key == entry.path or key.startswith(f"{entry.path}/") or (entry.path == "." and not key.startswith("../"))


def _job(source: Source, project: Project, entry: SourceConfig | None, over: Overrides, projects: Projects) -> Job:
    output = over.output if over.output is not None else _output(project, entry)
    single = output.endswith(".py")
    root = Path(output).parent if single else Path(output)
    below = PurePosixPath(*map(module_name, PurePosixPath(source.folder).parts))
    path = Path(output) if single else root / below / f"{module_name(source.stem)}.py"
    table = entry.settings if entry else SourceSettings()
    settings = over.settings.over(table.over(project.config.settings))
    wanted = _schema_wanted(project, entry, settings, over)
    stdout = output == STDOUT
    return Job(
        source=source,
        path=Path(STDOUT) if stdout else path,
        root=root,
        key=_key(source, Path.cwd() if stdout else path.parent, project),
        lock_key=_lock_key(source, project),
        project=project,
        entry=entry,
        settings=Settings(
            schema=wanted,
            lenient=bool(settings.lenient),
            models=settings.server if settings.models else None,
            templates=settings.templates,
            templates_digest=projects.digest(settings.templates),
            width=projects.line_length(Path.cwd() if stdout else root) or WIDTH,
        ),
        named_after_source=not single and not stdout,
    )


def _schema_wanted(
    project: Project, entry: SourceConfig | None, settings: SourceSettings, over: Overrides
) -> SchemaWanted:
    if over.settings.schema is not None or over.settings.server is not None:
        return SchemaWanted.of(settings.schema, settings.server)
    table = entry.key if entry and entry.settings.schema else "tool.invokable"
    pointer = f"{table}.schema"
    return SchemaWanted.of(settings.schema, settings.server, project.folder, where=project.shown, pointer=pointer)


def _output(project: Project, entry: SourceConfig | None) -> str:
    if entry is None or project.folder is None:
        return "."
    return shown_path(project.folder / entry.output)


def _key(source: Source, output: Path, project: Project) -> str:
    if source.path is None:
        return source.name
    return relative_key(source.path, project.folder or output)


def _lock_key(source: Source, project: Project) -> str | None:
    if source.path is None or project.lock is None:
        return None
    return relative_key(source.path, project.lock.path.parent)


def _check_outputs(jobs: tuple[Job, ...]) -> None:
    """Refuse to write several workflows to one module."""
    counts: dict[Path, int] = {}
    for job in jobs:
        if not job.named_after_source:
            counts[job.path] = counts.get(job.path, 0) + 1
    for path, count in counts.items():
        if count > 1:
            what = "standard output" if str(path) == STDOUT else str(path)
            raise BuildError(what, f"is a single module, but there are {count} sources; name a folder")


def _without_clashes(jobs: tuple[Job, ...]) -> tuple[tuple[Job, ...], list[BuildError]]:
    """The jobs, each module once, and errors for the others; naming a workflow twice is not an error."""
    taken: dict[Path, Job] = {}
    clashes = []
    for job in jobs:
        other = taken.setdefault(job.path, job)
        if other is not job and other.key != job.key:
            message = f"would be written to {job.path}, like {other.source.shown}; rename one of them"
            clashes.append(BuildError(job.source.shown, message))
    return tuple(taken.values()), clashes


def _whole(
    names: list[str], over: Overrides, projects: tuple[Project, ...]
) -> tuple[tuple[Project, SourceConfig], ...]:
    """The configured sources that were named completely."""
    if over.output is not None:
        return ()
    keys = {os.path.abspath(name) for name in names}
    return tuple(
        (project, entry)
        for project in projects
        if project.folder is not None
        for entry in project.config.sources
        if not names or os.path.abspath(project.folder / entry.path) in keys
    )


def _unfitting_tables(projects: tuple[Project, ...], jobs: tuple[Job, ...]) -> Iterator[BuildError]:
    """Errors for workflow tables that match no source."""
    for project in projects:
        if project.folder is not None and project.config.workflows:
            found = {job.key for job in jobs if job.project is project}
            unfitting = (key for key in project.config.workflows if key not in found and not _fits(project, key))
            yield from first_of(unfitting, partial(_unfitting, project, _Files(project)), project.shown)


def _fits(project: Project, key: str) -> bool:
    """Whether a workflow table is for a file of the sources, or of the folder if there are none."""
    assert project.folder is not None
    source = Source(project.folder / key)
    sources = project.config.sources
    listed = not sources or any(_covers(project, entry, source) for entry in sources)
    return listed and os.path.isfile(project.folder / key)


def _unfitting(project: Project, files: _Files, key: str) -> BuildError:
    assert project.folder is not None
    is_file = os.path.isfile(project.folder / key)
    what = "is in none of the sources" if is_file else "there is no such workflow"
    pointer = dotted("tool.invokable.workflows", key)
    return BuildError(project.shown, what, pointer=pointer, suggestion=files.likeliest(key))


class _Files:
    """The workflow files of a project, found when they are first needed."""

    def __init__(self, project: Project) -> None:
        self._project = project

    @cached_property
    def _keys(self) -> list[str]:
        project = self._project
        assert project.folder is not None
        files = (file for entry in project.config.sources for file in configured_files(project, entry))
        return [relative_key(file.path, project.folder) for file in files if file.path]

    def likeliest(self, key: str) -> str | None:
        """The file that a key was probably meant for."""
        same_name = [other for other in self._keys if PurePosixPath(other).name == PurePosixPath(key).name]
        return f'did you mean "{same_name[0]}"?' if same_name else nearest(key, self._keys)
