"""The generated module: its format, and the checksum that freezes its index map."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final

FORMAT: Final = 2
"""The module format that this version writes."""
FORMATS: Final = range(2, FORMAT + 1)
"""The module formats that this version can run."""


def index_map_checksum(entries: Iterable[Sequence[object]]) -> str:
    """SHA-256 of the index map's canonical form: its entries as compact ASCII JSON."""
    text = json.dumps([list(entry) for entry in entries], separators=(",", ":"), ensure_ascii=True)
    return sha256(text.encode("ascii")).hexdigest()
