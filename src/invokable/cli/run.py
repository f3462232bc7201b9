"""invokable run: run a workflow file or a generated module on a server, and save its results."""

from __future__ import annotations

import logging
import math
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

import click

from invokable import InvokableError, Submission
from invokable.cli import completing
from invokable.cli.errors import Status, say_error, show_all
from invokable.cli.exits import Terminated, of_system
from invokable.cli.options import build_options, read_options
from invokable.cli.running.completing import inputs_of_workflow
from invokable.cli.running.execute import RunCommand, execute
from invokable.cli.running.failures import failures_of, status_of
from invokable.cli.running.pattern import DEFAULT
from invokable.cli.running.report import Report
from invokable.cli.running.values import WrongValuesError
from invokable.codegen import BuildError
from invokable.contract.server import LOCAL, TOKEN, URL
from invokable.runtime.steps.exchange.logs import LOG

_GRACE: Final = 2.0
"""Seconds after an interrupt during which others are ignored, so that the run can be canceled."""


@click.command()
@click.argument("source", shell_complete=completing.files)
@click.option(
    "--set",
    "sets",
    multiple=True,
    metavar="NAME=VALUE",
    shell_complete=inputs_of_workflow,
    help="Set an input, by attribute or by form index. @FILE reads the value from a file; @@ is a literal @.",
)
@click.option(
    "--values",
    multiple=True,
    metavar="FILE|-",
    shell_complete=completing.files,
    help="Read values from a JSON object with attributes or indices as keys. --set takes precedence.",
)
@click.option(
    "--out",
    default="",
    metavar="DIR|PATTERN",
    shell_complete=completing.folders,
    help=f"Where to save files, such as images/{{attribute}}-{{seed}}-{{index:03}}; a folder gets {DEFAULT}. "
    "Existing files are not replaced: the new name gets a number.",
)
@click.option("--force", is_flag=True, help="Replace files instead of numbering them.")
@click.option(
    "--url", metavar="URL", envvar=URL, help=f"The server to run on. Default: {URL}, else --server, else {LOCAL}."
)
@click.option("--token", metavar="TOKEN", envvar=TOKEN, help=f"The server's bearer token. Default: {TOKEN}.")
@click.option("--timeout", type=float, metavar="SECONDS", help="The time limit for the run. Default: none.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, even if the run fails.")
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
@click.option("--no-wait", is_flag=True, help="Submit the run and exit; --attach waits for it later.")
@click.option(
    "--attach",
    metavar="BATCH|FILE|-",
    shell_complete=completing.files,
    help="Wait for an earlier run, given by its batch id or by the output of --json, instead of starting one.",
)
@build_options
def run(
    source: str,
    sets: tuple[str, ...],
    values: tuple[str, ...],
    out: str,
    force: bool,
    url: str | None,
    token: str | None,
    timeout: float | None,
    as_json: bool,
    quiet: bool,
    no_wait: bool,
    attach: str | None,
    config: str | None,
    schema: str | None,
    server: str | None,
    lenient: bool,
) -> None:
    """Run a workflow and save its images and videos.

    SOURCE is a workflow file (JSON or PNG; - for standard input) or a generated module: flows.py, package.module or
    flows.py:Class. Ctrl-C cancels the run on the server.

    \b
    Examples:
      invokable run portrait.json --set prompt="a fox" --set 3=1024
      invokable run flows.py:Portrait --set prompt=@prompt.txt --out "out/{attribute}-{seed}"
      invokable run portrait.json --values values.json --json --url http://gpu:9090
    """
    command = RunCommand(
        source=source,
        sets=sets,
        values=values,
        out=out,
        force=force,
        url=url or server or LOCAL,
        token=token or None,
        timeout=timeout,
        as_json=as_json,
        quiet=quiet,
        wait=not no_wait,
        attach=attach,
        options=lambda: read_options(config=config, schema=schema, server=server, lenient=lenient),
    )
    _check(command)
    with _signals(quiet=quiet):
        status = _run(command)
    click.get_current_context().exit(status)


def _check(command: RunCommand) -> None:
    readers = [command.source, *command.values, command.attach].count("-")
    if readers + sum(text.partition("=")[2] == "@-" for text in command.sets) > 1:
        raise click.UsageError("standard input can be read only once; use - at most once")
    if command.timeout is not None and not 0 < command.timeout < math.inf:
        raise click.UsageError(f"--timeout: expected a number of seconds above 0, not {command.timeout:g}")
    if command.attach is not None and (command.sets or command.values or not command.wait):
        raise click.UsageError(
            "--attach cannot be combined with --set, --values or --no-wait: the run already has its values"
        )


def _run(command: RunCommand) -> int:
    report = Report(command.source, server=command.url)
    try:
        execute(command, report)
        status: int = Status.FINE
    except WrongValuesError as error:
        report.fail(error, error.problems)
        status = show_all([failure for failure, _ in error.problems])
    except BuildError as error:
        report.fail(error, ((error, None),))
        status = show_all([error])
    except InvokableError as error:
        problems = failures_of(error, command.source, command.url)
        report.fail(error, tuple(problems))
        show_all([failure for failure, _ in problems])
        status = status_of(error)
    except OSError as error:
        failure = of_system(error)
        report.fail(failure, ((failure, None),))
        status = show_all([failure])
    except (KeyboardInterrupt, Terminated) as error:
        told = next((one for one in _chain(error) if hasattr(one, "submission")), error)
        report.fail(told)
        say_error("; ".join(filter(None, ("interrupted", _left(told, report)))))
        status = Status.INTERRUPTED if isinstance(error, KeyboardInterrupt) else Status.TERMINATED
    if command.as_json:
        report.print_json()
    return status


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An interrupt and those before it: another Ctrl-C may come while the first one is handled."""
    while error is not None:
        yield error
        error = error.__context__


def _left(error: BaseException, report: Report) -> str:
    """The state of the run on the server after an interrupt."""
    from invokable.runtime.steps.runs.withdraw import MAY_RUN

    submission: Submission | None = getattr(error, "submission", None)
    if submission is None:
        return report.left
    if any(MAY_RUN in note for note in getattr(error, "__notes__", ())):
        return f"the run may continue; cancel batch {submission.batch_id} in InvokeAI's queue"
    return "the run was canceled"


@contextmanager
def _signals(*, quiet: bool) -> Iterator[None]:
    """Print the runtime's warnings while it waits, treat SIGTERM like Ctrl-C, and a double Ctrl-C like one."""
    lines = _LogLines(logging.ERROR if quiet else logging.WARNING)
    interrupt = _InterruptOnce()
    before = {
        number: signal.signal(number, interrupt)
        for number in (signal.SIGINT, signal.SIGTERM)
        if signal.getsignal(number) is not signal.SIG_IGN  # ignored in background jobs
    }
    LOG.addHandler(lines)
    try:
        yield
    finally:
        LOG.removeHandler(lines)
        for number, handler in before.items():
            signal.signal(number, handler)


class _LogLines(logging.Handler):
    """Prints the runtime's own log records, one line each, without those of its libraries."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.addFilter(lambda record: record.name == LOG.name)

    def emit(self, record: logging.LogRecord) -> None:
        """Print a record."""
        say_error(record.getMessage())


class _InterruptOnce:
    """Interrupts once, and ignores further signals while the run is canceled."""

    def __init__(self) -> None:
        self._since: float | None = None

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal."""
        now = time.monotonic()
        if self._since is not None and now - self._since < _GRACE:
            return
        self._since = now
        raise KeyboardInterrupt if number == signal.SIGINT else Terminated
