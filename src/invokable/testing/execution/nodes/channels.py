"""Single channels and the range of their values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PIL import Image

from invokable.testing.execution.node_run import Fields, NodeRun
from invokable.testing.execution.nodes.pixels import keeping_alpha, mapped
from invokable.testing.execution.registry import node

CHANNELS: Final = {
    f"{name} ({mode})": (mode, position)
    for mode, names in (
        ("RGBA", ("Red", "Green", "Blue", "Alpha")),
        ("CMYK", ("Cyan", "Magenta", "Yellow", "Black")),
        ("HSV", ("Hue", "Saturation", "Value")),
        ("LAB", ("Luminosity", "A", "B")),
        ("YCbCr", ("Y", "Cb", "Cr")),
    )
    for position, name in enumerate(names)
}
"""The choices of the field `channel`: the mode with the channel, and its position."""


@node("img_chan")
def img_chan(run: NodeRun) -> Fields:
    """Extract a channel."""
    return run.save(run.image("image").getchannel(run["channel"]))


@node("img_channel_offset")
def img_channel_offset(run: NodeRun) -> Fields:
    """Add to a channel; hues wrap around, other channels are clipped."""
    offset = run["offset"]
    turns = run["channel"] == "Hue (HSV)"
    return run.save(_with_channel(run, lambda value: (value + offset) % 256 if turns else value + offset))


@node("img_channel_multiply")
def img_channel_multiply(run: NodeRun) -> Fields:
    """Multiply a channel, then invert it if requested."""
    scale, inverted = run["scale"], run["invert_channel"]

    def change(value: int) -> float:
        scaled: float = min(value * scale, 255)
        return 255 - scaled if inverted else scaled

    return run.save(_with_channel(run, change))


def _with_channel(run: NodeRun, change: Callable[[int], float]) -> Image.Image:
    image = run.image("image", "RGBA")
    mode, position = CHANNELS[run["channel"]]
    channels = list(image.convert(mode).split())
    channels[position] = mapped(channels[position], change)
    result = Image.merge(mode, channels).convert("RGBA")
    if run["channel"] != "Alpha (RGBA)":
        result.putalpha(image.getchannel("A"))
    return result


@node("img_lerp")
def img_lerp(run: NodeRun) -> Fields:
    """Squeeze all values into a range."""
    low, high = run["min"], run["max"]
    return run.save(mapped(run.image("image"), lambda value: value / 255 * (high - low) + low))


@node("img_ilerp")
def img_ilerp(run: NodeRun) -> Fields:
    """Spread a range of values over all of them."""
    low, width = run["min"], run["max"] - run["min"]
    return run.save(mapped(run.image("image"), lambda value: _spread(value - low, width)))


def _spread(above: int, width: int) -> float:
    if above <= 0:
        return 0
    return min(above / width, 1) * 255 if width else 255


@node("img_hue_adjust")
def img_hue_adjust(run: NodeRun) -> Fields:
    """Rotate the hues by degrees."""
    turn = int(256 * (run["hue"] % 360 / 360))
    hue, saturation, value = run.image("image").convert("HSV").split()
    turned = mapped(hue, lambda old: (old + turn) % 256)
    return run.save(Image.merge("HSV", (turned, saturation, value)).convert("RGB").convert("RGBA"))


@node("img_hue_adjust_oklch", "invokeai_img_hue_adjust_plus")
def other_hue_adjust(run: NodeRun) -> Fields:
    """Rotate the hues in HSV, an approximation of the server's other color spaces."""
    image = run.image("image")
    degrees = run["hue"] if "hue" in run.template.inputs else run["degrees"]
    turn = round(256 * (degrees % 360 / 360))
    hue, saturation, value = image.convert("RGB").convert("HSV").split()
    turned = Image.merge("HSV", (mapped(hue, lambda old: (old + turn) % 256), saturation, value))
    return run.save(keeping_alpha(turned.convert("RGB"), image))


@node("invokeai_ealightness")
def ealightness(run: NodeRun) -> Fields:
    """Extract the lightness, an approximation of the equivalent achromatic lightness."""
    return run.save(run.image("image", "RGB").convert("LAB").getchannel(0))
