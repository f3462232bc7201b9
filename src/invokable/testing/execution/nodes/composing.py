"""Combining images."""

from __future__ import annotations

from PIL import Image, ImageChops, ImageFilter, ImageOps

from invokable.testing.execution.node_run import Fields, NodeRun
from invokable.testing.execution.nodes.images import TRANSPARENT
from invokable.testing.execution.registry import node


@node("img_paste")
def img_paste(run: NodeRun) -> Fields:
    """Paste an image onto another, which grows to fit it unless it is cropped."""
    base, image = run.image("base_image", "RGBA"), run.image("image", "RGBA")
    x, y = run["x"], run["y"]
    left, top = max(0, -x), max(0, -y)
    size = (left + max(base.width, image.width + x), top + max(base.height, image.height + y))
    below, above = Image.new("RGBA", size, TRANSPARENT), Image.new("RGBA", size, TRANSPARENT)
    below.paste(base, (left, top))
    mask = ImageOps.invert(run.image("mask", "L")) if run["mask"] is not None else None
    above.paste(image, (max(0, x), max(0, y)), mask)
    pasted = Image.alpha_composite(below, above)
    if run["crop"]:
        pasted = pasted.crop((left, top, left + base.width, top + base.height))
    return run.save(pasted)


@node("paste_image_into_bounding_box")
def paste_image_into_bounding_box(run: NodeRun) -> Fields:
    """Paste an image into a box of its size."""
    source, target = run.image("source_image", "RGBA"), run.image("target_image", "RGBA").copy()
    box = run["bounding_box"]
    target.paste(source, (box["x_min"], box["y_min"], box["x_max"], box["y_max"]), source)
    return run.save(target)


@node("crop_image_to_bounding_box")
def crop_image_to_bounding_box(run: NodeRun) -> Fields:
    """Crop to a box, or to the non-transparent part."""
    image, box = run.image("image"), run["bounding_box"]
    bounds = image.getbbox() if box is None else (box["x_min"], box["y_min"], box["x_max"], box["y_max"])
    return run.save(image.crop(bounds))


@node("canvas_paste_back")
def canvas_paste_back(run: NodeRun) -> Fields:
    """Paste an image where a mask is black, with a soft edge."""
    result = run.image("source_image").copy()
    result.paste(run.image("target_image"), (0, 0), _softened(run))
    return run.save(result)


@node("canvas_v2_mask_and_crop")
def canvas_v2_mask_and_crop(run: NodeRun) -> Fields:
    """Paste the masked part onto a source, or make the rest transparent."""
    generated, mask = run.image("generated_image"), _softened(run)
    if run["source_image"] is None:
        result = generated.copy()
        result.putalpha(mask)
    else:
        result = run.image("source_image").copy()
        result.paste(generated, (0, 0), mask)
    return run.save(result)


def _softened(run: NodeRun) -> Image.Image:
    mask, blur = run.image("mask", "L"), run["mask_blur"]
    if blur > 0:
        # Three erosions by a square of `blur` pixels; a square of even size reaches further up and left.
        mask = _eroded(mask, 3 * (blur // 2), 3 * ((blur - 1) // 2)).filter(ImageFilter.GaussianBlur(blur))
    return ImageOps.invert(mask)


def _eroded(image: Image.Image, before: int, after: int) -> Image.Image:
    """Return the darkest pixel within a distance of each pixel, along both axes."""
    margin = before + after
    wide = ImageOps.expand(image, margin, 255)
    for step_x, step_y in ((1, 0), (0, 1)):
        reached = 1
        while reached <= margin:
            step = min(reached, margin + 1 - reached)
            wide = ImageChops.darker(wide, ImageChops.offset(wide, step * step_x, step * step_y))
            reached += step
    # The darkest pixel from `margin` before each one up to it; shifted, so that it covers both directions.
    left = margin + after
    return wide.crop((left, left, left + image.width, left + image.height))


@node("invokeai_img_blend")
def img_blend(run: NodeRun) -> Fields:
    """Blend two layers; modes that Pillow lacks become normal blending."""
    upper, base = run.image("layer_upper", "RGBA"), run.image("layer_base", "RGBA")
    upper = upper.resize(base.size) if upper.size != base.size else upper
    blend = getattr(ImageChops, run["blend_mode"].lower().replace(" ", "_"), None)
    mixed = blend(base.convert("RGB"), upper.convert("RGB")).convert("RGBA") if blend else upper.copy()
    mixed.putalpha(upper.getchannel("A").point([int(value * run["opacity"]) for value in range(256)]))
    return run.save(Image.alpha_composite(base, mixed))


@node("invokeai_img_composite")
def img_composite(run: NodeRun) -> Fields:
    """Put the subject over the background, in the background's size; the color key is not removed."""
    subject, background = run.image("image_subject", "RGBA"), run.image("image_background", "RGBA")
    return run.save(Image.alpha_composite(background, subject.resize(background.size)))
