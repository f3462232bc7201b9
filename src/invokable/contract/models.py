"""Models: which models a field accepts, and what refers to a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class ModelFilter:
    """Which models a field accepts. An empty tuple admits all."""

    base: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    variant: tuple[str, ...] = ()
    format: tuple[str, ...] = ()

    def admits(self, model: Mapping[str, object]) -> bool:
        """Whether the filter admits a model, given as the server lists it.

        A model without a variant or a format matches any.
        """
        return (
            (not self.base or model.get("base") in self.base)
            and (not self.type or model.get("type") in self.type)
            and (not self.variant or (model.get("variant") or None) in (None, *self.variant))
            and (not self.format or (model.get("format") or None) in (None, *self.format))
        )


ANY_MODEL: Final = ModelFilter()

MODEL_KEYS: Final = ("name", "base", "type", "key", "hash", "submodel_type")
"""The members of a reference to a model."""
ModelKey: TypeAlias = Literal["key", "hash", "name"]
IDENTIFYING: Final[tuple[ModelKey, ...]] = ("key", "hash", "name")
"""The members of a reference that say which model it is, the most precise first; a reference has at least one."""

MODELS_BY_FIELD: Final[Mapping[str, ModelFilter]] = {
    "MainModelField": ModelFilter(type=("main",)),
    "CogView4MainModelField": ModelFilter(base=("cogview4",), type=("main",)),
    "FluxMainModelField": ModelFilter(base=("flux",), type=("main",)),
    "SD3MainModelField": ModelFilter(base=("sd-3",), type=("main",)),
    "SDXLMainModelField": ModelFilter(base=("sdxl",), type=("main",)),
    "SDXLRefinerModelField": ModelFilter(base=("sdxl-refiner",), type=("main",)),
    "VAEModelField": ModelFilter(type=("vae",)),
    "FluxVAEModelField": ModelFilter(base=("flux",), type=("vae",)),
    "LoRAModelField": ModelFilter(type=("lora",)),
    "ControlLoRAModelField": ModelFilter(type=("control_lora",)),
    "ControlNetModelField": ModelFilter(type=("controlnet",)),
    "IPAdapterModelField": ModelFilter(type=("ip_adapter",)),
    "T2IAdapterModelField": ModelFilter(type=("t2i_adapter",)),
    "T5EncoderModelField": ModelFilter(type=("t5_encoder",)),
    "CLIPEmbedModelField": ModelFilter(type=("clip_embed",)),
    "CLIPLEmbedModelField": ModelFilter(type=("clip_embed",), variant=("large",)),
    "CLIPGEmbedModelField": ModelFilter(type=("clip_embed",), variant=("gigantic",)),
    "SpandrelImageToImageModelField": ModelFilter(type=("spandrel_image_to_image",)),
    "SigLipModelField": ModelFilter(type=("siglip",)),
    "FluxReduxModelField": ModelFilter(type=("flux_redux",)),
    "LLaVAModelField": ModelFilter(type=("llava_onevision",)),
}
"""The field types of servers before 6.3, which had one for each kind of model, with the models that they accept."""
