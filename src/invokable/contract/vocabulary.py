"""Vocabulary: InvokeAI's fixed sets of words, as its API spells them."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

Category: TypeAlias = Literal["general", "mask", "control", "user", "other"]
"""What an image is for. The editor lists `general` under images and the others under assets."""
Origin: TypeAlias = Literal["internal", "external"]
"""Whether an image was generated or uploaded."""
UploadKind: TypeAlias = Literal["image", "mask", "control", "video"]
"""What a file is uploaded as."""
Visibility: TypeAlias = Literal["private", "shared", "public"]
"""What other users may do with a board."""
WorkflowCategory: TypeAlias = Literal["user", "default"]
"""Whether a workflow was saved by a user or comes with InvokeAI."""

PNG_PREFIX: Final = "invokeai_"
"""Begins the names of the texts in a PNG file that InvokeAI wrote: its metadata, workflow and graph."""

# The words for models are those of the newest version that is bundled; other versions have others.
ModelBase: TypeAlias = Literal[
    "sd-1",
    "sd-2",
    "sd-3",
    "sdxl",
    "sdxl-refiner",
    "flux",
    "flux2",
    "cogview4",
    "z-image",
    "ernie-image",
    "ideogram-4",
    "qwen-image",
    "anima",
    "krea-2",
    "wan",
    "external",
    "any",
    "unknown",
]
"""The family of a model."""
ModelType: TypeAlias = Literal[
    "main",
    "vae",
    "lora",
    "control_lora",
    "controlnet",
    "t2i_adapter",
    "ip_adapter",
    "embedding",
    "clip_vision",
    "clip_embed",
    "t5_encoder",
    "qwen3_encoder",
    "qwen_vl_encoder",
    "qwen3_vl_encoder",
    "mistral_encoder",
    "wan_t5_encoder",
    "gemma2_encoder",
    "spandrel_image_to_image",
    "siglip",
    "flux_redux",
    "llava_onevision",
    "prompt_enhancer",
    "text_llm",
    "external_image_generator",
    "pid_decoder",
    "onnx",
    "unknown",
]
"""What a model is."""
ModelFormat: TypeAlias = Literal[
    "diffusers",
    "checkpoint",
    "lycoris",
    "omi",
    "onnx",
    "olive",
    "embedding_file",
    "embedding_folder",
    "invokeai",
    "t5_encoder",
    "qwen3_encoder",
    "qwen_vl_encoder",
    "qwen3_vl_encoder",
    "mistral_encoder",
    "wan_t5_encoder",
    "gemma2_encoder",
    "bnb_quantized_int8b",
    "bnb_quantized_nf4b",
    "gguf_quantized",
    "sdnq_quantized",
    "external_api",
    "unknown",
]
"""How the files of a model are stored."""
