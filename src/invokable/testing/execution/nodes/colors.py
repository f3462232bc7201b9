"""Color matching, color maps, and filling transparent parts."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate
from typing import Final

from PIL import Image, ImageFilter

from invokable.testing.execution.node_run import Fields, NodeRun
from invokable.testing.execution.nodes.sampling import sampled
from invokable.testing.execution.registry import node

_MATCHED: Final = {
    "RGB": ("RGB", (0, 1, 2)),
    "YCbCr": ("YCbCr", (0, 1, 2)),
    "YCbCr-Chroma": ("YCbCr", (1, 2)),
    "YCbCr-Luma": ("YCbCr", (0,)),
}


@node("color_correct")
def color_correct(run: NodeRun) -> Fields:
    """Give an image the histogram of another, except where a mask is white."""
    if "base_image" not in run.template.inputs:
        return run.save(run.image("image").copy())  # before 6.9 it worked differently
    base = run.image("base_image", "RGBA")
    mode, positions = _MATCHED[run["colorspace"]]
    channels = list((base.convert("RGB") if mode == "RGB" else base.convert(mode)).split())
    wanted = run.image("color_reference", mode).split()
    for position in positions:
        channels[position] = channels[position].point(_matching(channels[position], wanted[position]))
    result = Image.merge(mode, channels).convert("RGB")
    if run["mask"] is not None:
        mask = run.image("mask", "L")
        if mask.size != result.size:
            raise ValueError("Mask size must match base image size.")
        result.paste(base.convert("RGB"), mask=mask)
    result.putalpha(base.getchannel("A"))
    return run.save(result)


def _matching(source: Image.Image, reference: Image.Image) -> list[int]:
    """Return the table that maps each value to the value of the same rank in the reference."""
    have, want = _ranks(source), _ranks(reference)
    return [_value_at(rank, want) for rank in have]


def _ranks(channel: Image.Image) -> list[float]:
    total = channel.width * channel.height or 1
    return [count / total for count in accumulate(channel.histogram())]


def _value_at(rank: float, ranks: list[float]) -> int:
    upper = bisect_right(ranks, rank)
    if upper == 0 or upper > 255:
        return min(upper, 255)
    below, above = ranks[upper - 1], ranks[upper]
    return int(upper - 1 + (rank - below) / (above - below))


@node("color_map")
def color_map(run: NodeRun) -> Fields:
    """Show an image as tiles of one color each."""
    image = run.image("image", "RGB")
    columns = image.width // min(run["tile_size"], image.width)
    rows = image.height // min(run["tile_size"], image.height)
    tiles = sampled(image, (columns, rows))
    return run.save(tiles.resize(image.size, Image.Resampling.NEAREST))


@node("infill_rgba")
def infill_rgba(run: NodeRun) -> Fields:
    """Put a color behind an image."""
    color = tuple(run["color"][channel] for channel in "rgba")
    return _infilled(run, lambda image: _behind(image, Image.new("RGBA", image.size, color)))


def _behind(image: Image.Image, background: Image.Image) -> Image.Image:
    filled = Image.alpha_composite(background, image)
    # Pasted again, as on the server, so that half-transparent pixels keep some of their transparency.
    filled.paste(image, (0, 0), image.getchannel("A"))
    return filled


@node("infill_cv2", "infill_lama", "infill_patchmatch", "infill_tile", "cv_inpaint")
def infill(run: NodeRun) -> Fields:
    """Fill transparent parts from their surroundings: a wide blur replaces the server's methods."""
    return _infilled(run, lambda image: Image.alpha_composite(_surroundings(image), image))


def _infilled(run: NodeRun, fill: Callable[[Image.Image], Image.Image]) -> Fields:
    image = run.image("image")
    if "A" not in image.getbands():
        return {"image": run["image"], "width": image.width, "height": image.height}
    return run.save(fill(image.convert("RGBA")))


def _surroundings(image: Image.Image) -> Image.Image:
    small = image.convert("RGBa").resize((max(1, image.width // 8), max(1, image.height // 8)), Image.Resampling.BOX)
    spread = small.filter(ImageFilter.GaussianBlur(max(small.size) / 4)).convert("RGBA")
    spread.putalpha(255)
    return spread.resize(image.size, Image.Resampling.BICUBIC)
