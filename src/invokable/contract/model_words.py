"""Model words: which models a field accepts, as readers see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from invokable.contract.listing import any_of
from invokable.contract.models import ModelFilter

_ACRONYMS: Final[Mapping[str, str]] = {
    "clip": "CLIP",
    "gemma2": "Gemma 2",
    "controlnet": "ControlNet",
    "ip": "IP",
    "llm": "LLM",
    "lora": "LoRA",
    "mistral": "Mistral",
    "qwen": "Qwen",
    "qwen3": "Qwen3",
    "siglip": "SigLIP",
    "t2i": "T2I",
    "t5": "T5",
    "vae": "VAE",
    "vl": "VL",
    "wan": "Wan",
}
"""The words of model types that are not lower case."""


def models_in_words(models: ModelFilter) -> str:
    """`main model of sd-1, sd-2 or sdxl`, `CLIP embed model, variant large`."""
    kinds = any_of(" ".join(_ACRONYMS.get(word, word) for word in kind.split("_")) for kind in models.type)
    bases = f" of {any_of(models.base)}" if models.base else ""
    more = (f", {name} {any_of(its)}" for name, its in (("variant", models.variant), ("format", models.format)) if its)
    return f"{kinds} model{bases}{''.join(more)}".strip()
