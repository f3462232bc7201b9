"""Upscalers: the image, larger by their factor, with a caption."""

from __future__ import annotations

import re
from collections.abc import Generator

from PIL import Image

from invokable.testing.execution.node_run import Fields, NodeRun, Step
from invokable.testing.execution.pictures import captioned
from invokable.testing.execution.registry import node


@node("esrgan")
def esrgan(run: NodeRun) -> Generator[Step, None, Fields]:
    """Enlarge by the factor in the model's name."""
    yield Step("Upscaling")
    return run.save(_enlarged(run, _factor(run["model_name"])))


@node("spandrel_image_to_image")
def spandrel(run: NodeRun) -> Generator[Step, None, Fields]:
    """Enlarge by the factor in the model's name, or four times if there is none."""
    yield Step("Processing image", 0.5)
    return run.save(_enlarged(run, _factor(run["image_to_image_model"]["name"])))


@node("spandrel_image_to_image_autoscale")
def spandrel_autoscale(run: NodeRun) -> Generator[Step, None, Fields]:
    """Enlarge by a factor, to a multiple of 8 pixels if requested."""
    yield Step("Processing image", 0.5)
    return run.save(_enlarged(run, run["scale"], multiple=8 if run["fit_to_multiple_of_8"] else 1))


def _factor(model: str) -> int:
    found = re.search(r"x(\d)|(\d)x", model, re.IGNORECASE)
    return int(found[1] or found[2]) if found else 4


def _enlarged(run: NodeRun, factor: float, multiple: int = 1) -> Image.Image:
    image = run.image("image", "RGB")
    width, height = (max(1, int(side * factor) // multiple * multiple) for side in image.size)
    return captioned(image.resize((width, height), Image.Resampling.LANCZOS), f"{run.template.title} ×{factor:g}")
