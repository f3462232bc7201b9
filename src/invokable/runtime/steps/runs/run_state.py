"""Run state: what is known about a submission, shared by all who use it in a process."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from invokable.runtime.steps.exchange.answers import RunItem
from invokable.runtime.steps.exchange.logs import LOG
from invokable.runtime.steps.exchange.protocol import Subscription, Transmission
from invokable.runtime.steps.runs.duplicates import corrected
from invokable.runtime.values.submission import Submission


@dataclass(slots=True)
class RunState:
    """What is known about a submission at any moment."""

    submission: Submission
    unclear_since: float | None = None
    """When the last POST or retry with an unknown outcome was given up."""
    post: Transmission = field(default_factory=Transmission)
    """The state of the last POST."""
    is_answered: bool = False
    """Whether the last POST was answered, so that its effect is visible on the server."""
    accepted_at: float | None = None
    """When the server was known to have the batch, if this process sent it."""
    expected_total: int = 0
    """The number of items in the batch once a retry that is on its way has arrived; 0 without one."""
    retried_ids: frozenset[int] = frozenset()
    """The items that others have replaced."""
    is_listed: bool = False
    """Whether the ids of the items were in the server's list, not only in its answer to the POST."""
    ended: dict[int, RunItem] = field(default_factory=dict)
    """The ended items that are known, by id: later, they may be removed from the queue."""
    subscription: Subscription | None = None
    """Collects the events about the batch."""
    connection_id: int = 0
    """The connection that has received everything since before the POST; 0 for none."""

    @property
    def is_unclear(self) -> bool:
        """Whether the outcome of a POST or a retry was unknown, so that duplicates may appear."""
        return self.unclear_since is not None

    @property
    def sent(self) -> bool:
        """Whether a POST may have reached the server."""
        return self.post.may_have_arrived or self.is_unclear

    @property
    def is_settled(self) -> bool:
        """Whether no POST or retry can still be on its way."""
        return self.is_answered and not self.is_unclear and not self.expected_total

    def keep(self, items: Iterable[RunItem]) -> None:
        """Keep those of the run's items that have ended, with their results."""
        self.ended |= {item.item_id: item for item in items if item.ended and not item.lacks_results}

    def kept(self) -> dict[int, RunItem]:
        """The items that were kept, by id, in the order of their values."""
        return {item_id: self.ended[item_id] for item_id in self.submission.item_ids if item_id in self.ended}

    def take_listed(self, item_ids: Sequence[int]) -> None:
        """Use these items, which were in the server's list of the batch."""
        self.submission, self.is_listed = replace(self.submission, item_ids=tuple(item_ids)), True

    def correct(self, listed: Sequence[RunItem]) -> bool:
        """Compare the ids with the server's list of the batch, unless they were before; return whether any changed."""
        if self.is_listed:
            return False
        self.is_listed = True
        right = corrected(self.submission, listed)
        if right is self.submission:
            return False
        LOG.warning("batch %s has items %s, not those of the answer", right.batch_id, list(right.item_ids))
        self.submission = right
        return True
