"""Pacing: when to ask the server again, while it answers and while it does not."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from invokable.runtime.errors import APIError, ClientClosedError, InvokableError, WorkflowError
from invokable.runtime.steps.exchange.deadline import Clock
from invokable.runtime.steps.exchange.logs import LOG
from invokable.runtime.steps.exchange.policy import Policy, is_refusal

_BACKOFF: Final = 1.3
"""While no events arrive: short jobs are polled often, long ones less often."""
_BACKSTOP: Final = (5.0, 10.0, 20.0)
"""The minimum number of seconds between polls while events arrive; the last one repeats."""
_BACKSTOP_PER_RUN: Final = 0.2
"""The same for each run that the client follows, so that polls cost a run the same, however many there are."""
_LONGEST_BACKSTOP: Final = 60.0
_POLL_GRID: Final = 10.0
"""Seconds between the moments at which all runs of a client poll in one request."""
_LONGEST_OUTAGE_PAUSE: Final = 5.0
_REFUSED_FOR: Final = 60.0
"""Seconds after which a lasting refusal (401, 403 …) ends the wait."""


@dataclass(slots=True)
class Pace:
    """How long to wait until the next poll."""

    clock: Clock
    policy: Policy
    _polling: float = 0.0
    _polls: int = 0
    _due: float | None = None

    def is_due(self) -> bool:
        """Whether it is time to poll even though events arrive."""
        if self._due is None or self.clock() < self._due:
            return False
        self._due, self._polls = None, self._polls + 1
        return True

    def pause(self, *, receives_events: bool, runs: int) -> float:
        """Seconds until the next poll, for one of several runs that the client follows."""
        if not receives_events:
            pause = max(self._polling, self.policy.first_poll)
            self._due, self._polling = None, min(pause * _BACKOFF, self.policy.poll)
            return pause
        self._polling = 0.0
        if self._due is None:
            own = _BACKSTOP[min(self._polls, len(_BACKSTOP) - 1)]
            earliest = self.clock() + max(own, min(runs * _BACKSTOP_PER_RUN, _LONGEST_BACKSTOP))
            self._due = math.ceil(earliest / _POLL_GRID) * _POLL_GRID
        return max(self._due - self.clock(), 0.0)


@dataclass(slots=True)
class Outage:
    """A time during which the server does not answer, or not properly, while a batch waits for it."""

    clock: Clock
    batch_id: str
    _pause: float = 0.0
    _refused_since: float | None = None

    def pause_after(self, error: InvokableError) -> float:
        """Seconds to wait before the next poll. Raises the error if waiting does not help, or for a lasting refusal."""
        if isinstance(error, ClientClosedError | WorkflowError):  # the client is closed, or the run is another user's
            raise error
        if not self._pause:
            LOG.warning("batch %s: the server does not answer (%s); waiting for it", self.batch_id, error)
        if isinstance(error, APIError) and is_refusal(error.status):
            self._refused_since = self.clock() if self._refused_since is None else self._refused_since
            if self.clock() - self._refused_since > _REFUSED_FOR:
                raise error
        else:
            self._refused_since = None
        self._pause = min(self._pause * 1.5 + 0.2, _LONGEST_OUTAGE_PAUSE)
        return self._pause

    def over(self) -> None:
        """Note that the server answers again."""
        if self._pause:
            LOG.warning("batch %s: the server answers again", self.batch_id)
        self._pause, self._refused_since = 0.0, None
