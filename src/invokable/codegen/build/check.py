"""Check: which files of a project are not up to date or not tracked by git, as plain data.

Build ─▶ Report ─┬─ lines and a unified diff
                 ├─ JSON             described by docs/schemas/check-report.schema.json
                 └─ GitHub's annotations
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from invokable.codegen.build.modules import BuildResult
from invokable.codegen.build.pipeline import Build
from invokable.codegen.build.publish import FileChange, Written
from invokable.codegen.build.unified import unified_diff
from invokable.codegen.failures import BuildError
from invokable.codegen.project.tracking import Tracking, UntrackedFile, add_commands, tracking
from invokable.codegen.python.json_text import LongText
from invokable.contract.utf8 import Utf8

State: TypeAlias = Literal["fine", "stale", "missing", "edited", "left over", "untracked"]
"""The state of a module, package or lock file: up to date; out of date; not there; edited by hand; its workflow is
gone; up to date, but not tracked by git."""

REPORT_VERSION: Final = 1
_WORDS: Final[dict[State, str]] = {
    "fine": "is up to date",
    "stale": "is out of date",
    "missing": "is missing",
    "edited": "was edited by hand",
    "left over": "is left over",
    "untracked": "would be missing from a commit",
}
_LOCK: Final = "names are missing, or belong to workflows that are gone"


@dataclass(frozen=True, slots=True)
class Finding:
    """A file, and whether it is up to date."""

    path: Path
    state: State
    source: str | None = None
    """The workflow file, for a module."""
    detail: str = ""
    """Details about the state."""
    before: bytes = b""
    after: Utf8 = b""
    fixable: bool = True
    """Whether generating fixes it."""
    untracked: UntrackedFile | None = None
    """Why a commit would not include it, if git was asked."""

    @property
    def message(self) -> str:
        """The problem, in one line."""
        git = "" if self.untracked is None else "git ignores it" if self.untracked.ignored else "git does not track it"
        return ": ".join(filter(None, (_WORDS[self.state], "; ".join(filter(None, (self.detail, git))))))

    def diff(self) -> Iterator[str]:
        """The change that generating would make, as a unified diff in parts, see `unified_diff`."""
        if self.state in ("fine", "untracked"):
            return iter(())
        new = "/dev/null" if self.state == "left over" else f"{_shown(self.path)} (generated)"
        old = "/dev/null" if self.state == "missing" else _shown(self.path)
        return unified_diff(self.before, self.after, old, new)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The result of a check."""

    findings: tuple[Finding, ...]
    failures: tuple[BuildError, ...] = ()
    """Why files could not be compared."""
    warnings: tuple[tuple[str, str], ...] = ()
    """Pairs of workflow file and warning, such as a field that is left out."""
    skipped: tuple[tuple[str, str], ...] = ()
    """Pairs of a file in a workflow folder and the reason why it is not a workflow."""
    command: str = "invokable generate"
    """The command that writes the files."""

    @property
    def wrong(self) -> tuple[Finding, ...]:
        """The files that are not up to date or not tracked."""
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
        untracked = [finding.untracked for finding in findings if finding.untracked is not None]
        return (*([generating] if states else []), *add_commands(untracked))

    def to_json(self, status: int) -> dict[str, Any]:
        """The report as a JSON object for `pieces`. `status` is the exit status of the command."""
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
                    "diff": LongText(finding.diff()),
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
    """Compare the files of a build, made with `compare`, with those on disk.

    Args:
        build: The build.
        command: The command that writes the files.
        git: Also ask git whether a commit would include them.
    """
    findings = tuple(_findings(build))
    asked = _asked(build, findings) if git else Tracking()
    warnings = [(result.source.shown, warning) for result in build.results for warning in result.warnings]
    return Report(
        findings=tuple(_tracked(finding, asked.untracked.get(finding.path)) for finding in findings),
        failures=build.failures,
        warnings=(*warnings, *((failure.where, failure.message) for failure in asked.failures)),
        skipped=tuple((result.source.shown, result.skipped) for result in build.results if result.skipped),
        command=command,
    )


def _asked(build: Build, findings: Iterable[Finding]) -> Tracking:
    """What git says about the existing files to keep. Modules may be ignored, the lock file may not."""
    there = [finding.path for finding in findings if finding.state not in ("missing", "left over")]
    return tracking(there, needed={change.path for change in build.extras.locks})


def _tracked(finding: Finding, untracked: UntrackedFile | None) -> Finding:
    if untracked is None:
        return finding
    return replace(finding, untracked=untracked, state="untracked" if finding.state == "fine" else finding.state)


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
    return Finding(change.path, state, result.source.shown, detail, change.old or b"", change.new or b"")


def _file(change: FileChange, stale: str = "") -> Finding:
    state = _state(change)
    return Finding(change.path, state, None, stale if state == "stale" else "", change.old or b"", change.new or b"")


def _shown(path: Path) -> str:
    return str(path).encode("utf-8", "replace").decode()


def _state(change: FileChange) -> State:
    if change.outcome is Written.UNCHANGED:
        return "fine"
    return "missing" if change.outcome is Written.NEW else "stale"
