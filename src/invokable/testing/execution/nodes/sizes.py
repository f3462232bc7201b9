"""Sizes that suit a model."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from invokable.testing.execution.node_run import Fields, NodeRun
from invokable.testing.execution.registry import node

_TRAINED_ON: Final = {"sd-1": 512, "sd-2": 768, "sdxl": 1024, "flux": 1024, "flux2": 1024, "sd-3": 1024}

_ROUNDING: Final[dict[str, Callable[[float], int]]] = {"floor": math.floor, "ceiling": math.ceil, "nearest": round}


@node("ideal_size")
def ideal_size(run: NodeRun) -> Fields:
    """Return the size with the given aspect ratio and the area that the model was trained on."""
    base = run["unet"]["unet"]["base"]
    if base not in _TRAINED_ON:
        raise ValueError(f"Unsupported model type: {base}")
    side = _TRAINED_ON[base] * run["multiplier"]
    aspect = run["width"] / run["height"]
    shorter = max(math.floor(side * 0.5), math.sqrt(side * side / max(aspect, 1 / aspect)))
    width, height = (shorter * aspect, shorter) if aspect > 1 else (shorter, shorter / aspect)
    return {"width": math.floor(width) // 8 * 8, "height": math.floor(height) // 8 * 8}


@node("wan_i2v_ideal_dimensions")
def wan_i2v_ideal_dimensions(run: NodeRun) -> Fields:
    """Scale to a resolution in steps of 16 pixels."""
    return _wan_size(run, 16)


@node("wan_ti2v_ideal_dimensions")
def wan_ti2v_ideal_dimensions(run: NodeRun) -> Fields:
    """Scale to a resolution in steps of 32 pixels."""
    return _wan_size(run, 32)


def _wan_size(run: NodeRun, multiple: int) -> Fields:
    sides = (run["width"], run["height"])
    if max(sides) < multiple:
        raise ValueError(
            f"Source longer side ({max(sides)}px) is smaller than the Wan pixel grid ({multiple}px). "
            f"Use an input image at least {multiple}px on its longer side."
        )
    scale = int(run["target_resolution"].removesuffix("p")) / min(sides)
    width, height = (max(_ROUNDING[run["rounding"]](side * scale / multiple) * multiple, multiple) for side in sides)
    return {"width": width, "height": height}
