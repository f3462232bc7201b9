"""A landscape of sky, sun and ridges, drawn from a seed, so that no two generations look alike.

sky ─▶ sun and glow ─▶ ridges, from the far and hazy to the near and dark
"""

from __future__ import annotations

import colorsys
import itertools
import math
import random
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageDraw, ImageOps

from invokable.testing.execution.seeds import random_for

Color = tuple[int, int, int]
Size = tuple[int, int]

_LARGEST: Final = 1024
"""The longest side drawn; larger images are scaled up."""
_FINER: Final = 2
"""The oversampling factor, for smooth edges."""


@dataclass(frozen=True, slots=True)
class Palette:
    """The colors of a scene."""

    zenith: Color
    middle: Color
    horizon: Color
    sun: Color
    near: Color


def scene(seed: str, size: Size) -> Image.Image:
    """Return the landscape for a seed in a size."""
    rng = random_for("scene", seed)
    palette = _palette(rng)
    drawn = _drawn_size(size)
    image = _sky(palette, drawn)
    _sun(image, palette, rng)
    _ridges(image, palette, rng)
    return image.resize(size, Image.Resampling.LANCZOS if drawn[0] >= size[0] else Image.Resampling.BICUBIC)


def _drawn_size(size: Size) -> Size:
    scale = min(1.0, _LARGEST / max(size)) * _FINER
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _palette(rng: random.Random) -> Palette:
    high = rng.uniform(0.48, 0.98)  # from teal over blue and purple to crimson
    warm = rng.uniform(0.93, 1.14)  # from rose over orange to yellow
    low = warm if rng.random() < 0.75 else high + rng.uniform(-0.1, 0.1)
    zenith, horizon = _hls(high, rng.uniform(0.2, 0.38), 0.5), _hls(low, rng.uniform(0.74, 0.84), 0.8)
    return Palette(
        zenith=zenith,
        middle=_mixed(_hls(high, 0.55, 0.5), horizon, 0.35),
        horizon=horizon,
        sun=_hls(low, 0.94, 0.9),
        near=_hls(high + rng.uniform(-0.06, 0.06), rng.uniform(0.09, 0.15), 0.42),
    )


def _hls(hue: float, lightness: float, saturation: float) -> Color:
    red, green, blue = colorsys.hls_to_rgb(hue % 1, lightness, saturation)
    return round(red * 255), round(green * 255), round(blue * 255)


def _sky(palette: Palette, size: Size) -> Image.Image:
    gradient = Image.linear_gradient("L").resize(size, Image.Resampling.BICUBIC)
    return ImageOps.colorize(gradient, palette.zenith, palette.horizon, palette.middle, midpoint=120)


def _sun(image: Image.Image, palette: Palette, rng: random.Random) -> None:
    width, height = image.size
    radius = min(width, height) * rng.uniform(0.07, 0.15)
    x, y = width * rng.uniform(0.2, 0.8), height * rng.uniform(0.16, 0.42)
    reach = round(radius * 6)
    glow = ImageOps.invert(Image.radial_gradient("L")).resize((max(1, reach), max(1, reach)))
    # Only the corners of a radial gradient reach its end, but the glow must already end at the sides.
    glow = glow.point([round((max(0, value - 80) / 175) ** 2 * 190) for value in range(256)])
    image.paste(palette.sun, (round(x - reach / 2), round(y - reach / 2)), glow)
    ImageDraw.Draw(image).ellipse((x - radius, y - radius, x + radius, y + radius), fill=palette.sun)


def _ridges(image: Image.Image, palette: Palette, rng: random.Random) -> None:
    width, height = image.size
    draw = ImageDraw.Draw(image)
    count, rough = rng.randint(4, 6), rng.uniform(0.3, 0.75)
    for index in range(count):
        nearness = (index + 1) / count
        base = height * (0.42 + 0.42 * nearness**1.2)
        swing = height * rng.uniform(0.05, 0.15) * (1.15 - 0.6 * nearness)
        line = _ridge(rng, rough)
        points = [(width * step / (len(line) - 1), base - swing * lift) for step, lift in enumerate(line)]
        color = _mixed(palette.horizon, palette.near, 0.25 + 0.75 * nearness)
        draw.polygon([(0, height), *points, (width, height)], fill=color)


def _ridge(rng: random.Random, rough: float) -> list[float]:
    """Return heights of about -1 to 1, from left to right: rolling if `rough` is low, craggy if it is high."""
    line = [rng.uniform(-1, 1), rng.uniform(-1, 1)]
    spread = 1.0
    for _ in range(7):
        middles = [(a + b) / 2 + rng.uniform(-spread, spread) * 0.6 for a, b in itertools.pairwise(line)]
        line = [height for pair in zip(line, middles, strict=False) for height in pair] + [line[-1]]
        spread *= rough
    phase = rng.uniform(0, math.tau)
    return [height * 0.7 + 0.3 * math.sin(phase + step / 20) for step, height in enumerate(line)]


def _mixed(first: Color, second: Color, share: float) -> Color:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue
