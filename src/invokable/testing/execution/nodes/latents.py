"""Latents: noise, encoding, resizing, denoising with previews, decoding."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Any, Final

from PIL import Image

from invokable.testing.execution.facts import gathered
from invokable.testing.execution.node_run import Fields, NodeRun, Step
from invokable.testing.execution.nodes.noise import noise_image
from invokable.testing.execution.nodes.placeholders import picture, placeholder, shown_size
from invokable.testing.execution.pictures import preview
from invokable.testing.execution.recipes import Recipe
from invokable.testing.execution.registry import node

_PREVIEWS: Final = 5
"""The number of previews of a denoising node, for any number of steps."""
_DEFAULT_STEPS: Final = 10
_NOISE_STEPS: Final = {"FLUX": 16, "FLUX.2": 16, "SD3": 16, "Z-Image": 16, "CogView4": 32}
"""The step of the noise's size, where the schema's is too small."""


def _latents(run: NodeRun, recipe: Recipe, width: int, height: int, *, seed: int | None = None) -> Fields:
    sized = replace(recipe, width=width, height=height)
    name = run.keep("Tensor", sized)
    return {"latents": {"latents_name": name, "seed": seed}, "width": width, "height": height}


@node("noise")
def noise(run: NodeRun) -> Fields:
    """Make noise from a size and a seed."""
    model = run.values.get("noise_type", "SD")
    step = _NOISE_STEPS.get(model, 8)
    if run["width"] % step or run["height"] % step:
        raise ValueError(f"{model} noise width and height must be a multiple of {step}")
    name = run.keep("Tensor", gathered(run))
    return {"noise": {"latents_name": name, "seed": run["seed"]}, "width": run["width"], "height": run["height"]}


@node("latents")
def latents(run: NodeRun) -> Fields:
    """Pass latents on."""
    name = run["latents"]["latents_name"]
    width, height = shown_size(run, run.recipe(name))
    return {"latents": {"latents_name": name, "seed": None}, "width": width, "height": height}


@node("lblend")
def blended(run: NodeRun) -> Fields:
    """Blend latents of one size."""
    recipe = gathered(run)
    return _latents(run, recipe, *shown_size(run, recipe))


@node("lscale")
def scaled(run: NodeRun) -> Fields:
    """Scale latents; one of their pixels is 8 of the image."""
    recipe, seed = gathered(run), run["latents"].get("seed")
    width, height = (int(side // 8 * run["scale_factor"]) * 8 for side in shown_size(run, recipe))
    return _latents(run, recipe, width, height, seed=seed)


@node("lresize")
def resized(run: NodeRun) -> Fields:
    """Resize latents."""
    seed = run["latents"].get("seed")
    return _latents(run, gathered(run), run["width"] // 8 * 8, run["height"] // 8 * 8, seed=seed)


@node("crop_latents")
def cropped(run: NodeRun) -> Fields:
    """Crop latents."""
    return _latents(run, gathered(run), run["width"] // 8 * 8, run["height"] // 8 * 8)


@node(
    "anima_i2l",
    "cogview4_i2l",
    "flux2_vae_encode",
    "flux_vae_encode",
    "i2l",
    "qwen_image_i2l",
    "sd3_i2l",
    "wan_i2l",
    "z_image_i2l",
)
def encode(run: NodeRun) -> Generator[Step, None, Fields]:
    """Encode an image, which is kept in the recipe."""
    image = run.image("image")
    yield from _loading(run["vae"])
    yield Step("Running VAE encoder")
    recipe = replace(gathered(run), image=image.convert("RGB"))
    return _latents(run, recipe, image.width // 8 * 8, image.height // 8 * 8)


@node(
    "anima_denoise",
    "anima_denoise_meta",
    "cogview4_denoise",
    "denoise_latents",
    "denoise_latents_meta",
    "ernie_image_denoise",
    "flux2_denoise",
    "flux_denoise",
    "flux_denoise_meta",
    "ideogram4_denoise",
    "krea2_denoise",
    "qwen_image_denoise",
    "sd3_denoise",
    "tiled_multi_diffusion_denoise_latents",
    "wan_denoise",
    "wan_video_denoise",
    "z_image_denoise",
    "z_image_denoise_meta",
)
def denoise(run: NodeRun) -> Generator[Step, None, Fields]:
    """Go through the steps, with a few previews."""
    yield from _loading(run["unet"] if "unet" in run.template.inputs else run["transformer"])
    recipe = gathered(run)
    recipe = recipe if recipe.steps else replace(recipe, steps=_DEFAULT_STEPS)
    size = shown_size(run, recipe)
    yield from _denoising(recipe, size)
    fields: dict[str, Any] = _latents(run, recipe, *size)
    if "metadata" in run.template.outputs:
        fields["metadata"] = _described(run, recipe)
    return fields


def _denoising(recipe: Recipe, size: tuple[int, int]) -> Iterator[Step]:
    steps = recipe.steps or _DEFAULT_STEPS
    every = max(1, steps // _PREVIEWS)
    for step in range(steps + 1):
        shown = preview(recipe.trail, size, step / steps) if step % every == 0 or step == steps else None
        yield Step("Denoising", step / steps, shown)


def _loading(part: dict[str, Any]) -> Iterator[Step]:
    """Report each model of a part: the part itself, its LoRAs, then its other models."""
    first, *others = [model for model in part.values() if isinstance(model, dict) and "name" in model]
    for model in (first, *(lora["lora"] for lora in part.get("loras") or ()), *others):
        submodel = f" ({model['submodel_type']})" if model.get("submodel_type") else ""
        yield Step(f"Loading model {model['name']}{submodel}")


def _described(run: NodeRun, recipe: Recipe) -> dict[str, Any]:
    known = {"width": recipe.width, "height": recipe.height, "steps": recipe.steps, "seed": recipe.seed}
    return {**(run["metadata"] or {}), **known, "app_version": run.schema.version}


@node(
    "anima_l2i",
    "cogview4_l2i",
    "ernie_image_vae_decode",
    "flux2_vae_decode",
    "flux_vae_decode",
    "ideogram4_l2i",
    "l2i",
    "qwen_image_l2i",
    "sd3_l2i",
    "wan_l2i",
    "z_image_l2i",
)
def decode(run: NodeRun) -> Generator[Step, None, Fields]:
    """Decode latents: the image of a generation, or the encoded image if nothing was generated."""
    yield from _loading(run["vae"])
    yield Step("Running VAE decoder")
    return run.save(decoded(run, run.recipe(run["latents"]["latents_name"])))


def decoded(run: NodeRun, recipe: Recipe) -> Image.Image:
    """Return the image for latents."""
    size = shown_size(run, recipe)
    if recipe.steps is None and recipe.image is not None:
        return recipe.image.resize(size)
    if recipe.steps is None and recipe.seed is not None:
        return noise_image(size, recipe.seed, color=True, size_of_grain=8)
    return picture(run, replace(recipe, width=size[0], height=size[1]))


@node(
    "flux2_pid_decode",
    "flux_pid_decode",
    "pid_upscale",
    "qwen_image_pid_decode",
    "sd3_pid_decode",
    "sdxl_pid_decode",
    "z_image_pid_decode",
)
def pid_decode(run: NodeRun) -> Generator[Step, None, Fields]:
    """Decode to four times the size."""
    yield Step("Running PiD decoder")
    recipe = gathered(run)
    width, height = shown_size(run, recipe)
    return run.save(picture(run, replace(recipe, width=4 * width, height=4 * height)))


@node("compel", "sdxl_compel_prompt", "sdxl_refiner_compel_prompt")
def conditioning(run: NodeRun) -> Generator[Step, None, Fields]:
    """Encode a prompt."""
    yield Step("Building conditioning")
    return placeholder(run)
