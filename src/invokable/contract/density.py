"""Density: how many values a JSON text holds for its size, counted before they are allocated.

Three bytes of JSON can create an object that takes 80 bytes of memory. The limits are those of workflows and schemas:
these have at least 50 bytes for each array or object, and 15 for each value.
"""

from __future__ import annotations

import re
from typing import Final

_BYTES_A_CONTAINER: Final = 32
_BYTES_A_VALUE: Final = 12
"""The minimum bytes of a text per array or object, and per value, after the first thousands."""
_FIRST_CONTAINERS: Final = 10_000
_FIRST_VALUES: Final = 20_000
_TEXT: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_PART: Final = re.compile(rb'(?:[^"]++|"(?:[^"\\]++|\\.)*+"){1,1000}+', re.DOTALL)
"""Some texts, and what is between them. A list of all takes ten times the memory of the data."""


def crowding(data: bytes, kind: str) -> str:
    """What a JSON text has too much of, such as `90000 values; a workflow of its size has …`; empty if it is sparse.

    `kind` says what the text should be.
    """
    # Commas and brackets within texts do not count, but looking for texts takes time.
    return _excess(_marks(data), len(data), kind) and _excess(_marks_between_texts(data), len(data), kind)


def _marks(data: bytes) -> tuple[int, int]:
    """The number of opening brackets, and of commas."""
    return data.count(b"{") + data.count(b"["), data.count(b",")


def _marks_between_texts(data: bytes) -> tuple[int, int]:
    brackets = commas = position = 0
    while position < len(data):
        part = _PART.match(data, position)
        end = part.end() if part else len(data)  # a text without an end
        more = _marks(_TEXT.sub(b"", data[position:end]))
        brackets, commas, position = brackets + more[0], commas + more[1], end
    return brackets, commas


def _excess(marks: tuple[int, int], size: int, kind: str) -> str:
    containers, commas = marks
    for found, what, most in (
        (containers, "arrays and objects", _FIRST_CONTAINERS + size // _BYTES_A_CONTAINER),
        (containers + commas, "values", _FIRST_VALUES + size // _BYTES_A_VALUE),
    ):
        if found > most:
            return f"{found} {what}; {kind} of its size has fewer than {most}"
    return ""
