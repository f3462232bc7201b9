"""Arithmetic on pixels, with tables of 256 values."""

from __future__ import annotations

from collections.abc import Callable

from PIL import Image


def mapped(image: Image.Image, change: Callable[[int], float]) -> Image.Image:
    """Return an image with every channel value changed, clipped to 0 to 255 and rounded down."""
    table = [int(min(max(change(value), 0), 255)) for value in range(256)]
    return image.point(table * len(image.getbands()))


def alpha_of(image: Image.Image) -> Image.Image | None:
    """Return the alpha channel, or None if there is none."""
    return image.getchannel("A") if "A" in image.getbands() else None


def keeping_alpha(image: Image.Image, original: Image.Image) -> Image.Image:
    """Return an image in the mode of another, with its alpha channel."""
    alpha = alpha_of(original)
    if alpha is None:
        return image.convert(original.mode)
    result = image.convert("L" if original.mode == "LA" else "RGB")
    result.putalpha(alpha)
    return result
