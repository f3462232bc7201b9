"""Cutting an image into overlapping tiles and merging them again."""

from __future__ import annotations

import math
from typing import Any

from PIL import Image

from invokable.testing.execution.node_run import Fields, NodeRun
from invokable.testing.execution.registry import node

Tile = dict[str, dict[str, int]]
Span = tuple[int, int]
"""Where a tile begins and ends along one side of the image."""


@node("calculate_image_tiles")
def calculate_image_tiles(run: NodeRun) -> Fields:
    """Place tiles of one size; the last of a row is moved back into the image."""
    sides = [(run[f"image_{side}"], run[f"tile_{side}"]) for side in ("width", "height")]
    assert all(run["overlap"] < tile <= image for image, tile in sides)
    across, down = (
        [_moved_back(start, tile, image) for start in _starts(image, tile, run["overlap"])] for image, tile in sides
    )
    return {"tiles": _grid(across, down)}


def _starts(image: int, tile: int, overlap: int) -> list[int]:
    step = tile - overlap
    return [index * step for index in range(math.ceil((image - overlap) / step))]


def _moved_back(start: int, tile: int, image: int) -> Span:
    return (start, start + tile) if start + tile <= image else (image - tile, image)


@node("calculate_image_tiles_even_split")
def calculate_image_tiles_even_split(run: NodeRun) -> Fields:
    """Split each side into a number of tiles, each a multiple of 8 pixels."""
    width, height = run["image_width"], run["image_height"]
    if width % 8 or height % 8:
        raise ValueError(f"image size (({width}, {height})) must be divisible by 8")
    across = _even(width, run["num_tiles_x"], run["overlap"])
    return {"tiles": _grid(across, _even(height, run["num_tiles_y"], run["overlap"]))}


def _even(image: int, count: int, overlap: int) -> list[Span]:
    if count == 1:
        return [(0, image)]
    assert overlap <= image - 8 * (count - 1)
    tile = (image + overlap * (count - 1)) // count // 8 * 8
    assert overlap < tile
    starts = [index * (tile - overlap) for index in range(count)]
    return [(start, min(start + tile, image)) for start in starts[:-1]] + [(starts[-1], image)]


@node("calculate_image_tiles_min_overlap")
def calculate_image_tiles_min_overlap(run: NodeRun) -> Fields:
    """Place the fewest evenly spread tiles with a minimum overlap."""
    overlap = run["min_overlap"]
    assert overlap < run["tile_height"]
    assert overlap < run["tile_width"]
    across = _spread(run["image_width"], run["tile_width"], overlap)
    return {"tiles": _grid(across, _spread(run["image_height"], run["tile_height"], overlap))}


def _spread(image: int, tile: int, overlap: int) -> list[Span]:
    tile = min(tile, image)
    count = math.ceil((image - overlap) / (tile - overlap))
    starts = [index * (image - tile) // (count - 1) for index in range(count)] if count > 1 else [0]
    return [(start, start + tile) for start in starts]


def _grid(across: list[Span], down: list[Span]) -> list[Tile]:
    return [
        {
            "coords": {"top": top, "bottom": bottom, "left": left, "right": right},
            "overlap": {
                "top": _shared(down, row - 1),
                "bottom": _shared(down, row),
                "left": _shared(across, column - 1),
                "right": _shared(across, column),
            },
        }
        for row, (top, bottom) in enumerate(down)
        for column, (left, right) in enumerate(across)
    ]


def _shared(spans: list[Span], index: int) -> int:
    """Return the overlap of a span with the next; 0 before the first and after the last."""
    if not 0 <= index < len(spans) - 1:
        return 0
    return max(0, spans[index][1] - spans[index + 1][0])


@node("tile_to_properties")
def tile_to_properties(run: NodeRun) -> Fields:
    """Return the properties of a tile."""
    coords, overlap = run["tile"]["coords"], run["tile"]["overlap"]
    return {
        **{f"coords_{side}": value for side, value in coords.items()},
        **{f"overlap_{side}": value for side, value in overlap.items()},
        "width": coords["right"] - coords["left"],
        "height": coords["bottom"] - coords["top"],
    }


@node("pair_tile_image")
def pair_tile_image(run: NodeRun) -> Fields:
    """Combine a tile with its image."""
    return {"tile_with_image": {"tile": run["tile"], "image": run["image"]}}


@node("merge_tiles_to_image")
def merge_tiles_to_image(run: NodeRun) -> Fields:
    """Merge tiles row by row, blending in the middle of each overlap.

    Seams are always straight, while the server can follow the path where two tiles differ least.
    """
    pairs = sorted(run["tiles_with_images"], key=lambda pair: (_coord(pair, "top"), _coord(pair, "left")))
    size = (max(_coord(pair, "right") for pair in pairs), max(_coord(pair, "bottom") for pair in pairs))
    merged = Image.new("RGB", size)
    for top in sorted({_coord(pair, "top") for pair in pairs}):
        row_pairs = [pair for pair in pairs if _coord(pair, "top") == top]
        row = _row(run, row_pairs, size[0])
        fade = _fade(row.size, row_pairs[0]["tile"]["overlap"]["top"], run["blend_amount"], vertical=True)
        merged.paste(row, (0, top), fade)
    return run.save(merged)


def _row(run: NodeRun, pairs: list[dict[str, Any]], width: int) -> Image.Image:
    height = _coord(pairs[0], "bottom") - _coord(pairs[0], "top")
    row = Image.new("RGB", (width, height))
    for pair in pairs:
        image = run.image_named(pair["image"]["image_name"], "RGB")
        fade = _fade(image.size, pair["tile"]["overlap"]["left"], run["blend_amount"], vertical=False)
        row.paste(image, (_coord(pair, "left"), 0), fade)
    return row


def _coord(pair: dict[str, Any], side: str) -> int:
    return int(pair["tile"]["coords"][side])


def _fade(size: tuple[int, int], overlap: int, blend: int, *, vertical: bool) -> Image.Image:
    """Return a mask that shows a tile except for half of its overlap, with a soft edge between."""
    if not overlap:
        return Image.new("L", size, 255)
    assert overlap >= blend
    start = overlap // 2 - blend // 2
    length = size[1] if vertical else size[0]
    ramp = [round(255 * index / max(blend - 1, 1)) for index in range(blend)]
    line = bytes(([0] * start + ramp + [255] * length)[:length])
    strip = Image.frombytes("L", (1, length) if vertical else (length, 1), line)
    return strip.resize(size, Image.Resampling.NEAREST)
