"""Characters: half of one, a lone surrogate, is not text. Neither JSON nor a URL can contain it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from invokable.runtime.values.reprs import short

HALVED: Final = "contains half of a character (a lone surrogate)"

_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def check_characters(value: object) -> None:
    """Check all text in a JSON value. Raises ValueError for half of a character."""
    text = halved(value)
    if text is not None:
        raise ValueError(f"{short(text)} {HALVED}")


def halved(value: object) -> str | None:
    """The first text in a JSON value that contains half of a character."""
    if isinstance(value, str):
        return None if value.isascii() or not _SURROGATE.search(value) else value
    if isinstance(value, Mapping):
        return halved([*value, *value.values()])
    if isinstance(value, list | tuple):
        return next((text for text in map(halved, value) if text is not None), None)
    return None
