"""Pixels of images, for tests that check them."""

from __future__ import annotations

from typing import cast

from PIL import Image


def pixel(image: Image.Image, at: tuple[int, int]) -> tuple[int, ...]:
    return cast("tuple[int, ...]", image.convert("RGB").getpixel(at))
