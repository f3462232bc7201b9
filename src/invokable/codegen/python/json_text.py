"""JSON text in pieces: `json.dumps` of a whole workflow keeps a string for each value until it has written the last."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

_DEPTH: Final = 3
"""How deep a value is split: down to the nodes, the edges and the elements of the form."""


def pieces(value: object, encoder: json.JSONEncoder, depth: int = _DEPTH) -> Iterator[str]:
    """The text of a JSON value by `encoder`, split between the members of its outer containers.

    An iterator is written as an array.
    """
    if depth > 0 and value and isinstance(value, dict):
        before = "{"
        for key in sorted(value) if encoder.sort_keys else value:
            yield f"{before}{encoder.encode(key)}{encoder.key_separator}"
            yield from pieces(value[key], encoder, depth - 1)
            before = encoder.item_separator
        yield "}"
    elif isinstance(value, Iterator) or (depth > 0 and isinstance(value, list)):
        before = ""
        yield "["
        for item in value:
            yield before
            yield from pieces(item, encoder, depth - 1)
            before = encoder.item_separator
        yield "]"
    else:
        yield encoder.encode(value)
