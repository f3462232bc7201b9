"""Build: from sources and a configuration to the modules they stand for, as plain data.

    sources ─▶ documents ─▶ plans ─▶ modules ─▶ Build ─┬─ generate writes it
    configuration, schemas, existing modules ──┘       ├─ check and diff compare it
                                                       └─ a build hook or a watcher does either

Every source is read and every failure collected before anything is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO, Final, TypeAlias

from invokable.codegen.existing import Existing, is_generated, read_existing, says_the_same
from invokable.codegen.failures import BuildError
from invokable.codegen.generate import GeneratedModule, Options, generate_module, plan_document
from invokable.codegen.lock import Names, changes
from invokable.codegen.lockfile import LockFile
from invokable.codegen.models import InstalledModel
from invokable.codegen.names import module_name
from invokable.codegen.plan import ModulePlan
from invokable.codegen.project import Project
from invokable.codegen.publish import RefusedError, Written, check_replaceable, publish, read_module, replace_file
from invokable.codegen.render import TemplateError
from invokable.codegen.sources import Source, expand_sources
from invokable.schema import Schema
from invokable.workflow import WorkflowFileError

_FOREIGN: Final = "is the module of {!r}, not of {!r}; rename one of the workflows, or use --force"


@dataclass(frozen=True, slots=True)
class SchemaUsed:
    """The schema that a workflow is read with."""

    schema: Schema
    note: str = ""
    """Why it is not a newer one, in a line; empty where that needs no words."""


SchemaFor: TypeAlias = Callable[[object, str | None], SchemaUsed]
"""Finds the schema for a workflow document and the version that its module has so far. Raises BuildError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    """What decides about all modules of a build."""

    schema_for: SchemaFor
    project: Project = field(default_factory=Project)
    lock: LockFile | None = None
    """Where names are remembered beside the modules themselves."""
    lenient: bool = False
    force: bool = False
    """Replace modules that were edited by hand, and files that are not modules."""
    installed: tuple[InstalledModel, ...] = ()
    """Models whose names the modules offer for completion."""
    stdin: BinaryIO | None = None
    """Where the source `-` is read from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildResult:
    """What came of one source: a module, or the failures that prevent it."""

    source: Source
    path: Path
    """Where the module goes."""
    named_after_source: bool = False
    """The file has its name from the workflow's: another workflow's module there is not to be replaced."""
    current: str | None = None
    """The text of the file that is there now."""
    module: GeneratedModule | None = None
    note: str = ""
    """Which schema the workflow was read with, where that is not the newest."""
    renamed: tuple[str, ...] = ()
    """What is called otherwise than before, a line each."""
    failures: tuple[BuildError, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was left out of the module, a line each."""
        return self.module.warnings if self.module else ()

    @property
    def outcome(self) -> Written | None:
        """What writing the module would do; None where there is none."""
        if self.module is None:
            return None
        if self.current is None:
            return Written.NEW
        return Written.UNCHANGED if says_the_same(self.current, self.module.text) else Written.CHANGED


@dataclass(frozen=True, slots=True)
class Build:
    """All results, in the order of the sources."""

    results: tuple[BuildResult, ...]
    lock: LockFile | None = None

    @property
    def lock_text(self) -> str:
        """What is to be in the lock file."""
        found = {result.source: Names.of(result.module.plan) for result in self.results if result.module}
        return self.lock.with_names(found) if self.lock else ""

    @property
    def failures(self) -> tuple[BuildError, ...]:
        """Everything that keeps a module from being built."""
        return tuple(failure for result in self.results for failure in result.failures)

    def write(self, *, force: bool = False) -> Iterator[tuple[Path, Written]]:
        """Write the modules one by one, and yield what was done to each file.

        Raises BuildError where a file cannot be written, and at once where the build has failures.
        """
        for failure in self.failures:
            raise failure
        for result in self.results:
            if result.module is not None:
                with_path = str(result.path)
                try:
                    done = publish(result.path, result.module.text, force=force)
                except RefusedError as error:
                    raise BuildError(with_path, str(error), kind="refused") from None
                except OSError as error:
                    raise BuildError.of_system(with_path, error, "written") from None
                yield result.path, done
        if self.lock is not None and self.lock.text != self.lock_text:
            try:
                replace_file(self.lock.path, self.lock_text)
            except OSError as error:
                raise BuildError.of_system(str(self.lock.path), error, "written") from None
            yield self.lock.path, Written.NEW if self.lock.text is None else Written.CHANGED


def build_modules(names: Iterable[str], output: str, options: BuildOptions) -> Build:
    """Build the modules of all workflows that `names` stand for, without writing them.

    `output` is a folder, or the file of the one module where it ends in `.py`. Raises BuildError where names, or the
    output, do not make sense as a whole; what is wrong with one source stands in its result.
    """
    results = tuple(_built(result, options) for result in _destinations(list(expand_sources(names)), output))
    return Build(results, options.lock)


def plan_source(source: Source, options: BuildOptions) -> ModulePlan:
    """Read a workflow and decide its module, without writing its text. Raises BuildError."""
    document = source.document(options.stdin)
    try:
        schema = options.schema_for(document, None).schema
        plan = plan_document(document, schema, source=source.name, options=_options(source, options, Names()))
    except WorkflowFileError as error:
        raise BuildError.of_file(source.shown, error) from None
    for failure in options.project.unknown_names(source.name, plan):
        raise failure
    return plan


def _destinations(sources: list[Source], output: str) -> list[BuildResult]:
    if output.endswith(".py"):
        if len(sources) != 1:
            raise BuildError(output, f"is one module, but there are {len(sources)} sources; name a folder")
        return [BuildResult(source=sources[0], path=Path(output))]
    taken: dict[Path, Source] = {}
    results = []
    for source in sources:
        path = Path(output) / f"{module_name(source.stem)}.py"
        result = BuildResult(source=source, path=path, named_after_source=True)
        if path in taken:
            message = f"would be written to {path}, as {taken[path].shown} would; rename one of them"
            result = replace(result, failures=(BuildError(source.shown, message),))
        taken.setdefault(path, source)
        results.append(result)
    return results


def _built(result: BuildResult, options: BuildOptions) -> BuildResult:
    if result.failures:
        return result
    source = result.source
    try:
        result = replace(result, current=_current(result.path, options))
        current = result.current or ""
        existing = read_existing(current) if is_generated(current) else Existing()
        if not options.force and result.named_after_source and existing.source not in (None, source.name):
            raise BuildError(str(result.path), _FOREIGN.format(existing.source, source.name), kind="refused")
        document = source.document(options.stdin)
        used = options.schema_for(document, existing.schema)
        known = _known(source, options, existing.names)
        module = _module(document, source, used.schema, _options(source, options, existing.names))
    except BuildError as failure:
        return replace(result, failures=(failure,))
    unknown = tuple(options.project.unknown_names(source.name, module.plan))
    renamed = tuple(changes(known, Names.of(module.plan)))
    return replace(result, module=None if unknown else module, note=used.note, renamed=renamed, failures=unknown)


def _current(path: Path, options: BuildOptions) -> str | None:
    try:
        current = read_module(path, force=options.force)
        if not options.force:
            check_replaceable(path, current)
    except RefusedError as error:
        raise BuildError(str(path), str(error), kind="refused") from None
    except OSError as error:
        raise BuildError.of_system(str(path), error, "read") from None
    return current


def _module(document: object, source: Source, schema: Schema, options: Options) -> GeneratedModule:
    try:
        return generate_module(document, schema, source=source.name, options=options)
    except WorkflowFileError as error:
        raise BuildError.of_file(source.shown, error) from None
    except TemplateError as error:
        raise BuildError(source.shown, str(error)) from None


def _options(source: Source, options: BuildOptions, existing: Names) -> Options:
    return Options(
        lenient=options.lenient,
        naming=options.project.naming(source.name, _known(source, options, existing)),
        installed=options.installed,
        custom=options.project.config.custom,
        templates=options.project.config.templates,
    )


def _known(source: Source, options: BuildOptions, existing: Names) -> Names:
    """The names so far: those of the lock file, then those of the module that is there."""
    return options.lock.names_of(source).over(existing) if options.lock else existing
