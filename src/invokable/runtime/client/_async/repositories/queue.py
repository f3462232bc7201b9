"""Queue: everything that is pending, running or done on a server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal

from invokable.contract.server import State
from invokable.runtime.client._async.repositories.repository import AsyncRepository
from invokable.runtime.client.surface import check_word, checked_batch_id, checked_batch_ids, item_id_of
from invokable.runtime.steps.resources.queue import (
    cancel_destination,
    cancel_items,
    cancel_pending,
    delete_all,
    delete_destination,
    delete_items,
    delete_pending,
    get_item,
    item_that,
    list_items,
    queue_status,
    retry_items,
    set_paused,
)
from invokable.runtime.steps.resources.references import checked_name
from invokable.runtime.steps.resources.run_items import cancel_batches
from invokable.runtime.values.records import QueueItem, QueueStatus


class AsyncQueue(AsyncRepository):
    """The queue of a server, with everyone's items. To follow a single run, use its `Job`.

    Pass an item as its id, or as a `QueueItem`. Every method raises ConnectionError and APIError. On a multi-user
    server, other users' items cannot be changed, and only an administrator may pause and resume.
    """

    async def status(self) -> QueueStatus:
        """How many items are in each state, and whether the queue is paused."""
        return await self._drive(queue_status())

    def list(
        self,
        *,
        status: State | Literal[""] = "",
        batch_id: str = "",
        destination: str = "",
        newest_first: bool = True,
    ) -> AsyncIterator[QueueItem]:
        """The items that match; by default all.

        Args:
            status: Those in this state: `pending`, `in_progress`, `waiting`, `completed`, `failed` or `canceled`.
            batch_id: Those of this batch.
            destination: Those with this destination.
            newest_first: False lists the oldest first.

        Raises ValueError for an unknown state.
        """
        if status:
            check_word("status", status, State)
        if batch_id:
            checked_batch_id(batch_id)
        if destination:
            _checked_destination(destination)

        def chosen(item: QueueItem) -> bool:
            wanted = ((status, item.status), (batch_id, item.batch_id), (destination, item.destination))
            return all(not text or text == found for text, found in wanted)

        return self._each(list_items(self._cache, chosen, newest_first=newest_first))

    async def get(self, item_id: int) -> QueueItem:
        """The item with that id, including its error if it failed. Raises NotFoundError."""
        return await self._drive(get_item(item_id_of(item_id)))

    async def current(self) -> QueueItem | None:
        """The item that is running, if any."""
        return await self._drive(item_that("current"))

    async def next(self) -> QueueItem | None:
        """The item that runs next, if any."""
        return await self._drive(item_that("next"))

    async def cancel(self, *items: QueueItem | int) -> tuple[QueueItem, ...]:
        """Cancel items; those that have ended are left unchanged. Returns their new state. Raises NotFoundError."""
        return await self._drive(cancel_items([item_id_of(item) for item in items]))

    async def cancel_batch(self, *batch_ids: str) -> int:
        """Cancel the items of batches that have not ended. Returns the number canceled."""
        return await self._drive(cancel_batches(checked_batch_ids(batch_ids)))

    async def cancel_destination(self, destination: str) -> int:
        """Cancel the items for a destination that have not ended. Returns the number canceled."""
        return await self._drive(cancel_destination(_checked_destination(destination)))

    async def cancel_pending(self) -> int:
        """Cancel everything but the running item. Returns the number canceled.

        Raises UnsupportedError for a server before 5.6.
        """
        return await self._drive(cancel_pending(self._cache))

    async def retry(self, *items: QueueItem | int) -> tuple[QueueItem, ...]:
        """Enqueue failed and canceled items again, and return the new items.

        Other items are ignored, and so are those that the queue has no room for.
        Raises UnsupportedError for a server before 5.7.
        """
        return await self._drive(retry_items([item_id_of(item) for item in items], self._cache))

    async def delete(self, *items: QueueItem | int) -> None:
        """Delete items, canceling those that have not ended. Raises NotFoundError and UnsupportedError."""
        await self._drive(delete_items([item_id_of(item) for item in items], self._cache))

    async def delete_pending(self) -> int:
        """Delete all pending items. Returns the number deleted. Raises UnsupportedError for a server before 6.0."""
        return await self._drive(delete_pending(self._cache))

    async def delete_destination(self, destination: str) -> int:
        """Delete all items for a destination, including a running one. Returns the number deleted.

        Raises UnsupportedError for a server before 6.0, and ValueError for a destination that the server cannot delete
        by, such as one with a slash: list its items, and delete those.
        """
        return await self._drive(delete_destination(_checked_destination(destination), self._cache))

    async def prune(self) -> int:
        """Delete all items that have ended. Returns the number deleted. Images and videos are kept."""
        return await self._drive(delete_all("prune"))

    async def clear(self) -> int:
        """Delete all items, even pending and running ones. Returns the number deleted. Images and videos are kept."""
        return await self._drive(delete_all("clear"))

    async def pause(self) -> None:
        """Pause the queue: no further item starts. The running item continues."""
        await self._drive(set_paused(True))

    async def resume(self) -> None:
        """Resume the queue."""
        await self._drive(set_paused(False))


def _checked_destination(destination: str) -> str:
    return checked_name(destination, "a destination")
