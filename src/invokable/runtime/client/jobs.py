"""Jobs: runs that were submitted and can be waited for, now or later."""

from __future__ import annotations

from typing import Any, Generic, Protocol, TypeVar

from invokable.runtime.steps.submission import Submission
from invokable.runtime.steps.submit import Submitting
from invokable.runtime.values.result import WorkflowResult
from invokable.runtime.values.workflow import Workflow

Result = TypeVar("Result", bound=WorkflowResult)
ResultOf = TypeVar("ResultOf", bound=WorkflowResult, covariant=True)


class Runs(Protocol[ResultOf]):
    """A workflow, seen by what it gives."""

    @property
    def Result(self) -> type[ResultOf]:  # noqa: N802  (the generated class's own name)
        """The class of the result."""


class Finishes(Protocol):
    """What a job needs of its client."""

    def _finish(self, workflow: type[Workflow], state: Submitting, timeout: float | None) -> Any: ...

    def cancel(self, batch_id: str) -> None:
        """Cancel what is left of a batch."""


class Job(Generic[Result]):
    """A run on the server. `Client.submit` and `Client.attach` make one."""

    def __init__(self, client: Finishes, workflow: type[Workflow], state: Submitting) -> None:
        self._client = client
        self._workflow = workflow
        self._state = state

    def __repr__(self) -> str:
        return f"Job({self.submission.batch_id!r})"

    @property
    def submission(self) -> Submission:
        """What identifies the run, to be stored."""
        return self._state.submission

    def result(self, *, timeout: float | None = None) -> Result:
        """Wait for the run, at most `timeout` seconds, and return its result. An interrupt does not cancel the run.

        Raises RunFailed, RunCanceled, RunTimeout, EnqueueUncertain, ConnectionError and APIError.
        """
        result: Result = self._client._finish(self._workflow, self._state, timeout)
        return result

    def cancel(self) -> None:
        """Cancel what is left of the run. Raises ConnectionError and APIError."""
        self._client.cancel(self.submission.batch_id)


Job.__module__ = "invokable"  # as users import it
