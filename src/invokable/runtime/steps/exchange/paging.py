"""Paging: long lists, one page at a time, fetched as needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from invokable.runtime.steps.exchange.protocol import Steps

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list."""

    items: Sequence[T]
    following: Callable[[], Steps[Page[T]]] | None = None
    """Fetches the next part; None at the end."""


def single_page(steps: Steps[list[T]]) -> Steps[Page[T]]:
    """A list that the server returns as a whole."""
    return Page((yield from steps))


def in_chunks(
    keys: Sequence[str] | Sequence[int], read: Callable[[Sequence[str] | Sequence[int]], Steps[Sequence[T]]], size: int
) -> Steps[Page[T]]:
    """The list of items with these keys, of which `read` reads up to `size` at a time."""
    chunk, rest = keys[:size], keys[size:]
    items = (yield from read(chunk)) if chunk else ()
    return Page(items, (lambda: in_chunks(rest, read, size)) if rest else None)
