"""Bounding boxes and panels."""

from __future__ import annotations

from typing import Any

from PIL import Image, ImageChops

from invokable.testing.execution.node_run import Fields, NodeRun
from invokable.testing.execution.registry import node
from invokable.testing.graphs.fields import record_validator


def _box(left: int, top: int, right: int, bottom: int) -> dict[str, Any]:
    return {"x_min": left, "x_max": right, "y_min": top, "y_max": bottom, "score": None}


@node("bounding_box")
def bounding_box(run: NodeRun) -> Fields:
    """Make a box from four numbers."""
    box = {name: run[name] for name in ("x_min", "y_min", "x_max", "y_max")}
    return {"bounding_box": record_validator("BoundingBoxField", run.schema).validate_python(box)}


@node("get_image_mask_bounding_box")
def get_image_mask_bounding_box(run: NodeRun) -> Fields:
    """Find the pixels of one color; the box ends at the last of them, plus the margin."""
    mask, margin = run.image("mask", "RGBA"), run["margin"]
    color = Image.new("RGBA", mask.size, tuple(run["mask_color"][channel] for channel in "rgba"))
    differing = ImageChops.difference(mask, color)
    found = _widest_difference(differing).point([255] + [0] * 255).getbbox()
    if found is None:
        return {"bounding_box": _box(0, 0, 0, 0)}
    left, top, right, bottom = found
    return {
        "bounding_box": _box(
            max(0, left - margin),
            max(0, top - margin),
            min(mask.width, right - 1 + margin),
            min(mask.height, bottom - 1 + margin),
        )
    }


def _widest_difference(image: Image.Image) -> Image.Image:
    first, *others = image.split()
    for channel in others:
        first = ImageChops.lighter(first, channel)
    return first


@node("image_panel_layout")
def image_panel_layout(run: NodeRun) -> Fields:
    """Find one panel in a grid."""
    width, height = run["width"] // run["num_cols"], run["height"] // run["num_rows"]
    return {
        "x_left": run["panel_col_idx"] * width,
        "y_top": run["panel_row_idx"] * height,
        "width": width,
        "height": height,
    }
