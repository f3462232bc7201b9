"""Check: what of a project's files is not as the generator would write it, as plain data.

Build ─▶ Report ─┬─ lines and a unified diff
                 ├─ JSON             docs/check-report.schema.json describes it
                 └─ GitHub's annotations
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from invokable.codegen.build.modules import BuildResult
from invokable.codegen.build.pipeline import Build
from invokable.codegen.build.publish import FileChange, Written
from invokable.codegen.failures import BuildError

State: TypeAlias = Literal["fine", "stale", "missing", "edited", "left over", "untracked"]
"""A module, package or lock file that says what it has to; that says something else; that is not there; that somebody
has edited by hand; whose workflow is gone; a lock file that lacks names, or has too many."""

REPORT_VERSION: Final = 1
_WORDS: Final[dict[State, str]] = {
    "fine": "is as it has to be",
    "stale": "is out of date",
    "missing": "is missing",
    "edited": "was edited by hand",
    "left over": "is left over",
    "untracked": "does not hold the names of all modules",
}


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
    """Generating fixes it."""

    @property
    def message(self) -> str:
        """What is wrong, in a line."""
        return f"{_WORDS[self.state]}{f': {self.detail}' if self.detail else ''}"

    @property
    def diff(self) -> str:
        """What generating would change, as a unified diff."""
        if self.state == "fine":
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
    commands: tuple[str, ...] = field(default=())
    """The commands that fix it."""

    @property
    def wrong(self) -> tuple[Finding, ...]:
        """The files that are not as they have to be."""
        return tuple(finding for finding in self.findings if finding.state != "fine")

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


def report(build: Build, *, command: str = "invokable generate") -> Report:
    """Compare the files of a build, made with `compare`, with what is there. `command` is what would write them."""
    findings = tuple(_findings(build))
    states = {finding.state for finding in findings if finding.fixable}
    fix = f"{command} --force" if "edited" in states else command
    return Report(
        findings=findings,
        failures=build.failures,
        warnings=tuple((result.source.shown, warning) for result in build.results for warning in result.warnings),
        skipped=tuple((result.source.shown, result.skipped) for result in build.results if result.skipped),
        commands=(fix,) if states - {"fine"} else (),
    )


def _findings(build: Build) -> Iterator[Finding]:
    for result in build.results:
        if result.change is not None:
            yield _module(result, result.change)
    for change in build.extras.packages:
        yield _file(change, "stale")
    for change in build.extras.locks:
        yield _file(change, "untracked")
    for left in build.extras.left:
        detail = f"{left.reason}{'; it was edited by hand, so delete it yourself' if left.edited else ''}"
        yield Finding(left.path, "left over", detail=detail, before=left.text, fixable=not left.edited)


def _module(result: BuildResult, change: FileChange) -> Finding:
    state: State = "edited" if result.edited else _state(change, "stale")
    detail = "; ".join(result.renamed) if state != "fine" else ""
    return Finding(change.path, state, result.source.shown, detail, change.before or "", change.after or "")


def _file(change: FileChange, wrong: State) -> Finding:
    return Finding(change.path, _state(change, wrong), None, "", change.before or "", change.after or "")


def _state(change: FileChange, wrong: State) -> State:
    if change.outcome is Written.UNCHANGED:
        return "fine"
    return "missing" if change.outcome is Written.NEW else wrong
