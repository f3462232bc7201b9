"""The endpoints for style presets."""

from __future__ import annotations

import json
from typing import Any, Final

from invokable.testing.server import checks, pictures
from invokable.testing.server.problems import Broken, Invalid, Refusal, missing
from invokable.testing.web.call import Answer, Call, picture
from invokable.testing.web.route_table import route

_PRESETS: Final = "/api/v1/style_presets/"
_ONE: Final = f"{_PRESETS}i/{{preset_id}}"
_DATA: Final = checks.record(
    "StylePresetFormData",
    {
        **dict.fromkeys(("name", "positive_prompt", "negative_prompt"), checks.TEXT),
        "type": checks.choice(("user", "default")),
        "is_public": checks.absent(checks.BOOLEAN, False),
    },
)


@route("GET", _PRESETS)
def list_presets(call: Call) -> Answer:
    """All presets that the caller may see."""
    presets = call.world.presets
    found = sorted(presets.records.values(), key=lambda record: record["name"].lower())
    return Answer([presets.to_json(record) for record in found if _is_seen(call, record)])


@route("POST", _PRESETS, form=True)
def create(call: Call) -> Answer:
    """Create a preset."""
    return Answer(call.world.presets.create(_about(call), call.person.user_id, _picture(call)))


@route("GET", _ONE)
def describe(call: Call) -> Answer:
    """A preset."""
    return Answer(call.world.presets.to_json(_seen(call)))


@route("GET", f"{_ONE}/image")
def image(call: Call) -> Answer:
    """The image of a preset, always declared as PNG."""
    record = _seen(call)
    if record["picture"] is None:
        raise Broken
    return picture(record["picture"], f"{record['id']}.png")


@route("PATCH", _ONE, form=True)
def update(call: Call) -> Answer:
    """Replace a preset, including its image."""
    about = _about(call)
    record = _own(call)
    return Answer(call.world.presets.update(record, about, _picture(call)))


@route("DELETE", _ONE)
def delete(call: Call) -> Answer:
    """Delete a preset."""
    record = _own(call)
    del call.world.presets.records[record["id"]]
    return Answer(None)


def _is_seen(call: Call, record: dict[str, Any]) -> bool:
    return record["is_public"] or record["type"] == "default" or call.person.sees(record["user_id"])


def _seen(call: Call) -> dict[str, Any]:
    record = _record(call, before=Refusal(404, "Style preset not found"))
    if not _is_seen(call, record):
        raise Refusal(403, "Not authorized to access this style preset")
    return record


def _own(call: Call) -> dict[str, Any]:
    record = _record(call, before=Broken())
    if not call.person.sees(record["user_id"]):
        raise Refusal(403, "Not authorized to modify this style preset")
    return record


def _picture(call: Call) -> bytes | None:
    return None if call.file is None else pictures.small(call.file.content, call.file.content_type)


def _record(call: Call, *, before: Exception) -> dict[str, Any]:
    """The preset in the path; if it is missing, servers before 6.12 raise `before`."""
    record = call.world.presets.records.get(call.params["preset_id"])
    if record is None:
        raise Refusal(404, "Style preset not found") if call.world.release.has("ownership") else before
    return record


def _about(call: Call) -> dict[str, Any]:
    if "data" not in call.form:
        raise Invalid([missing(("body", "data"))])
    try:
        given = json.loads(call.form["data"])
    except ValueError:
        raise Refusal(400, "Invalid preset data") if call.world.release.has("ownership") else Broken() from None
    if not isinstance(given, dict):
        raise Broken
    about, details = checks.take(_DATA, given, ())
    if details:
        raise Refusal(400, "Invalid preset data")
    taken: dict[str, Any] = about
    return taken
