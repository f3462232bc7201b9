"""Cubic sampling without averaging, as in OpenCV: each pixel comes from the sixteen around a point."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Final

from PIL import Image

_SHARPNESS: Final = -0.75
"""OpenCV's value; Pillow's is -0.5."""
_MANY: Final = 10_000
"""Above this number of pixels, Pillow's faster filter is used as an approximation."""

Taps = list[tuple[int, float]]


def sampled(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Return an RGB image in another size, each pixel sampled at the center of its area."""
    if size == image.size:
        return image.copy()
    if size[0] * size[1] > _MANY:
        steps = (image.width / size[0], 0, 0, 0, image.height / size[1], 0)
        return image.transform(size, Image.Transform.AFFINE, steps, Image.Resampling.BICUBIC)
    columns = [_taps(index, image.width / size[0], image.width) for index in range(size[0])]
    rows = [_taps(index, image.height / size[1], image.height) for index in range(size[1])]
    data = image.tobytes()

    def pixel(x: int, y: int) -> tuple[int, ...]:
        start = (y * image.width + x) * 3
        return tuple(data[start : start + 3])

    values = [_weighted(pixel, across, down) for down, across in itertools.product(rows, columns)]
    return Image.frombytes("RGB", size, bytes(itertools.chain.from_iterable(values)))


def _taps(index: int, step: float, length: int) -> Taps:
    middle = (index + 0.5) * step - 0.5
    first = math.floor(middle)
    weights = [_weight(abs(middle - (first + offset))) for offset in (-1, 0, 1, 2)]
    return [(min(max(first + offset - 1, 0), length - 1), weight) for offset, weight in enumerate(weights)]


def _weight(distance: float) -> float:
    a = _SHARPNESS
    if distance <= 1:
        return ((a + 2) * distance - (a + 3)) * distance**2 + 1
    return a * (((distance - 5) * distance + 8) * distance - 4)


def _weighted(pixel: Callable[[int, int], tuple[int, ...]], across: Taps, down: Taps) -> list[int]:
    sums = [0.0, 0.0, 0.0]
    for (x, weight_x), (y, weight_y) in itertools.product(across, down):
        sums = [total + value * weight_x * weight_y for total, value in zip(sums, pixel(x, y), strict=True)]
    return [min(max(round(total), 0), 255) for total in sums]
