"""Tiny models with random weights that a real InvokeAI server accepts and runs on a CPU.

    SERVER_PYTHON tests/live/tiny_models.py FOLDER [--only tiny-sd15,tiny-sdxl]

Runs in the server's own environment, which has torch, diffusers and transformers. Nothing is
downloaded: weights come from a fixed seed, and the tokenizer is made here. Depths and widths that
other parts must match (levels of a UNet, width of a text encoding) are the real ones; all other
sizes are as small as the libraries allow. The models generate noise.
"""

# mypy: disable-error-code="import-not-found"

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

import diffusers
import torch
import transformers
from safetensors.torch import save_file

SEED = 20240229

SD15_WIDTH = 768  # of the text encoding
SD15_CHANNELS = (16, 16, 32, 32)
SD15_DOWN = ("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D")
SD15_UP = ("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D")
SD15_SCALING = 0.18215  # of the latents

SDXL_WIDTH = 2048  # of both text encodings together
SDXL_POOLED = 1280
SDXL_CHANNELS = (16, 32, 32)
SDXL_DOWN = ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D")
SDXL_UP = ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D")
SDXL_SCALING = 0.13025

START, END = "<|startoftext|>", "<|endoftext|>"


# ------------------------------------------------------------------- tokenizer


def vocabulary() -> dict[str, int]:
    """Each byte alone and at the end of a word, then the two special tokens.

    A non-printable byte is written as a character from U+0100 on; printable bytes come first.
    """
    printable = [b for b in range(256) if 33 <= b <= 126 or 161 <= b <= 172 or b >= 174]
    characters = [chr(b) for b in printable] + [chr(256 + i) for i in range(256 - len(printable))]
    tokens = [*characters, *(c + "</w>" for c in characters), START, END]
    return {token: number for number, token in enumerate(tokens)}


def write_tokenizer(folder: Path, *, padding: str) -> None:
    special = {"bos_token": START, "eos_token": END, "unk_token": END, "pad_token": padding}
    folder.mkdir(parents=True)
    write_json(folder / "vocab.json", vocabulary())
    (folder / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    write_json(folder / "special_tokens_map.json", special)
    write_json(
        folder / "tokenizer_config.json",
        {"tokenizer_class": "CLIPTokenizer", "model_max_length": 77, "do_lower_case": True} | special,
    )


# ------------------------------------------------------------ parts of pipelines


def write_text_encoder(folder: Path, *, width: int, projection: int | None = None) -> None:
    tokens = vocabulary()
    config = transformers.CLIPTextConfig(
        vocab_size=len(tokens),
        hidden_size=width,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=width // 64,
        max_position_embeddings=77,
        projection_dim=projection or width,
        bos_token_id=tokens[START],
        eos_token_id=tokens[END],
        pad_token_id=tokens[END],
    )
    name = "CLIPTextModelWithProjection" if projection else "CLIPTextModel"
    getattr(transformers, name)(config).eval().save_pretrained(folder)


def write_vae(folder: Path, *, scaling: float, size: int) -> None:
    diffusers.AutoencoderKL(
        block_out_channels=(8, 8, 8, 8),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        norm_num_groups=8,
        sample_size=size,
        scaling_factor=scaling,
    ).eval().save_pretrained(folder)


def write_sd15_unet(folder: Path) -> None:
    diffusers.UNet2DConditionModel(
        sample_size=64,
        cross_attention_dim=SD15_WIDTH,
        block_out_channels=SD15_CHANNELS,
        down_block_types=SD15_DOWN,
        up_block_types=SD15_UP,
        layers_per_block=1,
        norm_num_groups=8,
    ).eval().save_pretrained(folder)


def write_sdxl_unet(folder: Path) -> None:
    diffusers.UNet2DConditionModel(
        sample_size=64,
        cross_attention_dim=SDXL_WIDTH,
        block_out_channels=SDXL_CHANNELS,
        down_block_types=SDXL_DOWN,
        up_block_types=SDXL_UP,
        layers_per_block=1,
        norm_num_groups=8,
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=SDXL_POOLED + 6 * 8,  # six numbers on size and crop
    ).eval().save_pretrained(folder)


def write_scheduler(folder: Path, name: str) -> None:
    getattr(diffusers, name)(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1
    ).save_pretrained(folder)


# ---------------------------------------------------------------------- models


def make_sd15(folder: Path) -> None:
    write_tokenizer(folder / "tokenizer", padding=END)
    write_text_encoder(folder / "text_encoder", width=SD15_WIDTH)
    write_sd15_unet(folder / "unet")
    write_vae(folder / "vae", scaling=SD15_SCALING, size=512)
    write_scheduler(folder / "scheduler", "PNDMScheduler")
    write_json(
        folder / "model_index.json",
        {
            "_class_name": "StableDiffusionPipeline",
            "_diffusers_version": "0.30.0",
            "feature_extractor": [None, None],
            "requires_safety_checker": False,
            "safety_checker": [None, None],
            "scheduler": ["diffusers", "PNDMScheduler"],
            "text_encoder": ["transformers", "CLIPTextModel"],
            "tokenizer": ["transformers", "CLIPTokenizer"],
            "unet": ["diffusers", "UNet2DConditionModel"],
            "vae": ["diffusers", "AutoencoderKL"],
        },
    )


def make_sdxl(folder: Path) -> None:
    write_tokenizer(folder / "tokenizer", padding=END)
    write_tokenizer(folder / "tokenizer_2", padding="!")
    write_text_encoder(folder / "text_encoder", width=SD15_WIDTH)
    write_text_encoder(folder / "text_encoder_2", width=1280, projection=SDXL_POOLED)
    write_sdxl_unet(folder / "unet")
    write_vae(folder / "vae", scaling=SDXL_SCALING, size=1024)
    write_scheduler(folder / "scheduler", "EulerDiscreteScheduler")
    write_json(
        folder / "model_index.json",
        {
            "_class_name": "StableDiffusionXLPipeline",
            "_diffusers_version": "0.30.0",
            "feature_extractor": [None, None],
            "force_zeros_for_empty_prompt": True,
            "image_encoder": [None, None],
            "scheduler": ["diffusers", "EulerDiscreteScheduler"],
            "text_encoder": ["transformers", "CLIPTextModel"],
            "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
            "tokenizer": ["transformers", "CLIPTokenizer"],
            "tokenizer_2": ["transformers", "CLIPTokenizer"],
            "unet": ["diffusers", "UNet2DConditionModel"],
            "vae": ["diffusers", "AutoencoderKL"],
        },
    )


def make_lora(path: Path, *, block: str, channels: int, width: int) -> None:
    """A LoRA on the first attention layers of a UNet, with the names that kohya's trainer uses."""
    prefix = f"lora_unet_{block}_attentions_0_transformer_blocks_0"
    layers = {
        f"{prefix}_attn1_to_q": channels,
        f"{prefix}_attn2_to_q": channels,
        f"{prefix}_attn2_to_k": width,
        f"{prefix}_attn2_to_v": width,
    }
    rank = 2
    tensors = {}
    for layer, inputs in layers.items():
        tensors[f"{layer}.lora_down.weight"] = torch.randn(rank, inputs) * 0.1
        tensors[f"{layer}.lora_up.weight"] = torch.randn(channels, rank) * 0.1
        tensors[f"{layer}.alpha"] = torch.tensor(float(rank))
    save_file(tensors, path)


def make_controlnet(folder: Path) -> None:
    diffusers.ControlNetModel(
        cross_attention_dim=SD15_WIDTH,
        down_block_types=SD15_DOWN,
        block_out_channels=SD15_CHANNELS,
        layers_per_block=1,
        norm_num_groups=8,
        conditioning_embedding_out_channels=(8, 8, 8, 8),
    ).eval().save_pretrained(folder)


def make_t2i_adapter(folder: Path) -> None:
    diffusers.T2IAdapter(
        channels=list(SD15_CHANNELS),
        num_res_blocks=1,
        downscale_factor=8,  # InvokeAI relies on it
        adapter_type="full_adapter",
    ).eval().save_pretrained(folder)


def make_embedding(path: Path) -> None:
    save_file({"emb_params": torch.randn(2, SD15_WIDTH) * 0.02}, path)


def make_esrgan(path: Path) -> None:
    """An upscaler by two with one block; it is recognized by the names of its layers."""
    width, growth = 8, 32  # the growth is not read from the file: it must be 32
    layers = {"model.0": (3, width)}
    for dense in (1, 2, 3):
        for layer in (1, 2, 3, 4, 5):
            outputs = growth if layer < 5 else width
            name = f"model.1.sub.0.RDB{dense}.conv{layer}.0"
            layers[name] = (width + growth * (layer - 1), outputs)
    layers |= {
        "model.1.sub.1": (width, width),
        "model.3": (width, width),  # the one step that doubles the size
        "model.5": (width, width),
        "model.7": (width, 3),
    }
    tensors = {}
    for name, (inputs, outputs) in layers.items():
        tensors[f"{name}.weight"] = torch.randn(outputs, inputs, 3, 3) * 0.05
        tensors[f"{name}.bias"] = torch.zeros(outputs)
    save_file(tensors, path)


MODELS: dict[str, tuple[str, str, Callable[[Path], None]]] = {
    # file or folder: (base, type, maker)
    "tiny-sd15": ("sd-1", "main", make_sd15),
    "tiny-sdxl": ("sdxl", "main", make_sdxl),
    "tiny-sd15-vae": ("sd-1", "vae", partial(write_vae, scaling=SD15_SCALING, size=512)),
    "tiny-sdxl-vae": ("sdxl", "vae", partial(write_vae, scaling=SDXL_SCALING, size=1024)),
    "tiny-sd15-lora.safetensors": (
        "sd-1",
        "lora",
        partial(make_lora, block="down_blocks_0", channels=16, width=SD15_WIDTH),
    ),
    "tiny-sdxl-lora.safetensors": (
        "sdxl",
        "lora",
        partial(make_lora, block="down_blocks_1", channels=32, width=SDXL_WIDTH),
    ),
    "tiny-sd15-controlnet-canny": ("sd-1", "controlnet", make_controlnet),
    "tiny-sd15-t2i-adapter": ("sd-1", "t2i_adapter", make_t2i_adapter),
    "tinyembed.safetensors": ("sd-1", "embedding", make_embedding),
    "tiny-esrgan-x2.safetensors": ("any", "spandrel_image_to_image", make_esrgan),
}


def write_json(path: Path, data: object) -> None:
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def main() -> int:
    parser = argparse.ArgumentParser(description="Make tiny models with random weights.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default=",".join(MODELS), help="names, separated by commas")
    options = parser.parse_args()
    names = options.only.split(",")
    unknown = [name for name in names if name not in MODELS]
    if unknown:
        parser.error(f"unknown model: {', '.join(unknown)}; known: {', '.join(MODELS)}")
    options.folder.mkdir(parents=True, exist_ok=True)
    manifest = options.folder / "manifest.json"
    manifest.unlink(missing_ok=True)
    for name in names:
        remove(options.folder / name)
        torch.manual_seed(SEED)  # each model is the same, whatever was made before it
        MODELS[name][2](options.folder / name)
        print(name, flush=True)
    found = {
        name: {"base": base, "type": kind}
        for name, (base, kind, _) in MODELS.items()
        if (options.folder / name).exists()
    }
    write_json(manifest, found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
