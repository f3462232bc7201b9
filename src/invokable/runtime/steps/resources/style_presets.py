"""Style presets: prompts to wrap around a run's own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from invokable.runtime.errors import InvokableError, NotFoundError
from invokable.runtime.steps.exchange.answers import Answer
from invokable.runtime.steps.exchange.fetching import fetch, in_path
from invokable.runtime.steps.exchange.nearest import not_found
from invokable.runtime.steps.exchange.protocol import File, Request, Response, Steps
from invokable.runtime.steps.exchange.records import record
from invokable.runtime.steps.exchange.responses import existing, parse, read, shaped
from invokable.runtime.steps.resources.references import checked_name, checked_reference
from invokable.runtime.steps.resources.server_cache import ServerCache
from invokable.runtime.steps.resources.thumbnails import get_thumbnail
from invokable.runtime.steps.resources.versions import require
from invokable.runtime.values.characters import check_characters
from invokable.runtime.values.inputs import StylePreset
from invokable.runtime.values.records import StylePresetRecord

_PRESETS: Final = "/api/v1/style_presets/"


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetChanges:
    """The values to change; None leaves a value unchanged."""

    name: str | None = None
    positive_prompt: str | None = None
    negative_prompt: str | None = None
    shared: bool | None = None


class _Prompts(Answer):
    positive_prompt: str
    negative_prompt: str


class _Preset(Answer):
    preset_data: _Prompts


def list_presets() -> Steps[list[StylePresetRecord]]:
    """All style presets."""
    response = yield from fetch(Request("GET", _PRESETS))
    return [_preset(value, response) for value in read(response, list[dict[str, Any]])]


def get_preset(preset_id: str) -> Steps[StylePresetRecord]:
    """A style preset. Raises NotFoundError."""
    checked_name(preset_id, "the id of a style preset")
    missing = NotFoundError(f"the server has no style preset with the id {preset_id!r}", name=preset_id)
    response = yield from fetch(Request("GET", f"{_PRESETS}i/{in_path(preset_id, missing)}"))
    return _preset(existing(response, missing), response)


def find_preset(value: StylePreset | str) -> Steps[StylePresetRecord]:
    """The style preset with that name or id. Raises NotFoundError if there is none, or several with that name."""
    if isinstance(value, StylePreset):
        return (yield from get_preset(value.id))
    checked_reference(value, StylePreset, "a style preset or its name")
    presets = yield from list_presets()
    found = [preset for preset in presets if preset.name == value]
    if len(found) == 1:
        return found[0]
    if found:
        ids = [preset.id for preset in found]
        message = f"{len(found)} style presets are named {value!r}; pass one by id, as StylePreset(…): {', '.join(ids)}"
        raise NotFoundError(message, name=value, found=len(found), nearest=ids)
    names = [preset.name for preset in presets]
    raise not_found(f"the server has no style preset {value!r}", value, names)


def create_preset(
    name: str,
    positive_prompt: str,
    negative_prompt: str,
    image: File | None,
    cache: ServerCache,
    *,
    shared: bool = False,
) -> Steps[StylePresetRecord]:
    """Create a style preset."""
    checked_name(name, "the name of a style preset")
    yield from _check_sharing(shared or None, cache)
    form = _form(name, positive_prompt, negative_prompt, shared)
    response: Response = yield Request("POST", _PRESETS, form=form, file=image, part="image")
    return _preset(parse(response), response)


def change_preset(
    value: StylePreset | str, changes: PresetChanges, image: File | None, cache: ServerCache, *, without_image: bool
) -> Steps[StylePresetRecord]:
    """Change a style preset. Raises NotFoundError, and InvokableError for one that comes with InvokeAI."""
    preset = yield from _of_the_user(value, "changed")
    yield from _check_sharing(changes.shared, cache)
    if image is None and not without_image and preset.image is not None:
        # The server removes the picture unless it is sent again.
        image = File("image", (yield from get_thumbnail(_image_of(preset))), ".png", "image/png")
    form = _form(
        preset.name if changes.name is None else changes.name,
        preset.positive_prompt if changes.positive_prompt is None else changes.positive_prompt,
        preset.negative_prompt if changes.negative_prompt is None else changes.negative_prompt,
        preset.is_public if changes.shared is None else changes.shared,
    )
    path = f"{_PRESETS}i/{in_path(preset.id)}"
    response = yield from fetch(Request("PATCH", path, form=form, file=image, part="image"))
    return _preset(parse(response), response)


def preset_image(value: StylePreset | str) -> Steps[bytes | None]:
    """The picture of a style preset, if it has one. Raises NotFoundError."""
    preset = yield from find_preset(value)
    return (yield from get_thumbnail(_image_of(preset))) if preset.image else None


def delete_preset(value: StylePreset | str) -> Steps[None]:
    """Delete a style preset. Raises NotFoundError, and InvokableError for one that comes with InvokeAI."""
    preset = yield from _of_the_user(value, "deleted")
    response = yield from fetch(Request("DELETE", f"{_PRESETS}i/{in_path(preset.id)}"))
    # If an earlier attempt deleted it, the answer is a 404, or a 500 before 6.12.
    if response.status == 500 and preset.id not in {one.id for one in (yield from list_presets())}:
        return
    if response.status != 404:
        parse(response)


def _of_the_user(value: StylePreset | str, what: str) -> Steps[StylePresetRecord]:
    preset = yield from find_preset(value)
    if preset.type == "default":
        raise InvokableError(f"{preset.name!r} comes with InvokeAI and cannot be {what}")
    return preset


def _check_sharing(shared: bool | None, cache: ServerCache) -> Steps[None]:
    if shared is not None:
        yield from require(cache, "sharing style presets", "6.13")


def _image_of(preset: StylePresetRecord) -> str:
    return f"{_PRESETS}i/{in_path(preset.id)}/image"


def _form(name: str, positive_prompt: str, negative_prompt: str, shared: bool) -> dict[str, str]:
    check_characters([name, positive_prompt, negative_prompt])
    prompts = {"positive_prompt": positive_prompt, "negative_prompt": negative_prompt}
    return {"data": json.dumps({"name": name, **prompts, "type": "user", **({"is_public": True} if shared else {})})}


def _preset(value: Any, response: Response) -> StylePresetRecord:
    prompts = shaped(value, _Preset, where=response.url).preset_data
    return record(
        StylePresetRecord,
        value,
        where=response.url,
        positive_prompt=prompts.positive_prompt,
        negative_prompt=prompts.negative_prompt,
    )
