"""The facts about a generation in a node's inputs: literal fields, and the recipes of placeholders."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from invokable.testing.execution.node_run import NodeRun
from invokable.testing.execution.recipes import Recipe
from invokable.testing.execution.seeds import digest

REFERENCES: Final = ("latents_name", "conditioning_name", "tensor_name", "mask_name", "condition_tensor_name")
"""The keys of placeholder names in fields."""

_SAYS_NOTHING: Final = frozenset({"id", "type", "is_intermediate", "use_cache", "board", "metadata"})
_SIZED_BY: Final = ("noise", "latents", "ref_image", "latents_a")


def gathered(run: NodeRun) -> Recipe:
    """Return what is known about the generation at this node."""
    found = _literal(run)
    fields = sorted(run.values.items(), key=lambda item: ("positive" not in item[0], item[0] not in _SIZED_BY))
    for name, value in fields:
        if name in _SAYS_NOTHING:
            continue
        for recipe in _behind(run, value):
            found = found.over(replace(recipe, prompt="", negative=recipe.prompt) if "negative" in name else recipe)
    # Noise and latents take precedence: the node's own size and, with noise, its seed are only fallbacks.
    for name in reversed(_SIZED_BY):
        decided = ("width", "height", "frames", "seed") if name == "noise" else ("width", "height", "frames")
        for recipe in _behind(run, run.values.get(name)):
            found = _with(found, {field: getattr(recipe, field) for field in decided})
    return replace(found, trail=trail(run))


def _with(recipe: Recipe, decided: Mapping[str, Any]) -> Recipe:
    return replace(recipe, **{field: value for field, value in decided.items() if value is not None})


def _literal(run: NodeRun) -> Recipe:
    models = list(_models(run.values))
    return Recipe(
        width=_number(run, "width"),
        height=_number(run, "height"),
        frames=_number(run, "num_frames"),
        prompt=str(run.values.get("prompt") or run.values.get("style") or ""),
        seed=_number(run, "seed"),
        steps=_number(run, "steps", "num_steps"),
        cfg=_number(run, "cfg_scale", "guidance_scale", "guidance"),
        scheduler=str(run.values.get("scheduler") or "") if isinstance(run.values.get("scheduler"), str) else "",
        model=next((model["name"] for model in models if model.get("type") == "main"), ""),
        loras=tuple(dict.fromkeys(model["name"] for model in models if model.get("type") == "lora")),
    )


def _number(run: NodeRun, *names: str) -> Any:
    values = (run.values.get(name) for name in names)
    return next((value for value in values if isinstance(value, int | float)), None)


def _models(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        if {"key", "name", "base"} <= value.keys():
            yield value
        for item in value.values():
            yield from _models(item)
    elif isinstance(value, list):
        for item in value:
            yield from _models(item)


def _behind(run: NodeRun, value: Any) -> Iterator[Recipe]:
    if isinstance(value, Mapping):
        for key in REFERENCES:
            if isinstance(value.get(key), str):
                yield run.recipe(value[key])
        for item in value.values():
            yield from _behind(run, item)
    elif isinstance(value, list):
        for item in value:
            yield from _behind(run, item)


def trail(run: NodeRun) -> str:
    """Return a digest of all inputs of a node."""
    values = {name: _plain(run, value) for name, value in run.values.items() if name not in _SAYS_NOTHING}
    return digest(run.template.type, sorted(values.items())).hex()[:24]


def _plain(run: NodeRun, value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(run, item) for item in value]
    if not isinstance(value, Mapping):
        return value
    if "image_name" in value:
        image = run.image_named(value["image_name"])
        return hashlib.sha256(image.tobytes()).hexdigest(), image.size
    if {"key", "name", "base"} <= value.keys():
        return value["base"], value["name"], value.get("submodel_type")
    return {
        key: run.recipe(item).trail if key in REFERENCES else _plain(run, item) for key, item in sorted(value.items())
    }
