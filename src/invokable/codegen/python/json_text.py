"""JSON text in pieces: `json.dumps` of a whole workflow keeps a string for each value until it has written the last."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

_DEPTH: Final = 3
"""How deep a value is split: down to the nodes, the edges and the elements of the form."""


@dataclass(frozen=True, slots=True)
class LongText:
    """A text in parts, written as one string."""

    parts: Iterable[str]


def pieces(value: object, encoder: json.JSONEncoder, depth: int = _DEPTH) -> Iterator[str]:
    """The text of a JSON value by `encoder`, split between the members of its outer containers.

    An iterator is written as an array, and a `LongText` as a string. With the encoder's `indent`, a number of spaces,
    all containers are split.
    """
    return _pieces(value, encoder, depth, "" if encoder.indent is None else "\n")


def _pieces(value: object, encoder: json.JSONEncoder, depth: int, line: str) -> Iterator[str]:
    """`line` is the line break before the end of a container, with its indentation."""
    is_split = bool(line) or depth > 0
    inner = line and line + " " * int(encoder.indent or 0)
    before = inner
    if is_split and value and isinstance(value, dict):
        yield "{"
        for key in sorted(value) if encoder.sort_keys else value:
            yield f"{before}{encoder.encode(key)}{encoder.key_separator}"
            yield from _pieces(value[key], encoder, depth - 1, inner)
            before = encoder.item_separator + inner
        yield f"{line}}}"
    elif isinstance(value, Iterator) or (is_split and isinstance(value, list)):
        yield "["
        for item in value:
            yield before
            yield from _pieces(item, encoder, depth - 1, inner)
            before = encoder.item_separator + inner
        yield "]" if before == inner else f"{line}]"
    elif isinstance(value, LongText):
        yield '"'
        yield from (encoder.encode(part)[1:-1] for part in value.parts)
        yield '"'
    else:
        yield encoder.encode(value)
