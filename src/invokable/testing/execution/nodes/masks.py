"""Masks, as images and as tensors. A tensor is a placeholder whose recipe has the mask: white where it is set."""

from __future__ import annotations

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

from invokable.testing.execution.node_run import Fields, NodeRun
from invokable.testing.execution.recipes import Recipe
from invokable.testing.execution.registry import node


def kept(run: NodeRun, mask: Image.Image) -> Fields:
    """Store a mask and return the fields of a `mask_output`."""
    name = run.keep("Tensor", Recipe(width=mask.width, height=mask.height, image=mask))
    return {"mask": {"tensor_name": name}, "width": mask.width, "height": mask.height}


def kept_mask(run: NodeRun, size: tuple[int, int] = (512, 512)) -> Image.Image:
    """Return the mask in the field `mask`; a full one if a model would have made it."""
    return run.recipe(run["mask"]["tensor_name"]).image or Image.new("L", size, 255)


@node("rectangle_mask")
def rectangle_mask(run: NodeRun) -> Fields:
    """Set a rectangle."""
    mask = Image.new("L", (run["width"], run["height"]))
    left, top = run["x_left"], run["y_top"]
    if run["rectangle_width"] > 0 and run["rectangle_height"] > 0:
        corner = (left + run["rectangle_width"] - 1, top + run["rectangle_height"] - 1)
        ImageDraw.Draw(mask).rectangle((left, top, *corner), fill=255)
    return kept(run, mask)


@node("alpha_mask_to_tensor")
def alpha_mask_to_tensor(run: NodeRun) -> Fields:
    """Set the pixels that are not fully transparent, or those that are."""
    inside, outside = (0, 255) if run["invert"] else (255, 0)
    return kept(run, run.image("image", "RGBA").getchannel("A").point([outside] + [inside] * 255))


@node("image_mask_to_tensor")
def image_mask_to_tensor(run: NodeRun) -> Fields:
    """Set the pixels darker than the cutoff, or the others."""
    cutoff = run["cutoff"]
    dark, bright = (0, 255) if run["invert"] else (255, 0)
    return kept(run, run.image("image", "L").point([dark] * cutoff + [bright] * (256 - cutoff)))


@node("invert_tensor_mask")
def invert_tensor_mask(run: NodeRun) -> Fields:
    """Invert a mask."""
    return kept(run, ImageOps.invert(kept_mask(run)))


@node("tensor_mask_to_image")
def tensor_mask_to_image(run: NodeRun) -> Fields:
    """Return a mask as a gray image."""
    return run.save(kept_mask(run))


@node("apply_tensor_mask_to_image")
def apply_tensor_mask_to_image(run: NodeRun) -> Fields:
    """Use the mask as alpha where the image is not fully transparent."""
    image = run.image("image", "RGBA").copy()
    mask = kept_mask(run, image.size)
    mask = ImageOps.invert(mask) if run["invert"] else mask
    alpha = image.getchannel("A")
    image.putalpha(Image.composite(mask, alpha, alpha.point([0] + [255] * 255)))
    return run.save(image)


@node("apply_mask_to_image")
def apply_mask_to_image(run: NodeRun) -> Fields:
    """Use a mask as the alpha channel."""
    image, mask = run.image("image", "RGBA").copy(), run.image("mask", "L")
    image.putalpha(ImageOps.invert(mask) if run["invert_mask"] else mask)
    return run.save(image)


@node("tomask")
def tomask(run: NodeRun) -> Fields:
    """Return the last channel as a mask: alpha, if there is one."""
    mask = run.image("image").split()[-1]
    return run.save(ImageOps.invert(mask) if run["invert"] else mask)


@node("mask_combine")
def mask_combine(run: NodeRun) -> Fields:
    """Multiply two masks."""
    return run.save(ImageChops.multiply(run.image("mask1", "L"), run.image("mask2", "L")))


@node("mask_edge")
def mask_edge(run: NodeRun) -> Fields:
    """Find the edge of a mask, with a width and softness; a plain edge filter replaces Canny's."""
    mask = run.image("image", "L")
    gray = mask.point([0] + [255] * 254 + [0])
    edge = ImageChops.lighter(gray, mask.filter(ImageFilter.FIND_EDGES).point([0] * 128 + [255] * 128))
    width = 2 * (run["edge_size"] // 2) + 1
    edge = edge.filter(ImageFilter.MaxFilter(width)) if width > 1 else edge
    edge = edge.filter(ImageFilter.BoxBlur(run["edge_blur"])) if run["edge_blur"] > 0 else edge
    return run.save(ImageOps.invert(edge))


@node("mask_from_id")
def mask_from_id(run: NodeRun) -> Fields:
    """Set the pixels whose color is closer than a threshold, in all four channels."""
    image = run.image("image", "RGBA")
    wanted = [run["color"][channel] for channel in "rgba"]
    squares = [
        [(value - want) ** 2 for value in channel.tobytes()]
        for channel, want in zip(image.split(), wanted, strict=True)
    ]
    limit = run["threshold"] ** 2
    near = bytes(255 if sum(distances) < limit else 0 for distances in zip(*squares, strict=True))
    mask = Image.frombytes("L", image.size, near)
    return run.save(ImageOps.invert(mask) if run["invert"] else mask)


@node("expand_mask_with_fade")
def expand_mask_with_fade(run: NodeRun) -> Fields:
    """Grow the black part by a soft edge; a blur replaces the server's distances."""
    mask, fade = run.image("mask", "L"), run["fade_size_px"]
    if not fade:
        return run.save(mask.copy())
    cut = run["threshold"] + 1
    binary = mask.point([0] * cut + [255] * (256 - cut))
    grown = binary.filter(ImageFilter.MinFilter(fade | 1)).filter(ImageFilter.GaussianBlur(fade / 3))
    return run.save(ImageChops.darker(grown, binary))


@node("invokeai_img_dilate_erode")
def dilate_erode(run: NodeRun) -> Fields:
    """Grow the bright or dark parts, by a square instead of the server's ellipse."""
    size = 2 * max(run["radius_w"], run["radius_h"]) + 1
    grow = ImageFilter.MaxFilter if run["mode"] == "Dilate" else ImageFilter.MinFilter
    return run.save(run.image("image").filter(grow(size)) if size > 1 else run.image("image").copy())


@node("invokeai_img_val_thresholds")
def val_thresholds(run: NodeRun) -> Fields:
    """Make pixels above a threshold white, and those below another black."""
    upper, lower = run["threshold_upper"], run["threshold_lower"]
    table = [_thresholded(value / 255, lower, upper, spread=run["renormalize_values"]) for value in range(256)]
    if run["invert_output"]:
        table = [255 - value for value in table]
    image = run.image("image")
    return run.save(image.point(table * len(image.getbands())))


def _thresholded(value: float, lower: float, upper: float, *, spread: bool) -> int:
    if value >= upper or value < lower:
        return 255 if value >= upper else 0
    return int(255 * ((value - lower) / (upper - lower) if spread else value))
