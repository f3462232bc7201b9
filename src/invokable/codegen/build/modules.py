"""Modules: from a job to its module, or to the failures that prevent it.

job ─ workflow document ─ what it is made from ─┬─ as before, without warnings ─▶ unchanged
                                               └─ otherwise ─ plan ─┬─ as before ─▶ unchanged, with its warnings
                                                                    └─ otherwise ─ render ─▶ text
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import astuple, dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Final

from invokable._version import VERSION
from invokable.codegen.build.jobs import STDOUT, Job
from invokable.codegen.build.options import BuildOptions
from invokable.codegen.build.publish import (
    EDITED,
    FileChange,
    RefusedError,
    Written,
    check_folders,
    check_ours,
    read_module,
)
from invokable.codegen.failures import BuildError
from invokable.codegen.generate import Options, plan_document
from invokable.codegen.naming.lock import Names, changes, locked_lines
from invokable.codegen.plan import ModulePlan, PlanSummary
from invokable.codegen.project.adoption import adopted
from invokable.codegen.project.sources import Source
from invokable.codegen.render import Draft, TemplateError, draft_module
from invokable.codegen.typing.models import InstalledModel
from invokable.codegen.written.checksums import source_checksum
from invokable.codegen.written.existing import is_edited, is_generated, read_names, says_the_same
from invokable.codegen.written.header import Header, read_header
from invokable.codegen.written.made_from import digest_of, last_change_of_ours, read_stamp
from invokable.contract.utf8 import Utf8
from invokable.workflow import WorkflowFileError

_FOREIGN: Final = "is the module of {!r}, not of {!r}; rename one of the workflows, or use --force"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildResult:
    """The outcome for one source: a module, or the failures that prevent it."""

    job: Job
    current: bytes | None = None
    """The existing file."""
    header: Header = field(default_factory=Header)
    """The constants in the file."""
    plan: PlanSummary | None = None
    """The summary of the module's plan; None if the module is unchanged and has no warnings, or cannot be made."""
    module: Utf8 | None = None
    """The text of the new module, in UTF-8; None if it is unchanged or cannot be made."""
    edited: bool = False
    """Whether the existing file was edited by hand."""
    skipped: str = ""
    """Why a file in a folder is skipped; empty if it is not."""
    note: str = ""
    """Which schema the workflow was read with, if not the newest."""
    renamed: tuple[str, ...] = ()
    """Names that changed, one line each."""
    failures: tuple[BuildError, ...] = ()

    @property
    def source(self) -> Source:
        """The workflow file."""
        return self.job.source

    @property
    def path(self) -> Path:
        """The path of the module."""
        return self.job.path

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was left out of the module, one line each."""
        return self.plan.warnings if self.plan else ()

    @property
    def change(self) -> FileChange | None:
        """The change to the module's file; None if there is no module."""
        if self.failures or self.skipped:
            return None
        current, module = self.current, self.module
        if module is None or (current is not None and not self.edited and _says_the_same(current, module)):
            return FileChange(self.path, current, current)
        return FileChange(self.path, current, module)

    @property
    def outcome(self) -> Written | None:
        """What writing the module would do; None if there is none."""
        return self.change.outcome if self.change else None

    @property
    def version(self) -> str | None:
        """The InvokeAI version of the node schemas used."""
        return self.plan.schema_version if self.plan else self.header.schema

    @property
    def class_name(self) -> str | None:
        """The name of the module's class."""
        return self.plan.class_name if self.plan else self.header.class_name


def _says_the_same(current: bytes, text: Utf8) -> bool:
    before, after = read_stamp(current), read_stamp(text)
    return (before and before.inputs) == (after and after.inputs) and says_the_same(current, text)


def build_module(job: Job, options: BuildOptions) -> BuildResult:
    """Build the module of one job, without writing it."""
    result = BuildResult(job=job)
    try:
        # Each step passes on only what the next one needs, so that the memory of the rest is free: first that of the
        # file and its JSON, then that of the plan.
        result, draft = _drafted(*_decided(_with_current(result, options), job.source.data(options.stdin), options))
        return result if draft is None else replace(result, module=_finished(job, draft))
    except BuildError as failure:
        return replace(result, failures=(failure,))


def plan_job(job: Job, options: BuildOptions) -> ModulePlan:
    """Read a workflow and plan its module, without rendering it. Raises BuildError."""
    plan = _planned(job, job.source.document(options.stdin), options, Names(), None)[0]
    for failure in job.project.unknown_names(job.key, plan):
        raise failure
    return plan


def plan_again(job: Job, document: object, options: BuildOptions, names: Names, version: str | None) -> ModulePlan:
    """Plan the module of a document as if one with these names and this version existed.

    Raises BuildError.
    """
    return _planned(job, document, options, names, version)[0]


def _with_current(result: BuildResult, options: BuildOptions) -> BuildResult:
    job = result.job
    if str(job.path) == STDOUT:
        return result
    try:
        check_folders(job.root, job.path)
        current = read_module(job.path, force=options.force)
        if not options.force:
            check_ours(job.path, current)
    except RefusedError as error:
        raise BuildError(str(error.path), str(error), kind="refused") from None
    except OSError as error:
        raise BuildError.of_system(str(job.path), error, "read") from None
    header = read_header(current or b"")
    if job.named_after_source and not options.force and _is_of_another(job, header.source):
        raise BuildError(str(job.path), _FOREIGN.format(header.source, job.key), kind="refused")
    return replace(result, current=current, header=header)


def _is_of_another(job: Job, source: str | None) -> bool:
    """Whether a module's source is another workflow that still exists."""
    if source is None or source == job.key:
        return False
    if job.source.path is None:
        return True
    folders = (folder for folder in (job.project.folder, job.path.parent) if folder is not None)
    found = [folder / source for folder in folders if os.path.isfile(folder / source)]
    return bool(found) and not any(path.samefile(job.source.path) for path in found)


def _decided(result: BuildResult, data: bytes, options: BuildOptions) -> tuple[BuildResult, ModulePlan | None, str]:
    """The result without its module, the module's plan if it has to be made, and the checksum of its origins."""
    job, header, current = result.job, result.header, result.current
    document = cache(lambda: job.source.read(data))
    edited = current is not None and not (header.stamp and header.stamp.untouched) and is_edited(current)
    if edited and not options.compare and not options.force:
        raise BuildError(str(job.path), EDITED, kind="refused")
    if skipped := _no_workflow(result, data, document):
        return replace(result, skipped=skipped), None, ""
    made_from = None
    if header.stamp and not (edited or options.force or _is_older_than_we(job.path)):
        made_from = header.stamp.inputs if header.source_sha256 == source_checksum(document()) else None
    locked = job.project.lock.names_of(job.lock_key) if job.project.lock and job.lock_key else Names()
    if made_from and made_from == _made_from(job, document(), options, header.schema, locked):
        return result, None, ""
    names = read_names(current) if current and is_generated(current) else Names()
    plan, note, known = _planned(job, document(), options, names, header.schema)
    unknown = tuple(job.project.unknown_names(job.key, plan))
    if unknown:
        return replace(result, failures=unknown), None, ""
    result = replace(result, plan=plan.summary, edited=edited, note=note, renamed=tuple(changes(known, plan.names)))
    inputs = _made_from(job, document(), options, plan.schema_version, plan.names, warned=bool(plan.warnings))
    return result, None if made_from == inputs else plan, inputs


def _planned(
    job: Job, document: object, options: BuildOptions, names: Names, version: str | None
) -> tuple[ModulePlan, str, Names]:
    """The plan, a note about its schema, and the known names: those locked, then those of the existing module."""
    used = options.schemas.used(job.settings.schema, document, version)
    lock = job.project.lock
    known = names if lock is None or job.lock_key is None else adopted(lock, job.lock_key, document).over(names)
    chosen = Options(
        lenient=job.settings.lenient,
        naming=job.project.naming(job.key, known),
        installed=_models(job.settings.models, options),
        custom=job.project.config.custom,
    )
    try:
        return plan_document(document, used.schema, source=job.key, options=chosen), used.note, known
    except WorkflowFileError as error:
        raise BuildError.of_file(job.source.shown, error) from None


def _models(server: str | None, options: BuildOptions) -> tuple[InstalledModel, ...]:
    return tuple(sorted(options.schemas.models(server))) if server else ()


def _drafted(result: BuildResult, plan: ModulePlan | None, inputs: str) -> tuple[BuildResult, Draft | None]:
    if plan is None:
        return result, None
    settings = result.job.settings
    try:
        draft = draft_module(plan, templates=settings.templates, width=settings.width, made_from=inputs)
    except TemplateError as error:
        return replace(result, failures=(BuildError(result.source.shown, str(error)),)), None
    return result, draft


def _finished(job: Job, draft: Draft) -> Utf8:
    try:
        return draft.finished()
    except TemplateError as error:
        raise BuildError(job.source.shown, str(error)) from None


def _no_workflow(result: BuildResult, data: bytes, document: Callable[[], object]) -> str:
    """Why the file is skipped. One that already has a module is never skipped: that is an error."""
    return "" if result.header.source == result.job.key else result.source.why_skipped(data, document)


def _is_older_than_we(path: Path) -> bool:
    """Whether an earlier state of the generator may have written a module, while invokable is under development."""
    changed = last_change_of_ours()
    return changed > 0 and path.stat().st_mtime_ns < changed


def _made_from(
    job: Job,
    document: object,
    options: BuildOptions,
    version: str | None,
    names: Names,
    *,
    warned: bool = False,
) -> str:
    """The checksum of everything but the workflow that a module depends on, and of whether there are warnings."""
    settings, chosen = job.settings, job.project.config.of_workflow(job.key)
    locked = locked_lines(job.lock_key, names) if job.project.lock and job.lock_key else []
    return digest_of(
        {
            "invokable": VERSION,
            "source": job.key,
            "schema": options.schemas.identity(settings.schema, document, version),
            "lenient": settings.lenient,
            "models": [astuple(model) for model in _models(settings.models, options)],
            "width": settings.width,
            "templates": settings.templates_digest,
            "fields": dict(job.project.config.custom.homes),
            "class": chosen.class_name,
            "rename": sorted([*key, name] for key, name in chosen.rename.items()),
            "outputs": sorted(chosen.outputs.items()),
            "locked": locked,
            **({"warned": True} if warned else {}),
        }
    )
