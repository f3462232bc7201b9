"""Item reader: the queue items of several runs are read with one request."""

from __future__ import annotations

import copy
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from invokable.runtime.client._async.concurrency import Background, sharing_scope, sleep
from invokable.runtime.errors import ConnectionError, InvokableError  # noqa: A004
from invokable.runtime.locks import Lock
from invokable.runtime.steps.exchange.protocol import ReadItems

Found: TypeAlias = dict[int, Any]

_DELAY: Final = 0.02
"""Seconds that a read waits for others to join it."""


@dataclass(slots=True)
class _PendingRead:
    """A read that more items can still be added to."""

    item_ids: set[int] = field(default_factory=set)
    background: Background[Found] | None = None


class AsyncItemReader:
    """Collects reads of the same kind and does them together."""

    def __init__(self, read: Callable[[ReadItems], Awaitable[Found]]) -> None:
        self._read = read
        self._processes: dict[int, tuple[Lock, dict[object, _PendingRead]]] = {}

    async def read(self, step: ReadItems) -> Found:
        """The items, by id. Raises whatever the request raises."""
        kind = (sharing_scope(), step.read)
        lock, pending_reads = self._of_this_process()
        with lock:
            pending = pending_reads.get(kind)
            if pending is None:
                pending = _PendingRead()
                pending.background = Background(self._read_together, kind, pending, step)
                pending_reads[kind] = pending  # last, so that an interrupt leaves no read that never ends
            pending.item_ids.update(step.item_ids)
        assert pending.background is not None  # set above
        try:
            found = await pending.background.result(step.timeout)
        except InvokableError as error:
            raise copy.copy(error) from error  # each run adds its own submission
        except TimeoutError:
            raise ConnectionError("the server did not answer in time", sent=True) from None
        return {item_id: found[item_id] for item_id in step.item_ids if item_id in found}

    async def _read_together(self, kind: object, pending: _PendingRead, step: ReadItems) -> Found:
        await sleep(_DELAY)
        lock, pending_reads = self._of_this_process()
        with lock:
            if pending_reads.get(kind) is pending:
                del pending_reads[kind]
        return await self._read(ReadItems(step.read, tuple(sorted(pending.item_ids)), step.cache))

    def _of_this_process(self) -> tuple[Lock, dict[object, _PendingRead]]:
        """The pending reads of this process. After a fork, the parent's would never be done or release their lock."""
        return self._processes.setdefault(os.getpid(), (Lock(), {}))
