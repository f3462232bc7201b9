"""Jobs: runs that were submitted and can be waited for, now or later."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Generic

from invokable.runtime.client.progress import Watch, watched
from invokable.runtime.client.surface import Result
from invokable.runtime.steps.deadline import Deadline
from invokable.runtime.steps.protocol import Steps, T
from invokable.runtime.steps.run import Context, Manner, finish, follow, run_again
from invokable.runtime.steps.status import finished_part, job_status, outcome
from invokable.runtime.steps.submission import Submission
from invokable.runtime.steps.submit import Submitting
from invokable.runtime.values.events import JobEvent, JobStatus
from invokable.runtime.values.workflow import Workflow

if TYPE_CHECKING:
    from invokable.runtime.client._async.client import AsyncClient


class AsyncJob(Generic[Result]):
    """A run on the server. `AsyncClient.submit` and `AsyncClient.attach` make one.

    It may be asked from several threads or tasks at once.

    Example:

        job = await client.submit(Portrait(prompt="a fox"))
        print(job.submission.batch_id)
        result = await job.result(timeout=600)
    """

    def __init__(self, client: AsyncClient, workflow: type[Workflow], state: Submitting) -> None:
        self._client = client
        self._workflow = workflow
        self._state = state

    def __repr__(self) -> str:
        return f"AsyncJob({self.submission.batch_id!r})"

    @property
    def submission(self) -> Submission:
        """What identifies the run, to be stored."""
        return self._state.submission

    @property
    def batch_id(self) -> str:
        """The id of the run's batch on the server; `attach` takes it too."""
        return self._state.submission.batch_id

    async def status(self, *, timeout: float | None = None) -> JobStatus:
        """How many queue items are in each state, asked now.

        Raises EnqueueUncertain, RunTimeout, ConnectionError and APIError.
        """
        return await self._drive(job_status(self._state, *self._within(timeout)))

    async def result(
        self, *, timeout: float | None = None, on_progress: Watch | None = None, progress: bool = False
    ) -> Result:
        """Wait for the run, at most `timeout` seconds, and return its result. An interrupt does not cancel the run.

        `on_progress` and `progress` are those of `AsyncClient.run`.

        Raises RunFailed, RunCanceled, RunTimeout, EnqueueUncertain, ConnectionError and APIError. Those of a batch
        hold the results of the items that were completed, as `partial`.
        """
        with watched(on_progress, bar=progress) as watch:
            steps = finish(self._workflow, self._state, *self._within(timeout), Manner(watch is not None))
            result: Result = await self._drive(steps, watch)
            return result

    async def wait(
        self, *, timeout: float | None = None, on_progress: Watch | None = None, progress: bool = False
    ) -> JobStatus:
        """Wait for the run, whatever comes of it, and return how its items ended.

        Raises RunTimeout, EnqueueUncertain, ConnectionError and APIError.
        """
        with watched(on_progress, bar=progress) as watch:
            steps = follow(self._workflow, self._state, *self._within(timeout), Manner(watch is not None))
            return outcome(await self._drive(steps, watch))

    async def finished(self, *, timeout: float | None = None) -> Result | None:
        """The result of the queue items that are completed by now, without waiting; None where there is none.

        Raises EnqueueUncertain, RunTimeout, ConnectionError and APIError.
        """
        result: Result | None = await self._drive(finished_part(self._workflow, self._state, *self._within(timeout)))
        return result

    async def events(self, *, timeout: float | None = None) -> AsyncIterator[JobEvent]:
        """What happens to the run, from its submission on, until the last queue item has ended.

            async for event in job.events():
                if isinstance(event, Progress):
                    print(event.fraction, event.message)

        Called late, it begins with what has happened by then. While the server's events cannot be had, the nodes of an
        item come when it has ended, and no progress does. Leaving the loop cancels nothing.

        Raises RunTimeout, EnqueueUncertain, ConnectionError and APIError.
        """
        steps = follow(self._workflow, self._state, *self._within(timeout), Manner(watched=True))
        async for event in self._client._engine.stream(steps):
            yield event

    async def cancel(self) -> None:
        """Cancel what is left of the run. Raises ConnectionError and APIError."""
        await self._client.cancel(self.submission.batch_id)

    async def retry(self, *, timeout: float | None = None) -> None:
        """Run again what failed or was canceled. The job, and its `submission`, are about the new items from then on.

        Raises EnqueueUncertain, RunTimeout, ConnectionError and APIError.
        """
        await self._drive(run_again(self._state, *self._within(timeout)))

    def _within(self, timeout: float | None) -> tuple[Context, Deadline]:
        return self._client._context, self._client._deadline(timeout)

    async def _drive(self, steps: Steps[T], watch: Watch | None = None) -> T:
        return await self._client._drive(steps, watch)


AsyncJob.__module__ = "invokable"  # as users import it
