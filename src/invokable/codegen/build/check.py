"""Check: what of a project's files is not as the generator would write it, or in no commit, as plain data.

Build ─▶ Report ─┬─ lines and a unified diff
                 ├─ JSON             docs/check-report.schema.json describes it
                 └─ GitHub's annotations
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from invokable.codegen.build.modules import BuildResult
from invokable.codegen.build.pipeline import Build
from invokable.codegen.build.publish import FileChange, Written
from invokable.codegen.failures import BuildError
from invokable.codegen.project.tracking import Lack, Tracking, adding, tracking

State: TypeAlias = Literal["fine", "stale", "missing", "edited", "left over", "untracked"]
"""A module, package or lock file that says what it has to; that says something else; that is not there; that somebody
has edited by hand; whose workflow is gone; that says what it has to, but that git does not track."""

REPORT_VERSION: Final = 1
_WORDS: Final[dict[State, str]] = {
    "fine": "is up to date",
    "stale": "is out of date",
    "missing": "is missing",
    "edited": "was edited by hand",
    "left over": "is left over",
    "untracked": "would be missing from a commit",
}
_LOCK: Final = "it lacks names, or has those of workflows that are gone"


@dataclass(frozen=True, slots=True)
class Finding:
    """A file, and whether it is what the generator would write."""

    path: Path
    state: State
    source: str | None = None
    """The workflow's file, for a module."""
    detail: str = ""
    """What there is to say beside the state."""
    before: str = ""
    after: str = ""
    fixable: bool = True
    """Generating fixes what differs."""
    lack: Lack | None = None
    """Why no commit would hold it, where git has been asked."""

    @property
    def message(self) -> str:
        """What is wrong, in a line."""
        lack = "" if self.lack is None else "git ignores it" if self.lack.ignored else "git does not track it"
        return ": ".join(filter(None, (_WORDS[self.state], "; ".join(filter(None, (self.detail, lack))))))

    @property
    def diff(self) -> str:
        """What generating would change, as a unified diff."""
        if self.state in ("fine", "untracked"):
            return ""
        before, after = (text.replace("\r\n", "\n").splitlines(keepends=True) for text in (self.before, self.after))
        new = "/dev/null" if self.state == "left over" else f"{self.path} (generated)"
        old = "/dev/null" if self.state == "missing" else str(self.path)
        lines = difflib.unified_diff(before, after, old, new)
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a check has found."""

    findings: tuple[Finding, ...]
    failures: tuple[BuildError, ...] = ()
    """What kept files from being compared."""
    warnings: tuple[tuple[str, str], ...] = ()
    """A workflow's file, and what of it is left out or read otherwise than it may seem."""
    skipped: tuple[tuple[str, str], ...] = ()
    """A file in a folder of workflows, and why it is none."""
    command: str = "invokable generate"
    """What would write the files."""

    @property
    def wrong(self) -> tuple[Finding, ...]:
        """The files that are not as they have to be."""
        return tuple(finding for finding in self.findings if finding.state != "fine")

    @property
    def commands(self) -> tuple[str, ...]:
        """The shell commands that fix everything."""
        return self.fixing(self.wrong)

    def fixing(self, findings: Iterable[Finding]) -> tuple[str, ...]:
        """The shell commands that fix some of the files."""
        findings = tuple(findings)
        states = {finding.state for finding in findings if finding.fixable} - {"fine", "untracked"}
        generating = f"{self.command} --force" if "edited" in states else self.command
        lacks = [finding.lack for finding in findings if finding.lack is not None]
        return (*([generating] if states else []), *adding(lacks))

    def to_json(self, status: int) -> dict[str, Any]:
        """The report as a JSON object. `status` is that of the command."""
        return {
            "version": REPORT_VERSION,
            "ok": status == 0,
            "status": status,
            "files": [
                {
                    "path": finding.path.as_posix(),
                    "state": finding.state,
                    "source": finding.source,
                    "message": finding.message,
                    "diff": finding.diff,
                }
                for finding in self.findings
            ],
            "errors": [
                {
                    "where": failure.where,
                    "pointer": failure.pointer,
                    "message": failure.message,
                    "suggestion": failure.suggestion,
                    "kind": failure.kind,
                }
                for failure in self.failures
            ],
            "warnings": [{"where": where, "message": message} for where, message in self.warnings],
            "skipped": [{"where": where, "message": message} for where, message in self.skipped],
            "commands": list(self.commands),
        }


def report(build: Build, *, command: str = "invokable generate", git: bool = False) -> Report:
    """Compare the files of a build, made with `compare`, with what is there.

    Args:
        build: The build.
        command: What would write the files.
        git: Ask git, too, whether a commit would hold them.
    """
    findings = tuple(_findings(build))
    asked = _asked(build, findings) if git else Tracking()
    warnings = [(result.source.shown, warning) for result in build.results for warning in result.warnings]
    return Report(
        findings=tuple(_tracked(finding, asked.lacking.get(finding.path)) for finding in findings),
        failures=build.failures,
        warnings=(*warnings, *((failure.where, failure.message) for failure in asked.failures)),
        skipped=tuple((result.source.shown, result.skipped) for result in build.results if result.skipped),
        command=command,
    )


def _asked(build: Build, findings: Iterable[Finding]) -> Tracking:
    """What git says about the files that are there and are to stay. Modules may be ignored, but not the lock file."""
    there = [finding.path for finding in findings if finding.state not in ("missing", "left over")]
    return tracking(there, needed={change.path for change in build.extras.locks})


def _tracked(finding: Finding, lack: Lack | None) -> Finding:
    if lack is None:
        return finding
    return replace(finding, lack=lack, state="untracked" if finding.state == "fine" else finding.state)


def _findings(build: Build) -> Iterator[Finding]:
    for result in build.results:
        if result.change is not None:
            yield _module(result, result.change)
    for change in build.extras.packages:
        yield _file(change)
    for change in build.extras.locks:
        yield _file(change, _LOCK)
    for left in build.extras.left:
        detail = f"{left.reason}{'; it was edited by hand, so delete it yourself' if left.edited else ''}"
        yield Finding(left.path, "left over", detail=detail, before=left.text, fixable=not left.edited)


def _module(result: BuildResult, change: FileChange) -> Finding:
    state: State = "edited" if result.edited else _state(change)
    detail = "; ".join(result.renamed) if state != "fine" else ""
    return Finding(change.path, state, result.source.shown, detail, change.before or "", change.after or "")


def _file(change: FileChange, stale: str = "") -> Finding:
    state = _state(change)
    return Finding(change.path, state, None, stale if state == "stale" else "", change.before or "", change.after or "")


def _state(change: FileChange) -> State:
    if change.outcome is Written.UNCHANGED:
        return "fine"
    return "missing" if change.outcome is Written.NEW else "stale"
