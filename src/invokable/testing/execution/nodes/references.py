"""Control and reference images: compound fields that repeat a node's inputs under other names."""

from __future__ import annotations

from typing import Any

from invokable.testing.execution.facts import gathered
from invokable.testing.execution.node_run import Fields, NodeRun
from invokable.testing.execution.nodes.model_parts import require_models
from invokable.testing.execution.registry import node


def _repeated(run: NodeRun, *left_out: str) -> dict[str, Any]:
    """Return the inputs with a value, except those left out."""
    skipped = {"board", "metadata", *left_out}
    return {name: run[name] for name in run.template.inputs if name not in skipped and run[name] is not None}


@node("anima_lllite", "z_image_control")
def named_control(run: NodeRun) -> Fields:
    """Return the control image."""
    control = {"image_name": run["image"]["image_name"], **_repeated(run, "image", "mask")}
    if run.values.get("mask"):
        control["mask_name"] = run["mask"]["image_name"]
    return {"control": control}


@node("flux_control_lora_loader")
def flux_control_lora_loader(run: NodeRun) -> Fields:
    """Combine a control LoRA with its image."""
    require_models(run)
    return {"control_lora": {"lora": run["lora"], "weight": run["weight"], "img": run["image"]}}


@node("ip_adapter", "flux_ip_adapter")
def ip_adapter(run: NodeRun) -> Fields:
    """Combine an IP-Adapter with its image; the image encoder is the adapter's own."""
    return {
        "ip_adapter": {
            "method": "full",
            "target_blocks": [],
            **_repeated(run, "clip_vision_model"),
            "image_encoder_model": {**run["ip_adapter_model"], "name": run["clip_vision_model"], "type": "clip_vision"},
        }
    }


@node("flux_redux")
def flux_redux(run: NodeRun) -> Fields:
    """Encode a reference image."""
    conditioning = {"tensor_name": run.keep("Tensor", gathered(run))}
    return {"redux_cond": {"conditioning": conditioning, "mask": run["mask"]}}


@node("krea2_style_reference")
def krea2_style_reference(run: NodeRun) -> Fields:
    """Encode a style image."""
    name = run.keep("Tensor", gathered(run))
    return {"style_reference": {"reference_latents_name": name, **_repeated(run, "image", "vae", "fit")}}


@node("wan_ref_image_encoder")
def wan_ref_image_encoder(run: NodeRun) -> Fields:
    """Encode the first frame of a video."""
    name = run.keep("Tensor", gathered(run))
    return {"ref_image": {"condition_tensor_name": name, **_repeated(run, "image", "vae", "end_image")}}
