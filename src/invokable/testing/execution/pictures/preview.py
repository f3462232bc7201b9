"""The previews of a generation in progress: noise that clears into the scene."""

from __future__ import annotations

import io
from typing import Final

from PIL import Image

from invokable.testing.execution.pictures.scene import scene
from invokable.testing.execution.seeds import random_for

_SIDE: Final = 64


def preview(seed: str, size: tuple[int, int], done: float) -> bytes:
    """Return a PNG file of at most 64 pixels a side; `done` is 0 to 1."""
    scale = min(1.0, _SIDE / max(size))
    small = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
    noise = Image.frombytes("RGB", small, random_for("preview", seed, done).randbytes(3 * small[0] * small[1]))
    return png(Image.blend(noise, scene(seed, small), done))


def png(image: Image.Image) -> bytes:
    """Return an image as a PNG file."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
