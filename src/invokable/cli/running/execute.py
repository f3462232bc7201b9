"""Execute: the whole of `invokable run`, from the parsed command line to saved files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from invokable import Submission, Workflow, WorkflowError
from invokable.cli.errors import say, warn
from invokable.cli.running.loading import Loaded, load
from invokable.cli.running.pattern import Pattern, parse_pattern
from invokable.cli.running.progress import progress_bar
from invokable.cli.running.report import Report
from invokable.cli.running.saving import save_each
from invokable.cli.running.values import fill, read_json
from invokable.cli.servers import client_of
from invokable.codegen import BuildError, BuildOptions
from invokable.contract.listing import counted

_BATCH: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCommand:
    """The parsed command line."""

    source: str
    options: Callable[[], BuildOptions]
    """How to read a workflow file."""
    sets: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    out: str = ""
    force: bool = False
    url: str
    token: str | None = None
    timeout: float | None = None
    wait: bool = True
    attach: str | None = None
    as_json: bool = False
    quiet: bool = False

    @property
    def says(self) -> bool:
        """Whether to print lines for people."""
        return not self.as_json and not self.quiet


def execute(command: RunCommand, report: Report) -> None:
    """Execute the command line, and record its progress in the report.

    Raises BuildError, WrongValuesError, OSError and the client's errors.
    """
    loaded = load(command.source, command.options)
    report.class_name = loaded.workflow.__name__
    for warning in () if command.quiet else loaded.warnings:
        warn(loaded.shown, warning)
    earlier: Submission | str | None = None
    flow: Workflow | None
    if command.attach is None:
        flow = fill(loaded.workflow, loaded.shown, command.sets, command.values)
    else:
        earlier, flow = _attached(command.attach, loaded)
    report.values = flow.to_dict() if flow else None
    pattern = _pattern(command.out, flow, loaded)
    with client_of(command.url, command.token, option="--url") as client:
        execution = _Execution(command, report, pattern, client)
        if earlier is not None:
            execution.attach(loaded.workflow, earlier)
        elif command.wait:
            execution.run(flow)
        else:
            execution.submit(flow)


@dataclass(frozen=True, slots=True)
class _Execution:
    command: RunCommand
    report: Report
    pattern: Pattern
    client: Any
    """A Client; its methods have more precise types than are known here."""

    def run(self, flow: Workflow | None) -> None:
        with self._saving(), progress_bar(shown=self.command.says) as watch:
            self.report.result = self.client.run(flow, timeout=self.command.timeout, on_progress=watch)

    def attach(self, workflow: type[Workflow], earlier: Submission | str) -> None:
        self.report.left = "the run continues"
        job = self.client.attach(workflow, earlier)
        with self._saving(), progress_bar(shown=self.command.says) as watch:
            self.report.result = job.result(timeout=self.command.timeout, on_progress=watch)
        self.report.submission = job.submission

    def submit(self, flow: Workflow | None) -> None:
        submission = self.client.submit(flow, timeout=self.command.timeout).submission
        self.report.submission = submission
        if self.command.says:
            items = counted(submission.requested, "item")
            say(f"{items} submitted; --attach {submission.batch_id} waits for the result")

    @contextmanager
    def _saving(self) -> Iterator[None]:
        """Save the results of a run, and of the completed items of a failed run."""
        try:
            yield
        except WorkflowError as error:
            self.report.result = getattr(error, "partial", None)
            self._save()
            raise
        self._save()

    def _save(self) -> None:
        if self.report.result is None:
            return
        self.report.left = ""
        for saved in save_each(self.report.result, self.pattern, self.client, force=self.command.force):
            self.report.files.append(saved)
            if self.command.says:
                say(f"{saved.attribute}: {saved.path}")
        if self.command.says:
            self.report.print_lines()


def _attached(name: str, loaded: Loaded) -> tuple[Submission | str, Workflow | None]:
    """A run by its batch, or by the output of an earlier `--json`, which has its values too."""
    if _BATCH.fullmatch(name) and not Path(name).exists():
        return name, None
    if name != "-" and not Path(name).exists():
        raise BuildError("--attach", f"{name!r} is neither a file nor a batch id, which is a UUID")
    found = read_json(name)
    try:
        submission = Submission.from_json(found.get("submission") or found)
        made, values = submission.workflow.rpartition(":")[2], found.get("values")
    except (AttributeError, KeyError, TypeError, ValueError):
        raise BuildError(name, "contains no submission; expected the output of invokable run --json") from None
    if made != loaded.workflow.__name__:
        raise BuildError(name, f"is a run of {made}, not {loaded.workflow.__name__}")
    try:
        return submission, loaded.workflow.from_dict(values) if values else None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        reason, hint = " ".join(str(error).split()), f"--attach {submission.batch_id} needs no values"
        raise BuildError(name, f"its values do not fit {made}: {reason}", suggestion=hint) from None


def _pattern(text: str, flow: Workflow | None, loaded: Loaded) -> Pattern:
    try:
        return parse_pattern(text, flow, loaded.workflow, loaded.stem)
    except OSError as error:
        raise BuildError.of_system(str(error.filename), error, "written to") from None
    except ValueError as error:
        raise BuildError("--out", str(error)) from None
