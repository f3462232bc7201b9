"""Working: the whole way of `invokable run`, from what the command line asks for to files on the disk."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from invokable import Client, RunCanceled, RunFailed, Submission, Workflow, WorkflowResult
from invokable.cli.errors import say, warn
from invokable.cli.running.loading import Loaded, load
from invokable.cli.running.pattern import Pattern, parse_pattern
from invokable.cli.running.progress import progress_bar
from invokable.cli.running.report import Report
from invokable.cli.running.saving import save_all
from invokable.cli.running.values import fill, read_json
from invokable.codegen import BuildError, BuildOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the command line asks for."""

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
        """Whether people read what it prints."""
        return not self.as_json and not self.quiet


def work(order: Order, report: Report) -> None:
    """Do what the command line asks for, and note in the report how far it comes.

    Raises BuildError, WrongValuesError, and what the client raises.
    """
    loaded = load(order.source, order.options)
    report.class_name = loaded.workflow.__name__
    for warning in () if order.quiet else loaded.warnings:
        warn(loaded.shown, warning)
    flow: Workflow | None
    if order.attach is None:
        flow = fill(loaded.workflow, loaded.shown, order.sets, order.values)
    else:
        report.submission, flow = _attached(order.attach, loaded)
    report.values = flow.to_dict() if flow else None
    pattern = _pattern(order.out, flow, loaded)
    report.left = "the run was canceled" if order.attach is None else "the run goes on"
    with _client(order) as client:
        if order.wait:
            _wait(order, report, client, pattern, loaded, flow)
            return
        assert flow is not None  # as --attach waits
        report.submission = client.submit(flow, timeout=order.timeout).submission
    if order.says:
        items = report.submission.requested
        say(f"batch {report.submission.batch_id}: {items} {'item' if items == 1 else 'items'} submitted")


def _wait(
    order: Order, report: Report, client: Client, pattern: Pattern, loaded: Loaded, flow: Workflow | None
) -> None:
    try:
        with progress_bar(loaded.stem, shown=order.says):
            if report.submission is not None:
                job: Any = client.attach(loaded.workflow, report.submission)
                result = job.result(timeout=order.timeout)
            else:
                run: Any = client.run
                result = run(flow, timeout=order.timeout)
    except (RunFailed, RunCanceled) as error:
        if error.partial is not None:
            _save(order, report, client, pattern, error.partial)
        raise
    _save(order, report, client, pattern, result)


def _save(order: Order, report: Report, client: Client, pattern: Pattern, result: WorkflowResult) -> None:
    report.result = result
    for saved in save_all(result, pattern, client, force=order.force):
        report.files.append(saved)
        if order.says:
            say(f"{saved.attribute}: {saved.path}")
    if order.says:
        report.print_lines()


def _attached(name: str, loaded: Loaded) -> tuple[Submission, Workflow | None]:
    """The run that an earlier `--json` told of, and the values that it has, where it tells of those too."""
    found = read_json(name)
    try:
        submission = Submission.from_json(found.get("submission") or found)
        values = found.get("values")
        flow = loaded.workflow.from_dict(values) if values else None
    except (AttributeError, KeyError, TypeError, ValueError):
        raise BuildError(name, "holds no submission; expected what invokable run --json printed") from None
    made = submission.workflow.rpartition(":")[2]
    if made != loaded.workflow.__name__:
        raise BuildError(name, f"is a run of {made}, not of {loaded.workflow.__name__}")
    return submission, flow


def _pattern(text: str, flow: Workflow | None, loaded: Loaded) -> Pattern:
    try:
        return parse_pattern(text, flow, loaded.stem)
    except ValueError as error:
        raise BuildError(f"--out {json.dumps(text, ensure_ascii=False)}", str(error)) from None


def _client(order: Order) -> Client:
    try:
        return Client(order.url, token=order.token)
    except ValueError as error:
        raise BuildError("--token" if "token" in str(error) else "--url", str(error)) from None
