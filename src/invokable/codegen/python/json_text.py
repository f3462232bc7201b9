"""JSON text in pieces: `json.dumps` of a whole workflow holds a string for each value until it has written the last."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

_DEPTH: Final = 3
"""How deep a value is taken apart: as far as the nodes, the edges and the elements of a form."""


def pieces(value: object, encoder: json.JSONEncoder, depth: int = _DEPTH) -> Iterator[str]:
    """The text that `encoder` makes of a JSON value, cut between the members of its outer containers.

    An iterator stands for an array.
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
