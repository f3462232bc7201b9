"""Models: only their records, without weights. Images show which model made them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any, Final
from uuid import UUID

from invokable.schema import Schema
from invokable.testing.server.release import Release
from invokable.workflow.errors import nearest

Config = dict[str, Any]

_MAIN: Final = dict.fromkeys(
    (
        *("vae", "vae_precision", "scheduler", "steps", "cfg_scale", "cfg_rescale_multiplier"),
        *("width", "height", "guidance", "cpu_only", "fp8_storage"),
    )
)
_NO_MODEL: Final = (
    "Directory contains more than 50 files. This looks like a general-purpose directory rather than a model."
)
_LORA: Final = {"weight": None, "weight_min": None, "weight_max": None}

DEFAULT_MODELS: Final[tuple[Mapping[str, Any], ...]] = (
    {"name": "Dreamshaper 8", "base": "sd-1", "type": "main"},
    {"name": "Deliberate v5", "base": "sd-1", "type": "main", "format": "checkpoint"},
    {"name": "Juggernaut XL v9", "base": "sdxl", "type": "main"},
    {"name": "FLUX.1 schnell", "base": "flux", "type": "main", "format": "gguf_quantized", "variant": "schnell"},
    {"name": "sd-vae-ft-mse", "base": "sd-1", "type": "vae"},
    {"name": "sdxl-vae-fp16-fix", "base": "sdxl", "type": "vae"},
    {"name": "FLUX.1-schnell_ae", "base": "flux", "type": "vae", "format": "checkpoint"},
    {"name": "Ink scenery", "base": "sd-1", "type": "lora"},
    {"name": "Pixel Art XL", "base": "sdxl", "type": "lora"},
    {"name": "canny", "base": "sd-1", "type": "controlnet"},
    {"name": "t5_bnb_int8_quantized_encoder", "base": "any", "type": "t5_encoder", "format": "bnb_quantized_int8b"},
    {"name": "clip-vit-large-patch14", "base": "any", "type": "clip_embed", "variant": "large"},
    {"name": "RealESRGAN_x4plus", "base": "any", "type": "spandrel_image_to_image", "format": "checkpoint"},
)
"""The default models of a simulator. Keys and hashes are derived from the attributes, so they stay the same."""

MODEL_ORDERS: Final[Mapping[str, tuple[str, ...]]] = {
    "default": ("type", "base", "name", "format"),
    **{name: (name,) for name in ("type", "base", "name", "format")},
    "size": ("file_size",),
    **dict.fromkeys(("created_at", "updated_at"), ()),
    "path": ("path",),
}
"""The attributes by which models can be listed; none for the order in which they were installed."""

_FORMATS: Final = {"lora": "lycoris", "clip_embed": "diffusers", "embedding": "embedding_file"}


def config(about: Mapping[str, Any]) -> Config:
    """The full config of a model; `about` has at least `name`, `base` and `type`.

    Raises ValueError if one of these is missing.
    """
    lacking = [name for name in ("name", "base", "type") if not about.get(name)]
    if lacking:
        raise ValueError(f"a simulator model needs name, base and type; {dict(about)!r} has no {lacking[0]}")
    digest = hashlib.sha256("/".join(str(about[name]) for name in ("base", "type", "name")).encode()).hexdigest()
    kind, name = about["type"], about["name"]
    path = f"/models/{about['base']}/{kind}/{name}"
    record: Config = {
        "key": str(UUID(digest[:32], version=4)),
        "hash": f"blake3:{digest}",
        "path": path,
        "file_size": 1_000_000,
        "name": name,
        "description": None,
        "source": path,
        "source_type": "path",
        "source_api_response": None,
        "source_url": None,
        "cover_image": None,
        "type": kind,
        "format": _FORMATS.get(kind, "diffusers"),
        "base": about["base"],
    }
    if kind == "main":
        size = 512 if about["base"] == "sd-1" else 1024
        settings = {**_MAIN, "width": size, "height": size}
        record |= {"trigger_phrases": None, "default_settings": settings, "variant": "normal"}
        record |= {"repo_variant": "", "prediction_type": "epsilon"}
    elif kind == "lora":
        record |= {"trigger_phrases": None, "default_settings": dict(_LORA)}
    return {**record, **about}


def checked(models: Iterable[Mapping[str, Any]], schema: Schema) -> list[Mapping[str, Any]]:
    """The models. Raises ValueError for a base or a type that the server's version does not know."""
    found = list(models)
    for about in found:
        for part, known in (("base", schema.model_bases), ("type", schema.model_types)):
            word = about.get(part)
            if word and word not in known:
                hint = nearest(str(word), sorted(known)) or f"expected one of {', '.join(sorted(known))}"
                message = f"a simulator model has the {part} {word!r}, which InvokeAI {schema.version} does not know"
                raise ValueError(f"{message}; {hint}")
    return found


class Models:
    """All models, and the install jobs."""

    def __init__(self, models: Iterable[Mapping[str, Any]] | None, release: Release) -> None:
        self._release = release
        self.configs: list[Config] = [config(about) for about in (DEFAULT_MODELS if models is None else models)]
        self.jobs: dict[int, dict[str, Any]] = {}
        self.images: dict[str, bytes] = {}
        self._next_job = 0

    def find(self, **wanted: Any) -> list[Config]:
        """The models with all these attributes."""
        return [
            self._release.shape("model", found)
            for found in self.configs
            if all(found.get(name) == value for name, value in wanted.items())
        ]

    def listed(self, bases: Iterable[str], order_by: str, *, descending: bool, **wanted: Any) -> list[Config]:
        """The models of the given bases, base by base, or of any if there are none, with all these attributes."""
        parts = [self.find(base=base, **wanted) for base in bases] or [self.find(**wanted)]
        return [found for part in parts for found in _sorted(part, order_by, descending=descending)]

    def install(self, source: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Install a model: the job is done when it is next requested. The attributes follow from the name.

        A path without a name, such as an empty one, is a folder without a model.
        """
        path = PurePosixPath(source)
        outcome: dict[str, Any] = {"status": "error", "error_reason": "ValueError", "error": _NO_MODEL}
        if path.name:
            about = {"name": path.stem, "source": source, "path": source, **_guess(path.name)}
            about |= {name: value for name, value in wanted.items() if value is not None}
            outcome = {"status": "completed", "config_out": config(about)}
            self.configs.append(outcome["config_out"])
        job: dict[str, Any] = {
            "id": self._next_job,
            "status": "running",
            "error_reason": None,
            "config_in": {"source": source, **wanted},
            "config_out": None,
            "inplace": False,
            "source": {"path": source or ".", "inplace": False, "type": "local"},
            "local_path": source or ".",
            "bytes": 1_000_000,
            "total_bytes": 1_000_000,
            "source_metadata": None,
            "download_parts": [],
            "error": None,
            "error_traceback": None,
        }
        self.jobs[self._next_job] = {**job, **outcome}
        self._next_job += 1
        return job

    def delete(self, key: str) -> bool:
        """Delete a model. Returns whether it existed."""
        found = [config for config in self.configs if config["key"] == key]
        self.configs = [config for config in self.configs if config["key"] != key]
        return bool(found)

    def prune(self) -> None:
        """Remove the jobs that have ended: all of them."""
        self.jobs.clear()

    def job(self, number: int) -> dict[str, Any] | None:
        """An install job, which is done."""
        return self.jobs.get(number)


def _sorted(configs: Iterable[Config], order_by: str, *, descending: bool) -> list[Config]:
    def key(numbered: tuple[int, Config]) -> list[Any]:
        position, found = numbered
        values = [found[member] for member in MODEL_ORDERS[order_by]] or [position]
        return [(value is not None, value.lower() if isinstance(value, str) else value) for value in values]

    return [found for _, found in sorted(enumerate(configs), key=key, reverse=descending)]


def _guess(name: str) -> dict[str, str]:
    lowered = name.lower()
    kinds = ("lora", "vae", "controlnet", "t2i-adapter", "embed")
    kind = next((kind for kind in kinds if kind in lowered), "main")
    named = {"t2i-adapter": "t2i_adapter", "embed": "embedding"}.get(kind, kind)
    base = "sdxl" if "xl" in lowered else "flux" if "flux" in lowered else "sd-1"
    return {"base": base, "type": named}
