"""Words that mean something to the server, whether a graph is checked or run."""

from __future__ import annotations

from typing import Any, Final

CUSTOM_LABEL: Final = "* CUSTOM LABEL *"
"""The label of a metadata item whose label is in another field."""

_TRUE: Final = frozenset({"1", "on", "t", "true", "y", "yes"})
_FALSE: Final = frozenset({"0", "off", "f", "false", "n", "no"})


def truth(value: Any) -> bool | None:
    """The boolean that a word or number means; None if it means neither."""
    if isinstance(value, int | float):
        return {0.0: False, 1.0: True}.get(value)
    word = str(value).lower()
    return True if word in _TRUE else False if word in _FALSE else None
