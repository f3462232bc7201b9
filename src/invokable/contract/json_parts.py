"""JSON parts: the elements of an array in a large JSON text, decoded one by one, so that the rest takes no memory."""

from __future__ import annotations

import json
import re
from codecs import getincrementaldecoder
from collections.abc import Iterator
from typing import Any, Final

from invokable.contract.utf8 import Utf8

_SLICE: Final = 1 << 16  # bytes to decode at a time
_OF_NUMBERS: Final = "0123456789.eE+-"
_DECODE: Final = json.JSONDecoder().raw_decode
_SPACE: Final = re.compile(r"[ \t\n\r]*")


def elements_of(text: Utf8, name: str) -> Iterator[Any]:
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


def not_json(error: Exception) -> str:
    """Why a text is not JSON: `is not JSON: line 1, column 5: expecting value`."""
    if not isinstance(error, json.JSONDecodeError):
        return f"is not JSON: {error}"
    return f"is not JSON: line {error.lineno}, column {error.colno}: {error.msg[:1].lower()}{error.msg[1:]}"


class _Parts:
    """A position in a text, before a value. Whoever iterates over a container reads or skips each value in it."""

    def __init__(self, text: Utf8) -> None:
        self._rest = memoryview(text)
        self._decoder = getincrementaldecoder("utf-8")()
        self._text = ""
        """What has been decoded and not been passed yet, and more before it."""
        self._position = 0

    def value(self) -> Any:
        """The value here."""
        size = _SLICE
        while True:
            try:
                found, end = _DECODE(self._text, self._spaces())
                if self._text[end : end + 1] not in _OF_NUMBERS or not self._rest:  # otherwise a number may continue
                    self._position = end
                    return found
            except json.JSONDecodeError:
                if not self._rest:
                    raise
            self._more(size)
            size *= 2

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
        while self._spaces() == len(self._text) and self._rest:
            self._more(_SLICE)
        return self._text[self._position : self._position + 1]

    def _spaces(self) -> int:
        self._position = _SPACE.match(self._text, self._position).end()  # type: ignore[union-attr]  # matches always
        return self._position

    def _more(self, size: int) -> None:
        """Decode more of the text."""
        more = self._decoder.decode(self._rest[:size], final=len(self._rest) <= size)
        self._text, self._position = self._text[self._position :] + more, 0
        self._rest = self._rest[size:]
