"""Model words: which models a field accepts, as readers see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from invokable.contract.listing import any_of
from invokable.contract.models import ModelFilter

_PROPER: Final[Mapping[str, str]] = {
    "clip": "CLIP",
    "controlnet": "ControlNet",
    "flux": "FLUX",
    "gemma2": "Gemma 2",
    "ip": "IP",
    "llava": "LLaVA",
    "llm": "LLM",
    "lora": "LoRA",
    "mistral": "Mistral",
    "onevision": "OneVision",
    "onnx": "ONNX",
    "pid": "PiD",
    "qwen": "Qwen",
    "qwen3": "Qwen3",
    "redux": "Redux",
    "siglip": "SigLIP",
    "spandrel_image_to_image": "Spandrel image-to-image",
    "t2i": "T2I",
    "t5": "T5",
    "vae": "VAE",
    "vl": "VL",
    "wan": "Wan",
}
"""Model types, and words of model types, that are not just in lower case."""


def models_in_words(models: ModelFilter) -> str:
    """`main model of sd-1, sd-2 or sdxl`, `CLIP embed model, variant large`."""
    kinds = any_of(map(_type_in_words, models.type))
    bases = f" of {any_of(models.base)}" if models.base else ""
    more = (
        f", {name} {any_of(values)}"
        for name, values in (("variant", models.variant), ("format", models.format))
        if values
    )
    return f"{kinds} model{bases}{''.join(more)}".strip()


def _type_in_words(kind: str) -> str:
    return _PROPER.get(kind) or " ".join(_PROPER.get(word, word) for word in kind.split("_"))
