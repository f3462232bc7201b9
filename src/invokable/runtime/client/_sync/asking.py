"""Asking: what several runs ask about their queue items goes into one request."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from invokable.runtime.client._sync.concurrency import Started, home, sleep
from invokable.runtime.errors import ConnectionError, InvokableError  # noqa: A004
from invokable.runtime.steps.protocol import Ask

Found: TypeAlias = dict[int, Any]

_GATHERING: Final = 0.02
"""Seconds that a question waits for others."""


@dataclass(slots=True)
class _Gathering:
    """A question that still takes further items."""

    item_ids: set[int] = field(default_factory=set)
    answer: Started[Found] | None = None


class Asking:
    """Gathers questions of one kind until they are asked."""

    def __init__(self, ask: Callable[[Ask], Found]) -> None:
        self._ask = ask
        self._lock = threading.Lock()
        self._gatherings: dict[object, _Gathering] = {}

    def ask(self, step: Ask) -> Found:
        """What is said of the items of a question. Raises what asking raises."""
        kind = (home(), step.ask)
        with self._lock:
            gathering = self._gatherings.get(kind)
            if gathering is None:
                gathering = self._gatherings[kind] = _Gathering()
                gathering.answer = Started(self._gather, kind, gathering, step)
            gathering.item_ids.update(step.item_ids)
        assert gathering.answer is not None  # as it was made above
        try:
            found = gathering.answer.result(step.timeout)
        except InvokableError as error:
            raise copy.copy(error) from error  # each run adds its own submission
        except TimeoutError:
            raise ConnectionError("the server did not answer in time", sent=True) from None
        return {item_id: found[item_id] for item_id in step.item_ids if item_id in found}

    def _gather(self, kind: object, gathering: _Gathering, step: Ask) -> Found:
        sleep(_GATHERING)
        with self._lock:
            del self._gatherings[kind]
        return self._ask(Ask(step.ask, tuple(sorted(gathering.item_ids)), step.known))
