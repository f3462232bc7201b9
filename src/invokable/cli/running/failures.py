"""Failures: the messages and exit status for an error of the runtime."""

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
    """The failures to print for an error, one per line."""
    if isinstance(error, ValidationError):
        return [(BuildError(source, str(problem)), problem) for problem in error.errors]
    where = server if isinstance(error, ConnectionError) else source
    kind: FailureKind = "input" if isinstance(error, BoardError) else "server"
    return [(BuildError.of_server(where, error, suggestion=_suggestion(error), kind=kind), None)]


def status_of(error: InvokableError) -> Status:
    """2 for wrong values, 1 for a module that does not fit the server, 4 for errors on the server."""
    if isinstance(error, ValidationError | BoardError):
        return Status.BAD_INPUT
    return Status.DRIFT if isinstance(error, StaleWorkflowError) else Status.SERVER


def _suggestion(error: InvokableError) -> str | None:
    if isinstance(error, StaleWorkflowError):
        return "run the workflow file with --server, or regenerate the module"
    if isinstance(error, RunTimeout) and error.submission is not None:
        return f"the run continues; --attach {error.batch_id} waits for it"
    if type(error) is ConnectionError and not error.sent and error.submission is None:
        return "start the server, or set another one with --url or INVOKEAI_URL"
    return None
