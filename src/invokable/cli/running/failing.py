"""Failing: which lines and which status an error of the runtime ends a command with."""

from __future__ import annotations

from invokable import (
    BoardError,
    ConnectionError,  # noqa: A004
    InvokableError,
    Problem,
    RunTimeout,
    StaleWorkflowError,
    ValidationError,
)
from invokable.cli.errors import Status
from invokable.codegen import BuildError
from invokable.codegen.failures import FailureKind


def failures_of(error: InvokableError, source: str, server: str) -> list[tuple[BuildError, Problem | None]]:
    """What to say about an error: a failure for each line."""
    if isinstance(error, ValidationError):
        return [(BuildError(source, str(problem)), problem) for problem in error.errors]
    where = server if isinstance(error, ConnectionError) else source
    kind: FailureKind = "input" if isinstance(error, BoardError) else "server"
    return [(BuildError(where, str(error).removeprefix(f"{server}: "), suggestion=_suggestion(error), kind=kind), None)]


def status_of(error: InvokableError) -> Status:
    """2 for values to correct, 1 for a module that does not fit the server, 4 for what went wrong there."""
    if isinstance(error, ValidationError | BoardError):
        return Status.BAD_INPUT
    return Status.DRIFT if isinstance(error, StaleWorkflowError) else Status.SERVER


def _suggestion(error: InvokableError) -> str | None:
    if isinstance(error, StaleWorkflowError):
        return "run the workflow's file with --server, or regenerate the module"
    if isinstance(error, RunTimeout) and error.submission is not None:
        return f"the run goes on; --attach {error.batch_id} waits for it"
    if type(error) is ConnectionError and not error.sent and error.submission is None:
        return "start the server, or name another one with --url or INVOKEAI_URL"
    return None
