"""The style presets' endpoints."""

from __future__ import annotations

import json
from typing import Any, Final

from invokable.testing.server.problems import Broken, Invalid, Refusal, missing
from invokable.testing.web.call import Answer, Call
from invokable.testing.web.table import route

_PRESETS: Final = "/api/v1/style_presets/"
_ONE: Final = f"{_PRESETS}i/{{preset_id}}"
_MEMBERS: Final = ("name", "positive_prompt", "negative_prompt", "type")


@route("GET", _PRESETS)
def list_presets(call: Call) -> Answer:
    """All of them."""
    presets = call.world.presets
    return Answer([presets.to_json(record) for record in presets.records.values()])


@route("POST", _PRESETS, form=True)
def create(call: Call) -> Answer:
    """Make one."""
    return Answer(call.world.presets.create(_about(call), call.person.user_id, pictured=call.file is not None))


@route("GET", _ONE)
def describe(call: Call) -> Answer:
    """One."""
    return Answer(call.world.presets.to_json(_record(call, before=Refusal(404, "Style preset not found"))))


@route("PATCH", _ONE, form=True)
def update(call: Call) -> Answer:
    """Replace what one says, its picture too."""
    about = _about(call)
    return Answer(call.world.presets.update(_record(call, before=Broken()), about))


@route("DELETE", _ONE)
def delete(call: Call) -> Answer:
    """Delete one."""
    record = _record(call, before=Broken())
    del call.world.presets.records[record["id"]]
    return Answer(None)


def _record(call: Call, *, before: Exception) -> dict[str, Any]:
    """The preset that the path names; for what is missing, `before` is what servers before 6.12 do."""
    record = call.world.presets.records.get(call.params["preset_id"])
    if record is None:
        raise Refusal(404, "Style preset not found") if call.world.release.has("ownership") else before
    return record


def _about(call: Call) -> dict[str, str]:
    if "data" not in call.form:
        raise Invalid([missing(("body", "data"))])
    try:
        about = json.loads(call.form["data"])
    except ValueError:
        raise Refusal(400, "Invalid preset data") if call.world.release.has("ownership") else Broken() from None
    if not isinstance(about, dict) or any(not isinstance(about.get(name), str) for name in _MEMBERS):
        raise Refusal(400, "Invalid preset data")
    return about
