"""Scenes: the demo's workflows, chosen by the server's models."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from invokable.contract.models import ModelFilter

_PROMPTS: Final = (
    "a lighthouse at dusk, oil painting",
    "a fox in fresh snow, morning light",
    "an old harbour town, watercolour",
)
_PAINTERS: Final = ModelFilter(base=("sd-1", "sd-2"), type=("main",))


@dataclass(frozen=True, slots=True)
class Scene:
    """A bundled workflow and the values of its runs."""

    workflow: str
    """The file name."""
    output: str
    """The attribute of the result with the image."""
    runs: tuple[Mapping[str, Any], ...]
    """The values of each run, by attribute."""
    files: Mapping[str, bytes] = field(default_factory=dict)
    """The input files of the runs, by name."""


def scene_for(models: Iterable[Mapping[str, Any]]) -> Scene:
    """Text to image if one of the server's models can do that; else a card of plain colors."""
    painter = next((model for model in models if _PAINTERS.admits(model)), None)
    if painter is None:
        runs = tuple({"stamp": "stamp.png", "left": left} for left in (24, 112, 200))
        return Scene("colour_card.json", "card", runs, {"stamp.png": _one_color(96, 64, (240, 190, 20))})
    runs = tuple(
        {"model": painter["name"], "positive_prompt": prompt, "seed": seed} for seed, prompt in enumerate(_PROMPTS)
    )
    return Scene("sd15_text_to_image.json", "image", runs)


def _one_color(width: int, height: int, color: tuple[int, int, int]) -> bytes:
    """A PNG file of one color, made without Pillow, which may not be installed."""
    rows = (b"\0" + bytes(color) * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
