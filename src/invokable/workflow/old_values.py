"""Old values: what the fields of the formats 1.0.0 and 2.0.0 hold, by the type that stands beside a value."""

from __future__ import annotations

from collections.abc import Iterator

from invokable.schema.model import MISSING
from invokable.workflow.shapes import (
    Optional_,
    Shape,
    anything,
    array,
    boolean,
    either,
    fields,
    identifier,
    integer,
    mapping,
    nonempty,
    number,
    one_of,
    text,
)
from invokable.workflow.values import BOARD, COLOR, IMAGE, IMAGES, MODEL_TYPES_BY_FIELD

_SCHEDULERS = one_of(
    "euler deis ddim ddpm dpmpp_2s dpmpp_2m dpmpp_2m_sde dpmpp_sde heun kdpm_2 lms pndm unipc euler_k dpmpp_2s_k"
    " dpmpp_2m_k dpmpp_2m_sde_k dpmpp_sde_k heun_k lms_k euler_a kdpm_2_a lcm".split()
)
_BASES = one_of(("any", "sd-1", "sd-2", "sdxl", "sdxl-refiner"))
_MODEL = fields(model_name=identifier, base_model=_BASES)
_MAIN_MODEL = fields(model_name=nonempty, base_model=_BASES, model_type=one_of(("main", "onnx")))
_MODEL_PART: dict[str, Shape | Optional_] = {
    "model_name": identifier,
    "base_model": _BASES,
    "model_type": one_of(("onnx", "main", "vae", "lora", "controlnet", "embedding")),
    "submodel": Optional_(
        one_of(
            "unet text_encoder text_encoder_2 tokenizer tokenizer_2 vae vae_decoder vae_encoder scheduler"
            " safety_checker".split()
        )
    ),
}
_LORAS = array(fields(**_MODEL_PART, weight=Optional_(number)))
_WEIGHT = either(number, array(number))
_STEPS: dict[str, Shape | Optional_] = {"begin_step_percent": Optional_(number), "end_step_percent": Optional_(number)}
_RESIZE = Optional_(one_of(("just_resize", "crop_resize", "fill_resize", "just_resize_simple")))
_LATENTS = fields(latents_name=identifier, seed=Optional_(integer))
_CONDITIONING = fields(conditioning_name=identifier)
_CONTROL = fields(
    image=IMAGE,
    control_model=_MODEL,
    control_weight=Optional_(_WEIGHT),
    control_mode=Optional_(one_of(("balanced", "more_prompt", "more_control", "unbalanced"))),
    resize_mode=_RESIZE,
    **_STEPS,
)
_IP_ADAPTER = fields(image=IMAGE, ip_adapter_model=_MODEL, weight=number, **_STEPS)
_T2I_ADAPTER = fields(image=IMAGE, t2i_adapter_model=_MODEL, weight=Optional_(_WEIGHT), resize_mode=_RESIZE, **_STEPS)


def _metadata_item(value: object) -> object:
    return value if isinstance(value, dict) and isinstance(value.get("label"), str) else MISSING


def _family(stem: str, name: str, single: Shape) -> Iterator[tuple[str, tuple[str, Shape]]]:
    """Yield a connection type with its collection and either-or variants."""
    yield f"{stem}Field", (name, single)
    yield f"{stem}Collection", (name, array(single))
    yield f"{stem}Polymorphic", (name, either(single, array(single)))


V1_TYPES: dict[str, tuple[str, Shape]] = {
    "Any": ("AnyField", anything),
    "BoardField": ("BoardField", BOARD),
    "boolean": ("BooleanField", boolean),
    "BooleanCollection": ("BooleanField", array(boolean)),
    "BooleanPolymorphic": ("BooleanField", boolean),
    "ClipField": (
        "ClipField",
        fields(
            tokenizer=fields(**_MODEL_PART),
            text_encoder=fields(**_MODEL_PART),
            skipped_layers=number,
            loras=_LORAS,
        ),
    ),
    "Collection": ("CollectionField", array(anything)),
    "CollectionItem": ("CollectionItemField", anything),
    **dict(_family("Color", "ColorField", COLOR)),
    **dict(_family("Conditioning", "ConditioningField", _CONDITIONING)),
    **dict(_family("Control", "ControlField", _CONTROL)),
    "ControlNetModelField": ("ControlNetModelField", _MODEL),
    "DenoiseMaskField": (
        "DenoiseMaskField",
        fields(mask_name=identifier, masked_latents_name=Optional_(identifier)),
    ),
    "enum": ("EnumField", text),
    "float": ("FloatField", number),
    "FloatCollection": ("FloatField", array(number)),
    "FloatPolymorphic": ("FloatField", number),
    "ImageCollection": ("ImageField", IMAGES),
    "ImageField": ("ImageField", IMAGE),
    "ImagePolymorphic": ("ImageField", IMAGE),
    "integer": ("IntegerField", integer),
    "IntegerCollection": ("IntegerField", array(integer)),
    "IntegerPolymorphic": ("IntegerField", integer),
    **dict(_family("IPAdapter", "IPAdapterField", _IP_ADAPTER)),
    "IPAdapterModelField": ("IPAdapterModelField", _MODEL),
    **dict(_family("Latents", "LatentsField", _LATENTS)),
    "LoRAModelField": ("LoRAModelField", _MODEL),
    "MainModelField": ("MainModelField", _MAIN_MODEL),
    "MetadataField": ("MetadataField", mapping),
    "MetadataCollection": ("MetadataField", array(mapping)),
    **dict(_family("MetadataItem", "MetadataItemField", _metadata_item)),
    "Scheduler": ("SchedulerField", _SCHEDULERS),
    "SDXLMainModelField": ("SDXLMainModelField", _MAIN_MODEL),
    "SDXLRefinerModelField": ("SDXLRefinerModelField", _MAIN_MODEL),
    "string": ("StringField", text),
    "StringCollection": ("StringField", array(text)),
    "StringPolymorphic": ("StringField", text),
    **dict(_family("T2IAdapter", "T2IAdapterField", _T2I_ADAPTER)),
    "T2IAdapterModelField": ("T2IAdapterModelField", _MODEL),
    "UNetField": (
        "UNetField",
        fields(unet=fields(**_MODEL_PART), scheduler=fields(**_MODEL_PART), loras=_LORAS),
    ),
    "VaeField": ("VaeField", fields(vae=fields(**_MODEL_PART))),
    "VaeModelField": ("VAEModelField", _MODEL),
}
"""Field types of format 1.0.0: their name in format 2.0.0, and their valid values."""


def _three_letters(value: object) -> object:
    return value if isinstance(value, str) and len(value) >= 3 else MISSING


_V2_MODEL = fields(model_name=_three_letters, base_model=_BASES)
_V2_MAIN_MODEL = fields(model_name=_three_letters, base_model=_BASES, model_type=one_of(("main",)))
V2_VALUES: dict[str, Shape] = {
    "IntegerField": integer,
    "FloatField": number,
    "StringField": text,
    "BooleanField": boolean,
    "EnumField": text,
    "ImageField": IMAGE,
    "BoardField": BOARD,
    "ColorField": COLOR,
    "SchedulerField": _SCHEDULERS,
    **{name: _V2_MAIN_MODEL if kind == "main" else _V2_MODEL for name, kind in MODEL_TYPES_BY_FIELD.items()},
}
"""Field types of format 2.0.0 with a value. Collections have none: only single values are kept."""
