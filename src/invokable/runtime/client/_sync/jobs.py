"""Jobs: runs that were submitted and can be waited for, now or later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic

from invokable.runtime.client.surface import Result
from invokable.runtime.steps.submission import Submission
from invokable.runtime.steps.submit import Submitting
from invokable.runtime.values.workflow import Workflow

if TYPE_CHECKING:
    from invokable.runtime.client._sync.client import Client


class Job(Generic[Result]):
    """A run on the server. `Client.submit` and `Client.attach` make one.

    Example:

        job = client.submit(Portrait(prompt="a fox"))
        print(job.submission.batch_id)
        result = job.result(timeout=600)
    """

    def __init__(self, client: Client, workflow: type[Workflow], state: Submitting) -> None:
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
