"""Asking: questions of several runs about their queue items are combined into one request."""

from __future__ import annotations

import copy
import os
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from invokable.runtime.client._async.concurrency import Background, home, sleep
from invokable.runtime.errors import ConnectionError, InvokableError  # noqa: A004
from invokable.runtime.steps.exchange.protocol import Ask

Found: TypeAlias = dict[int, Any]

_GATHERING: Final = 0.02
"""Seconds that a question waits for others to join it."""


@dataclass(slots=True)
class _Gathering:
    """A question that more items can still be added to."""

    item_ids: set[int] = field(default_factory=set)
    answer: Background[Found] | None = None


class AsyncAsking:
    """Collects questions of the same kind and asks them together."""

    def __init__(self, ask: Callable[[Ask], Awaitable[Found]]) -> None:
        self._ask = ask
        self._processes: dict[int, tuple[threading.Lock, dict[object, _Gathering]]] = {}

    async def ask(self, step: Ask) -> Found:
        """The server's answer for each item of a question. Raises whatever the request raises."""
        kind = (home(), step.ask)
        lock, gatherings = self._here()
        with lock:
            gathering = gatherings.get(kind)
            if gathering is None:
                gathering = _Gathering()
                gathering.answer = Background(self._gather, kind, gathering, step)
                gatherings[kind] = gathering  # last, so that an interrupt leaves no gathering that never answers
            gathering.item_ids.update(step.item_ids)
        assert gathering.answer is not None  # set above
        try:
            found = await gathering.answer.result(step.timeout)
        except InvokableError as error:
            raise copy.copy(error) from error  # each run adds its own submission
        except TimeoutError:
            raise ConnectionError("the server did not answer in time", sent=True) from None
        return {item_id: found[item_id] for item_id in step.item_ids if item_id in found}

    async def _gather(self, kind: object, gathering: _Gathering, step: Ask) -> Found:
        await sleep(_GATHERING)
        lock, gatherings = self._here()
        with lock:
            if gatherings.get(kind) is gathering:
                del gatherings[kind]
        return await self._ask(Ask(step.ask, tuple(sorted(gathering.item_ids)), step.known))

    def _here(self) -> tuple[threading.Lock, dict[object, _Gathering]]:
        """The gatherings of this process. After a fork, the parent's would never be asked or release their lock."""
        return self._processes.setdefault(os.getpid(), (threading.Lock(), {}))
