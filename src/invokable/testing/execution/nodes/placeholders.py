"""All node types without their own function: outputs of the right type, and images that show their inputs.

an input of the output's name and type ─▶ passed on, with the node's LoRAs added
a reference (latents, conditioning, …)  ─▶ a placeholder with the recipe so far
a model part (unet, clip, vae, …)       ─▶ the node's model
an image                                ─▶ an image of the generation, or the input image with a caption
a number, a text, a list                ─▶ the known value, or an empty one
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from PIL import Image

from invokable.schema import OutputTemplate
from invokable.testing.execution.facts import gathered
from invokable.testing.execution.node_run import Fields, NodeRun
from invokable.testing.execution.nodes.model_parts import SHAPES, model_part, require_models
from invokable.testing.execution.pictures import captioned, labelled, scene
from invokable.testing.execution.recipes import Recipe

_DEFAULT_SIZE: Final = (512, 512)
_HOLD_THEIR_IMAGE: Final = frozenset({"FluxFillConditioningField", "FluxKontextConditioningField"})
"""Conditioning without a file on the server: the field contains the images themselves."""


def placeholder(run: NodeRun) -> Fields:
    """Return a value of the right type for every output of the schema."""
    require_models(run)
    recipe = gathered(run)
    shown = shown_size(run, recipe)
    sized = replace(recipe, width=shown[0], height=shown[1])
    return {name: _value(run, output, sized) for name, output in run.template.outputs.items()}


def shown_size(run: NodeRun, recipe: Recipe) -> tuple[int, int]:
    """Return the size of the output: that of the recipe, else of the input image, else 512 × 512."""
    if recipe.width and recipe.height:
        return recipe.width, recipe.height
    image = input_image(run)
    return image.size if image else _DEFAULT_SIZE


def input_image(run: NodeRun) -> Image.Image | None:
    """Return the first image among a node's inputs."""
    for name, field in run.template.inputs.items():
        value = run.values.get(name)
        if field.type.name == "ImageField" and isinstance(value, dict):
            return run.image_named(value["image_name"])
    return None


def picture(run: NodeRun, recipe: Recipe) -> Image.Image:
    """Return the image of a generation, in its size, with its inputs."""
    size = (recipe.width or _DEFAULT_SIZE[0], recipe.height or _DEFAULT_SIZE[1])
    painted = scene(recipe.trail, size)
    if recipe.image is not None:
        painted = Image.blend(recipe.image.convert("RGB").resize(size), painted, 0.6)
    return labelled(painted, run.template.title, recipe)


def _value(run: NodeRun, output: OutputTemplate, recipe: Recipe) -> Any:
    given = run.values.get(output.name)
    same = run.template.inputs.get(output.name)
    if same is not None and same.type == output.type and output.type.name != "IntegerField":
        return _with_loras(run, given) if given is not None else _empty(run, output, recipe)
    return _empty(run, output, recipe)


def _with_loras(run: NodeRun, part: Any) -> Any:
    """Return a model part with the LoRAs that this node applies."""
    if not isinstance(part, dict) or "loras" not in part:
        return part
    added = run.values.get("loras") or []
    added = added if isinstance(added, list) else [added]
    if isinstance(run.values.get("lora"), dict):
        added = [{"lora": run["lora"], "weight": run["weight"]}]
    changed = {"loras": [*part["loras"], *added]}
    if "skipped_layers" in part and "skipped_layers" in run.values:
        changed["skipped_layers"] = part["skipped_layers"] + run["skipped_layers"]
    return {**part, **changed}


def _empty(run: NodeRun, output: OutputTemplate, recipe: Recipe) -> Any:
    if output.type.cardinality == "COLLECTION":
        return _images(run, recipe) if output.type.name == "ImageField" else []
    if output.type.cardinality == "SINGLE_OR_COLLECTION":
        return None
    if output.type.name in SHAPES:
        return model_part(run, output)
    make = _MAKERS.get(output.type.name)
    return make(run, output, recipe) if make else _reference(run, output, recipe)


def _reference(run: NodeRun, output: OutputTemplate, recipe: Recipe) -> Any:
    if output.type.name.endswith("ConditioningField") and output.type.name not in _HOLD_THEIR_IMAGE:
        masked = {"mask": run["mask"]} if "mask" in run.template.inputs else {}
        return {"conditioning_name": run.keep("ConditioningFieldData", recipe), **masked}
    # A compound field such as a ControlField repeats the node's inputs.
    return {name: value for name, value in run.values.items() if name in run.template.inputs and value is not None}


def _integer(run: NodeRun, output: OutputTemplate, recipe: Recipe) -> int:
    known = {"width": recipe.width, "height": recipe.height}.get(output.name, run.values.get(output.name))
    return known if isinstance(known, int) else 0


def _image(run: NodeRun, recipe: Recipe) -> dict[str, str]:
    given = input_image(run)
    if given is not None and not recipe.prompt:
        return run.store(
            captioned(given.convert("RGB").resize((recipe.width or 1, recipe.height or 1)), run.template.title)
        )
    return run.store(picture(run, recipe))


def _images(run: NodeRun, recipe: Recipe) -> list[dict[str, str]]:
    count = run.values.get("num_images") or 1
    return [_image(run, replace(recipe, trail=f"{recipe.trail}-{index}")) for index in range(count)]


def _text(run: NodeRun, output: OutputTemplate, recipe: Recipe) -> str:
    return str(run.values.get("prompt") or "")


_MAKERS: Final[dict[str, Callable[[NodeRun, OutputTemplate, Recipe], Any]]] = {
    "IntegerField": _integer,
    "FloatField": lambda run, output, recipe: 0.0,
    "BooleanField": lambda run, output, recipe: False,
    "StringField": _text,
    "SchedulerField": lambda run, output, recipe: "euler",
    "EnumField": lambda run, output, recipe: run.values.get(output.name) or 512,
    "AnyField": lambda run, output, recipe: None,
    "CollectionItemField": lambda run, output, recipe: None,
    "MetadataField": lambda run, output, recipe: dict(run.values.get("metadata") or {}),
    "ImageField": lambda run, output, recipe: _image(run, recipe),
    "LatentsField": lambda run, output, recipe: {"latents_name": run.keep("Tensor", recipe), "seed": recipe.seed},
    "TensorField": lambda run, output, recipe: {"tensor_name": run.keep("Tensor", recipe)},
}
