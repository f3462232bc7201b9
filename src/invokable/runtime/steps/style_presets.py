"""Style presets: prompts to put around a run's own."""

from __future__ import annotations

import json
from typing import Any, Final

from invokable.runtime.errors import InvokableError, NotFoundError
from invokable.runtime.steps.answers import Answer, existing, parse, read, shaped
from invokable.runtime.steps.models import near, nearest
from invokable.runtime.steps.protocol import File, Request, Response, Steps, fetch, in_path
from invokable.runtime.steps.records import record
from invokable.runtime.values.inputs import StylePreset
from invokable.runtime.values.records import StylePresetRecord

_PRESETS: Final = "/api/v1/style_presets/"


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
    response = yield from fetch(Request("GET", f"{_PRESETS}i/{in_path(preset_id)}"))
    missing = NotFoundError(f"the server has no style preset with the id {preset_id!r}", name=preset_id)
    return _preset(existing(response, missing), response)


def find_preset(value: StylePreset | str) -> Steps[StylePresetRecord]:
    """The style preset of that name or id. Raises NotFoundError when there is none, or several of that name."""
    if isinstance(value, StylePreset):
        return (yield from get_preset(value.id))
    presets = yield from list_presets()
    found = [preset for preset in presets if preset.name == value]
    if len(found) == 1:
        return found[0]
    if found:
        ids = [preset.id for preset in found]
        message = f"{len(found)} style presets are named {value!r}: give the id, StylePreset(…), of {', '.join(ids)}"
        raise NotFoundError(message, name=value, found=len(found), nearest=ids)
    names = [preset.name for preset in presets]
    message = f"the server has no style preset {value!r}{nearest(value, names)}"
    raise NotFoundError(message, name=value, nearest=near(value, names))


def create_preset(
    name: str, positive_prompt: str, negative_prompt: str, image: File | None
) -> Steps[StylePresetRecord]:
    """Make a style preset."""
    form = _form(name, positive_prompt, negative_prompt)
    response: Response = yield Request("POST", _PRESETS, form=form, file=image, part="image")
    return _preset(parse(response), response)


def delete_preset(value: StylePreset | str) -> Steps[None]:
    """Delete a style preset. Raises NotFoundError, and InvokableError for one that comes with InvokeAI."""
    preset = yield from find_preset(value)
    if preset.type == "default":
        raise InvokableError(f"{preset.name!r} comes with InvokeAI and cannot be deleted")
    response = yield from fetch(Request("DELETE", f"{_PRESETS}i/{in_path(preset.id)}"))
    # What an earlier attempt deleted is a 404, and a 500 before 6.12.
    if response.status == 500 and preset.id not in {one.id for one in (yield from list_presets())}:
        return
    if response.status != 404:
        parse(response)


def _form(name: str, positive_prompt: str, negative_prompt: str) -> dict[str, str]:
    data = {"name": name, "positive_prompt": positive_prompt, "negative_prompt": negative_prompt, "type": "user"}
    return {"data": json.dumps(data)}


def _preset(value: Any, response: Response) -> StylePresetRecord:
    prompts = shaped(value, _Preset, where=response.url).preset_data
    return record(
        StylePresetRecord,
        value,
        where=response.url,
        positive_prompt=prompts.positive_prompt,
        negative_prompt=prompts.negative_prompt,
    )
