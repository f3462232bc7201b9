"""JSON parts: the members and elements of a large JSON text, one at a time, so that the rest takes no memory."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

_DECODE: Final = json.JSONDecoder().raw_decode
_SPACE: Final = re.compile(r"[ \t\n\r]*")


def elements_of(text: str, name: str) -> Iterator[Any]:
    """The elements of the array that is the member `name` of the object in the text. Raises ValueError.

    What follows the array is not read.
    """
    parts = _Parts(text)
    for key in parts.members():
        if key == name:
            for _ in parts.elements():
                yield parts.value()
            return
        parts.skip()


class _Parts:
    """A position in a text, before a value. Whoever iterates over a container reads or skips each value in it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0

    def value(self) -> Any:
        """The value here."""
        found, self._position = _DECODE(self._text, self._spaces())
        return found

    def skip(self) -> None:
        """Go past the value here."""
        opening = self._next()
        for _ in self.members() if opening == "{" else self.elements() if opening == "[" else ():
            self.value()
        if opening not in ("{", "["):
            self.value()

    def members(self) -> Iterator[str]:
        """The key of each member of the object here; the position is that of its value."""
        for _ in self._inside("{", "}"):
            key = self.value()
            self._expect(":")
            yield key

    def elements(self) -> Iterator[None]:
        """For each element of the array here: the position is that of the element."""
        return self._inside("[", "]")

    def _inside(self, opening: str, closing: str) -> Iterator[None]:
        self._expect(opening)
        if self._next() != closing:
            yield
            while self._next() == ",":
                self._position += 1
                yield
        self._expect(closing)

    def _expect(self, mark: str) -> None:
        if self._next() != mark:
            raise json.JSONDecodeError(f"Expecting {mark!r}", self._text, self._position)
        self._position += 1

    def _next(self) -> str:
        position = self._spaces()
        return self._text[position : position + 1]

    def _spaces(self) -> int:
        self._position = _SPACE.match(self._text, self._position).end()  # type: ignore[union-attr]  # matches always
        return self._position
