"""The model parts that loaders return: the node's model, by submodel."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from invokable.schema import OutputTemplate
from invokable.testing.execution.node_run import Fields, NodeRun
from invokable.testing.execution.registry import node
from invokable.testing.execution.services import NodeError

Model = dict[str, Any]
Part = Callable[[str | None], Model]
"""Returns a submodel of the model, by name."""

_NO_MODEL: Final = {"key": "none", "hash": "none", "name": "none", "base": "any", "type": "main"}


def _encoder(part: Part, number: str = "") -> Fields:
    return {"tokenizer": part(f"tokenizer{number}"), "text_encoder": part(f"text_encoder{number}")}


def _encoder_with_loras(part: Part, number: str = "") -> Fields:
    return {**_encoder(part, number), "loras": []}


def _unet(part: Part) -> Fields:
    return {
        "unet": part("unet"),
        "scheduler": part("scheduler"),
        "loras": [],
        "seamless_axes": [],
        "freeu_config": None,
    }


def _wan_transformer(part: Part) -> Fields:
    return {
        "transformer": part("transformer"),
        "transformer_low_noise": None,
        "loras": [],
        "loras_low_noise": [],
        "boundary_ratio": 0.875,
    }


SHAPES: Final[dict[str, Callable[[Part], Fields]]] = {
    "CLIPField": lambda part: {**_encoder(part), "skipped_layers": 0, "loras": []},
    "Gemma2EncoderField": _encoder,
    "GlmEncoderField": _encoder,
    "LoRAField": lambda part: {"lora": part(None), "weight": 1.0},
    "Mistral3EncoderField": _encoder,
    "MistralEncoderField": _encoder_with_loras,
    "ModelIdentifierField": lambda part: part(None),
    "PiDDecoderField": lambda part: {"decoder": part(None)},
    "PromptEnhancerField": _encoder,
    "Qwen3EncoderField": _encoder_with_loras,
    "Qwen3VLEncoderField": _encoder_with_loras,
    "QwenVLEncoderField": _encoder,
    "T5EncoderField": lambda part: _encoder_with_loras(part, "_2"),
    "TransformerField": lambda part: {"transformer": part("transformer"), "loras": []},
    "UNetField": _unet,
    "VAEField": lambda part: {"vae": part("vae"), "seamless_axes": []},
    "WanT5EncoderField": _encoder_with_loras,
    "WanTransformerField": _wan_transformer,
}
"""The fields with model parts, built from one model."""


def model_part(run: NodeRun, output: OutputTemplate) -> Fields:
    """Return a model part from the node's model for it."""
    model = _model_for(run, output.name)
    second = output.name.endswith("2")

    def part(submodel: str | None) -> Model:
        name = f"{submodel}_2" if second and submodel in {"tokenizer", "text_encoder"} else submodel
        # A separate model, such as a VAE, has no submodels.
        return {**model, "submodel_type": name if model["type"] == "main" else None}

    return SHAPES[output.type.name](part)


def _model_for(run: NodeRun, output: str) -> Model:
    named = dict(_models(run))
    own = [model for name, model in named.items() if output in name or name.removesuffix("_model") in output]
    main = [named[name] for name in ("model", "default_value") if name in named]
    return [*own, *main, *named.values(), dict(_NO_MODEL)][0]


def _models(run: NodeRun) -> Iterator[tuple[str, Model]]:
    for name, field in run.template.inputs.items():
        value = run.values.get(name)
        if field.type.name == "ModelIdentifierField" and isinstance(value, Mapping):
            yield name, dict(value)


_UNKNOWN: Final = {
    "gemma2_encoder_loader": ("Exception", "Unknown Gemma2 model: {}"),
    "lora_loader": ("Exception", "Unknown lora: {}!"),
    "main_model_loader": ("Exception", "Unknown model {}"),
    "metadata_to_model": ("Exception", "Unknown model: {}"),
    "metadata_to_sdxl_model": ("Exception", "Unknown model: {}"),
    "model_identifier": ("Exception", "Unknown model {}"),
    "pid_decoder_loader": ("Exception", "Unknown PiD decoder: {}"),
    "sdxl_lora_loader": ("Exception", "Unknown lora: {}!"),
    "sdxl_model_loader": ("Exception", "Unknown model: {}"),
    "sdxl_refiner_model_loader": ("Exception", "Unknown model: {}"),
    "vae_loader": ("Exception", "Unknown vae: {}!"),
    "flux_model_loader": ("ValueError", "Unknown model: {}"),
}
"""The server's messages for a missing model, for nodes that check."""


def require_models(run: NodeRun) -> None:
    """Raise NodeError if a loader's model is not on the server."""
    kind = run.template.type
    if not kind.endswith("loader") and kind not in _UNKNOWN:
        return
    lora = ("ValueError", "Unknown lora: {}!") if "lora" in kind else ("UnknownModelException", "model not found")
    error, message = _UNKNOWN.get(kind, lora)
    for _, model in _models(run):
        if run.services.model(model["key"]) is None:
            raise NodeError(error, message.format(model["key"]))


@node("model_identifier")
def model_identifier(run: NodeRun) -> Fields:
    """Return a model on the server."""
    require_models(run)
    return {"model": run["model"]}
