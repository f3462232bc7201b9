"""The node cache: identical nodes of later items return the first result."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from invokable.testing.execution.recipes import Recipe

DEFAULT_SIZE: Final = 512
"""The server's own `node_cache_size`."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """The output of a node, and the recipes of the placeholders in it."""

    output: dict[str, Any]
    recipes: Mapping[str, Recipe]


class InvocationCache:
    """A least-recently-used cache of results by node, shared by the sessions of a server."""

    def __init__(self, max_size: int = DEFAULT_SIZE) -> None:
        self.max_size: Final = max_size
        self.enabled = True
        self.hits = 0
        self.misses = 0
        self._items: OrderedDict[str, Remembered] = OrderedDict()

    def __len__(self) -> int:
        return len(self._items)

    @staticmethod
    def key(node: Mapping[str, Any]) -> str:
        """Return the key of a node: everything but its id."""
        return json.dumps({name: value for name, value in node.items() if name != "id"})

    def get(self, key: str) -> Remembered | None:
        """Return the result for a key, or None."""
        if not self._in_use:
            return None
        found = self._items.get(key)
        if found is None:
            self.misses += 1
        else:
            self.hits += 1
            self._items.move_to_end(key)
        return found

    def save(self, key: str, item: Remembered) -> None:
        """Store a result unless there is one already."""
        if not self._in_use or key in self._items:
            return
        while len(self._items) >= self.max_size:
            self._items.popitem(last=False)
        self._items[key] = item

    def forget(self, name: str) -> None:
        """Drop the results with this name, whose image or video was deleted."""
        for key in [key for key, item in self._items.items() if name in _texts(item.output)]:
            del self._items[key]

    def clear(self) -> None:
        """Drop everything, including counts."""
        self._items.clear()
        self.hits = self.misses = 0

    @property
    def _in_use(self) -> bool:
        return self.enabled and self.max_size > 0


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
