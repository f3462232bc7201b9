"""Queue room: whether the queue has room for a whole batch, checked before anything is sent.

At its limit, the server accepts part of a batch and reports success. A single item is accepted or not, and the answer
shows which, so before a run, only batches of several items are checked.
"""

from __future__ import annotations

from invokable.runtime.errors import AuthenticationError, ConnectionError, InvokableError, QueueFullError  # noqa: A004
from invokable.runtime.steps.exchange.answers import QueueLoad
from invokable.runtime.steps.exchange.fetching import fetch
from invokable.runtime.steps.exchange.logs import LOG
from invokable.runtime.steps.exchange.protocol import Request, Steps
from invokable.runtime.steps.exchange.responses import read
from invokable.runtime.steps.resources.run_items import QUEUE
from invokable.runtime.steps.resources.server_cache import ServerCache
from invokable.runtime.steps.resources.server_info import max_queue_size
from invokable.runtime.values.submission import MOST_ITEMS


def check_room(requested: int, cache: ServerCache, *, insist: bool) -> Steps[None]:
    """Raise QueueFullError if the queue has no room for so many items. If the server does not say, assume there is.

    With `insist`, also check a single item, and raise an error if the server cannot be used: ConnectionError or
    AuthenticationError.
    """
    if requested < 2 and not insist:
        return
    if requested > MOST_ITEMS:
        raise QueueFullError(
            f"the batch has more than {MOST_ITEMS:,} items, which no queue has room for; "
            "use fewer values, or put lists into one group so that they are zipped",
            enqueued=0,
            requested=requested,
        )
    try:
        limit = cache.max_queue_size or (yield from max_queue_size())
        pending = read((yield from fetch(Request("GET", f"{QUEUE}/status"))), QueueLoad).queue.pending
        if limit is not None and pending + requested > limit:  # the limit may have been raised since
            limit = yield from max_queue_size()
    except InvokableError as error:
        if insist and isinstance(error, ConnectionError | AuthenticationError):
            raise
        LOG.info("the server does not report the maximum size of its queue: %s", error)
        return
    if limit is None:
        return
    cache.max_queue_size = limit
    room = max(limit - pending, 0)
    if requested > room:
        raise QueueFullError(
            f"the queue has room for {room} of {requested} items: {pending} of at most {limit} are "
            "pending; try again later, submit fewer items, or raise max_queue_size in invokeai.yaml",
            enqueued=0,
            requested=requested,
        )
