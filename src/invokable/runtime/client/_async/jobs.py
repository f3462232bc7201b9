"""Jobs: submitted runs that can be waited for, now or later."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Generic

from invokable.runtime.client._async.engine import AsyncEngine
from invokable.runtime.client.progress import Watch, watched
from invokable.runtime.client.surface import Result
from invokable.runtime.steps.exchange.deadline import Deadline
from invokable.runtime.steps.exchange.protocol import Steps, T
from invokable.runtime.steps.runs.run import Context, RunOptions, carried_by_errors, finish, follow, run_again
from invokable.runtime.steps.runs.run_state import RunState
from invokable.runtime.steps.runs.status import finished_part, job_status, outcome
from invokable.runtime.values.events import JobEvent, JobStatus
from invokable.runtime.values.submission import Submission
from invokable.runtime.values.workflow import Workflow


class AsyncJob(Generic[Result]):
    """A run on the server, as `AsyncClient.submit` and `AsyncClient.attach` return it.

    Several threads or tasks can use one job at the same time.

    Example:

        job = await client.submit(Portrait(prompt="a fox"))
        print(job.submission.batch_id)
        result = await job.result(timeout=600)
    """

    def __init__(self, engine: AsyncEngine, workflow: type[Workflow], state: RunState) -> None:
        self._engine = engine
        self._workflow = workflow
        self._state = state

    def __repr__(self) -> str:
        return f"AsyncJob({self.submission.batch_id!r})"

    @property
    def submission(self) -> Submission:
        """Identifies the run; store it to attach to the run later."""
        return self._state.submission

    @property
    def batch_id(self) -> str:
        """The id of the run's batch on the server; `attach` also accepts it."""
        return self._state.submission.batch_id

    async def status(self, *, timeout: float | None = None) -> JobStatus:
        """How many queue items are in each state right now.

        Raises EnqueueUncertain, RunTimeout, ConnectionError and APIError.
        """
        return await self._drive(job_status(self._state, *self._context_and_deadline(timeout)))

    async def result(
        self, *, timeout: float | None = None, on_progress: Watch | None = None, progress: bool = False
    ) -> Result:
        """Wait for the run, for at most `timeout` seconds, and return its result. An interrupt does not cancel the run.

        `on_progress` and `progress` work as in `AsyncClient.run`.

        Raises RunFailed, RunCanceled, RunTimeout, EnqueueUncertain, ConnectionError and APIError. If some
        items of a batch were completed, the error holds their results as `partial`.
        """
        with watched(on_progress, bar=progress) as watch:
            steps = finish(
                self._workflow, self._state, *self._context_and_deadline(timeout), RunOptions(watch is not None)
            )
            result: Result = await self._drive(steps, watch)
            return result

    async def wait(
        self, *, timeout: float | None = None, on_progress: Watch | None = None, progress: bool = False
    ) -> JobStatus:
        """Wait for the run to end, even in failure, and return how its items ended.

        Raises RunTimeout, EnqueueUncertain, ConnectionError and APIError.
        """
        with watched(on_progress, bar=progress) as watch:
            steps = follow(
                self._workflow, self._state, *self._context_and_deadline(timeout), RunOptions(watch is not None)
            )
            return outcome(await self._drive(steps, watch))

    async def finished(self, *, timeout: float | None = None) -> Result | None:
        """The result of the queue items completed so far, without waiting; None if there are none.

        Raises EnqueueUncertain, RunTimeout, ConnectionError and APIError.
        """
        result: Result | None = await self._drive(
            finished_part(self._workflow, self._state, *self._context_and_deadline(timeout))
        )
        return result

    async def events(self, *, timeout: float | None = None) -> AsyncIterator[JobEvent]:
        """The events of the run, from its submission until the last queue item has ended.

            async for event in job.events():
                if isinstance(event, Progress):
                    print(event.fraction, event.message)

        A late call begins with the events so far. While the server's events are unavailable, the node events of an item
        arrive when the item has ended, and there is no progress. Leaving the loop cancels nothing.

        Raises RunTimeout, EnqueueUncertain, ConnectionError and APIError.
        """
        steps = follow(self._workflow, self._state, *self._context_and_deadline(timeout), RunOptions(watched=True))
        self._check_open()
        async for event in self._engine.stream(steps):
            yield event

    async def cancel(self) -> None:
        """Cancel the items of the run that have not ended.

        Raises ConnectionError, APIError, and WorkflowError for another user's run.
        """
        with carried_by_errors(self._state):
            await self._engine.cancel(self.submission)

    async def retry(self, *, timeout: float | None = None) -> None:
        """Run failed and canceled items again. From then on, the job and its `submission` refer to the new items, also
        for those who already wait for it.

        Raises EnqueueUncertain, RunTimeout, ConnectionError, APIError, and WorkflowError for another user's run. Raises
        RunCanceled, which names them, for items that were removed from the queue: they cannot run again. The others do.
        Raises QueueFullError if the queue has no room for all of them; those that it has room for run again.
        """
        await self._drive(run_again(self._state, *self._context_and_deadline(timeout)))

    def _context_and_deadline(self, timeout: float | None) -> tuple[Context, Deadline]:
        return self._engine.context_and_deadline(timeout)

    def _check_open(self) -> None:
        """Raise ClientClosedError, with the submission, if the client is closed."""
        with carried_by_errors(self._state):
            self._engine.check_open()

    async def _drive(self, steps: Steps[T], watch: Watch | None = None) -> T:
        self._check_open()
        return await self._engine.drive(steps, watch)


AsyncJob.__module__ = "invokable"  # as users import it
