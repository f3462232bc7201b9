"""Making, cropping, resizing, filtering and saving images."""

from __future__ import annotations

from typing import Final

from PIL import Image, ImageChops, ImageEnhance, ImageFilter, ImageOps

from invokable.testing.execution.node_run import Fields, NodeRun
from invokable.testing.execution.nodes.noise import noise_image
from invokable.testing.execution.nodes.pixels import keeping_alpha, mapped
from invokable.testing.execution.registry import node
from invokable.testing.execution.services import NodeError

TRANSPARENT: Final = (0, 0, 0, 0)

RESAMPLING: Final = {mode.name.lower(): mode for mode in Image.Resampling}
"""Pillow's filters by their names in the fields."""

_SAVED_AS_PNG: Final = frozenset({"1", "L", "LA", "P", "RGB", "RGBA", "I;16"})


@node("blank_image")
def blank_image(run: NodeRun) -> Fields:
    """Make an image of one color."""
    color = tuple(run["color"][channel] for channel in "rgba")
    return run.save(Image.new(run["mode"], (run["width"], run["height"]), color))


@node("show_image")
def show_image(run: NodeRun) -> Fields:
    """Pass an image on; no viewer opens."""
    image = run.image("image")
    return {"image": run["image"], "width": image.width, "height": image.height}


@node("save_image", "save_image_to_file", "canvas_output", "img_nsfw")
def save_image(run: NodeRun) -> Fields:
    """Store a copy, without the safety checker or files outside the gallery."""
    return run.save(run.image("image").copy())


@node("img_watermark")
def img_watermark(run: NodeRun) -> Fields:
    """Store a copy, without the watermark."""
    image = run.image("image")
    if image.width * image.height < 256 * 256:
        raise RuntimeError("image too small, should be larger than 256x256")
    return run.save(image.copy())


@node("img_crop")
def img_crop(run: NodeRun) -> Fields:
    """Cut out a rectangle, which may reach beyond the image."""
    cropped = Image.new("RGBA", (run["width"], run["height"]), TRANSPARENT)
    cropped.paste(run.image("image"), (-run["x"], -run["y"]))
    return run.save(cropped)


@node("img_pad_crop")
def img_pad_crop(run: NodeRun) -> Fields:
    """Extend each side, or crop it if the number is negative."""
    image = run.image("image")
    size = (image.width + run["left"] + run["right"], image.height + run["top"] + run["bottom"])
    padded = Image.new("RGBA", size, TRANSPARENT)
    padded.paste(image, (run["left"], run["top"]))
    return run.save(padded)


@node("img_resize")
def img_resize(run: NodeRun) -> Fields:
    """Resize to a size."""
    return run.save(run.image("image").resize((run["width"], run["height"]), RESAMPLING[run["resample_mode"]]))


@node("img_scale")
def img_scale(run: NodeRun) -> Fields:
    """Resize by a factor, rounding down."""
    image, factor = run.image("image"), run["scale_factor"]
    size = (int(image.width * factor), int(image.height * factor))
    return run.save(image.resize(size, RESAMPLING[run["resample_mode"]]))


@node("heuristic_resize")
def heuristic_resize(run: NodeRun) -> Fields:
    """Resize, keeping the exact colors of images with few, such as masks."""
    image = run.image("image", "RGB")
    size = (run["width"], run["height"])
    few = image.getcolors(200)
    smaller = size[0] * size[1] < image.width * image.height
    smooth = Image.Resampling.BOX if smaller else Image.Resampling.BICUBIC
    return run.save(image.resize(size, Image.Resampling.NEAREST if few and len(few) > 2 else smooth))


@node("img_conv")
def img_conv(run: NodeRun) -> Fields:
    """Convert to another mode; modes that PNG lacks fail on saving."""
    image = run.image("image")
    if run["mode"] not in _SAVED_AS_PNG:
        raise NodeError("ImageFileSaveException", "Image file not saved")
    return run.save(image.convert(run["mode"]))


@node("img_blur")
def img_blur(run: NodeRun) -> Fields:
    """Blur, without the colors of transparent pixels bleeding into the others."""
    kind = ImageFilter.GaussianBlur if run["blur_type"] == "gaussian" else ImageFilter.BoxBlur
    blurred = run.image("image", "RGBA").convert("RGBa").filter(kind(run["radius"])).convert("RGBA")
    *colors, alpha = blurred.split()
    # The server divides by the alpha plus an epsilon and truncates, which reduces every whole value by one.
    lowered = [mapped(channel, lambda value: value - 1) for channel in colors]
    return run.save(Image.merge("RGBA", (*lowered, alpha)))


@node("unsharp_mask")
def unsharp_mask(run: NodeRun) -> Fields:
    """Amplify what a blur removes."""
    image = run.image("image")
    sharp = image.convert("RGB")
    blurred = sharp.filter(ImageFilter.GaussianBlur(run["radius"]))
    return run.save(keeping_alpha(Image.blend(blurred, sharp, 1 + run["strength"] / 100), image))


@node("invokeai_img_enhance")
def enhance(run: NodeRun) -> Fields:
    """Invert, then change color, contrast, brightness and sharpness by factors."""
    image = run.image("image")
    if run["invert"]:
        image = ImageOps.invert(image if image.mode in {"L", "RGB"} else image.convert("RGB"))
    for name in ("color", "contrast", "brightness", "sharpness"):
        if run[name] != 1.0:
            image = getattr(ImageEnhance, name.capitalize())(image).enhance(run[name])
    return run.save(image.copy())


@node("img_mul")
def img_mul(run: NodeRun) -> Fields:
    """Multiply two images of one mode."""
    return run.save(ImageChops.multiply(run.image("image1"), run.image("image2")))


@node("img_noise")
def img_noise(run: NodeRun) -> Fields:
    """Add noise that depends on the seed, but differs from the server's."""
    image = run.image("image", "RGBA")
    noise = noise_image(image.size, run["seed"], color=run["noise_color"], size_of_grain=run["size"])
    noisy = Image.blend(image.convert("RGB"), noise, run["amount"]).convert("RGBA")
    if run.values.get("mask") is not None:
        keep = run.image("mask", "L").resize(image.size, Image.Resampling.LANCZOS)
        noisy.paste(image, (0, 0), keep)
    noisy.putalpha(image.getchannel("A"))
    return run.save(noisy)
