"""Colors: the channels of a color."""

from __future__ import annotations

from typing import Final

CHANNELS: Final = "rgba"
"""The members of a color: red, green, blue and alpha."""
FULL: Final = 255
"""The highest value of a channel; the lowest is 0."""


def is_channel(value: object) -> bool:
    """Whether a value is valid for a channel."""
    return type(value) is int and 0 <= value <= FULL
