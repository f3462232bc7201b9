"""Noise from a seed."""

from __future__ import annotations

from PIL import Image

from invokable.testing.execution.seeds import random_for


def noise_image(size: tuple[int, int], seed: int, *, color: bool, size_of_grain: int) -> Image.Image:
    """Return an image of random pixels, in grains of a given size, in color or gray."""
    grains = (max(1, size[0] // size_of_grain), max(1, size[1] // size_of_grain))
    mode = "RGB" if color else "L"
    data = random_for("noise", seed).randbytes(grains[0] * grains[1] * len(mode))
    return Image.frombytes(mode, grains, data).resize(size, Image.Resampling.NEAREST).convert("RGB")
