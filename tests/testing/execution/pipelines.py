"""A complete generation, from the model to the image."""

from __future__ import annotations

from typing import Any

from tests.testing.execution.running import graph

MODEL = {"key": "k", "hash": "h", "name": "tiny", "base": "sd-1", "type": "main"}
LORA = {"key": "l", "hash": "h", "name": "sketch", "base": "sd-1", "type": "lora"}


def text_to_image(
    model: dict[str, Any] = MODEL,
    lora: dict[str, Any] = LORA,
    *,
    prompt: str = "a red fox",
    seed: int = 7,
    size: int = 64,
    steps: int = 6,
    weight: float = 0.5,
) -> dict[str, Any]:
    """A text-to-image graph with a LoRA."""
    nodes: dict[str, dict[str, Any]] = {
        "model": {"type": "main_model_loader", "model": model},
        "lora": {"type": "lora_loader", "lora": lora, "weight": weight},
        "positive": {"type": "compel", "prompt": prompt},
        "negative": {"type": "compel", "prompt": "blurry"},
        "noise": {"type": "noise", "seed": seed, "width": size, "height": size},
        "denoise": {"type": "denoise_latents", "steps": steps, "cfg_scale": 5},
        "decode": {"type": "l2i"},
    }
    return graph(
        nodes,
        "model.unet -> lora.unet",
        "model.clip -> lora.clip",
        "lora.clip -> positive.clip",
        "lora.clip -> negative.clip",
        "lora.unet -> denoise.unet",
        "positive.conditioning -> denoise.positive_conditioning",
        "negative.conditioning -> denoise.negative_conditioning",
        "noise.noise -> denoise.noise",
        "denoise.latents -> decode.latents",
        "model.vae -> decode.vae",
    )
