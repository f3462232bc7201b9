"""Counted: texts that count how often they are compared, which shows whether work grows faster than its input."""

from __future__ import annotations


class Counted(str):
    """A text that counts comparisons with others."""

    compared = 0
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return super().__eq__(other)
