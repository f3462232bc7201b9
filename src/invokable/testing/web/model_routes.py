"""The endpoints for models."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args
from uuid import uuid4

from invokable.contract.vocabulary import ModelFormat
from invokable.testing.server import checks, pictures
from invokable.testing.server.events import Event
from invokable.testing.server.models import MODEL_ORDERS
from invokable.testing.server.problems import Broken, Refusal
from invokable.testing.web.call import Answer, Call, Parameters, no_body, picture
from invokable.testing.web.route_table import route

_MODELS = "/api/v2/models"
_CHANGES = checks.record(
    "ModelRecordChanges",
    {
        "name": checks.absent(checks.optional(checks.TEXT)),
        "description": checks.absent(checks.optional(checks.TEXT)),
        "trigger_phrases": checks.absent(checks.optional(checks.several(checks.TEXT))),
        "default_settings": checks.absent(checks.optional(checks.record("Settings", {}, extra="allow"))),
    },
    extra="allow",
)
"""The attributes of a model that are checked. The server also checks some that users do not set."""


@route("GET", f"{_MODELS}/")
def list_models(call: Call) -> Answer:
    """The matching models."""
    schema = call.world.reader.schema
    query = Parameters(call)
    bases = query.choices("base_models", sorted(schema.model_bases))
    wanted = {
        "type": query.choice("model_type", sorted(schema.model_types)),
        "name": query.text("model_name"),
        "format": query.choice("model_format", get_args(ModelFormat)),
    }
    order_by, descending = "default", False
    if call.world.release.has("model_order"):
        order_by = query.choice("order_by", tuple(MODEL_ORDERS), "name")
        descending = query.choice("direction", ("ASC", "DESC"), "ASC") == "DESC"
    query.check()
    asked = {name: value for name, value in wanted.items() if value}
    return Answer({"models": call.world.models.listed(bases, order_by, descending=descending, **asked)})


@route("GET", f"{_MODELS}/get_by_attrs")
def by_attributes(call: Call) -> Answer:
    """The model with a name, type and base."""
    schema = call.world.reader.schema
    query = Parameters(call)
    wanted = {
        "name": query.text("name", required=True),
        "type": query.choice("type", sorted(schema.model_types), required=True),
        "base": query.choice("base", sorted(schema.model_bases), required=True),
    }
    query.check()
    return _first(call, "No model found with these attributes", **wanted)


@route("GET", f"{_MODELS}/get_by_hash", feature="model_hash")
def by_hash(call: Call) -> Answer:
    """The model with a hash."""
    query = Parameters(call)
    wanted = query.text("hash", required=True)
    query.check()
    return _first(call, "No model found with this hash", hash=wanted)


@route("GET", f"{_MODELS}/i/{{key}}")
def by_key(call: Call) -> Answer:
    """The model with a key."""
    return _first(call, "model not found", key=call.params["key"])


@route("POST", f"{_MODELS}/install", admin=True)
def install(call: Call) -> Answer:
    """Install a model immediately."""
    query = Parameters(call)
    source = query.text("source", required=True)
    query.boolean("inplace", False)
    wanted: dict[str, Any] = query.body(_CHANGES)
    query.check()
    job = call.world.models.install(source, wanted)
    payload = {"id": job["id"], "source": job["source"]}
    ended = call.world.models.jobs[job["id"]]
    failed = {"error_type": ended["error_reason"], "error": ended["error"]} if ended["error"] else {}
    for name, more in (("started", {}), ("error" if failed else "complete", failed)):
        call.world.hub.publish(Event(f"model_install_{name}", payload | more, call.person.user_id, kind="admin"))
    return Answer(job, 201)


@route("PATCH", f"{_MODELS}/i/{{key}}", admin=True)
def update(call: Call) -> Answer:
    """Change a model's attributes."""
    body = Parameters(call)
    changes = body.body(_CHANGES)
    body.check()
    config = _config(call)
    config.update({name: value for name, value in changes.items() if value is not None and name in config})
    return _first(call, "model not found", key=call.params["key"])


@route("GET", f"{_MODELS}/i/{{key}}/image", open=True)
def image(call: Call) -> Answer:
    """The image of a model, always declared as PNG; fails if there is none."""
    content = call.world.models.images.get(call.params["key"])
    if content is None:
        raise Broken
    return picture(content, f"{call.params['key']}.png")


@route("PATCH", f"{_MODELS}/i/{{key}}/image", form=True, admin=True)
def set_image(call: Call) -> Answer:
    """Set the image of a model."""
    given = Parameters(call).file("image")
    config = _config(call)
    call.world.models.images[config["key"]] = pictures.small(given.content, given.content_type)
    config["cover_image"] = f"api/v2/models/i/{config['key']}/image?{uuid4()}"
    return Answer(None)


@route("DELETE", f"{_MODELS}/i/{{key}}/image", admin=True)
def delete_image(call: Call) -> Answer:
    """Remove the image of a model."""
    if call.world.models.images.pop(call.params["key"], None) is None:
        raise Refusal(404, "Model image file not found")
    _config(call)["cover_image"] = None
    return Answer(status=204, content=b"")


@route("GET", f"{_MODELS}/scan_folder", admin=True)
def scan(call: Call) -> Answer:
    """The models in a folder of this machine."""
    query = Parameters(call)
    folder = Path(query.text("scan_path") or "/nowhere")
    query.check()
    if not folder.is_dir():
        raise Refusal(400, f"The search path '{folder}' could not be scanned")
    installed = {config["path"] for config in call.world.models.configs}
    found = sorted(str(path) for path in folder.rglob("*") if path.suffix in (".safetensors", ".ckpt", ".gguf"))
    return Answer([{"path": path, "is_installed": path in installed} for path in found])


@route("POST", f"{_MODELS}/empty_model_cache", admin=True)
def empty_cache(call: Call) -> Answer:
    """Unload the models in memory: there are none."""
    return Answer(None)


@route("DELETE", f"{_MODELS}/install", admin=True)
def prune_jobs(call: Call) -> Answer:
    """Remove the jobs that have ended."""
    call.world.models.prune()
    return no_body(call)


@route("POST", f"{_MODELS}/install/{{id}}/pause", admin=True, feature="sharing")
@route("POST", f"{_MODELS}/install/{{id}}/resume", admin=True, feature="sharing")
@route("POST", f"{_MODELS}/install/{{id}}/restart_failed", admin=True, feature="sharing")
def steer_job(call: Call) -> Answer:
    """Pause or resume a job, which has already ended here."""
    number = call.number("id")
    found = call.world.models.job(number)
    if found is None:
        raise Refusal(415, f"No job with id {number} known")
    return Answer(found, 201)


@route("GET", f"{_MODELS}/install", admin=True)
def jobs(call: Call) -> Answer:
    """All install jobs."""
    models = call.world.models
    return Answer([models.job(number) for number in models.jobs])


@route("GET", f"{_MODELS}/install/{{id}}", admin=True)
def job(call: Call) -> Answer:
    """An install job."""
    number = call.number("id")
    found = call.world.models.job(number)
    if found is None:
        raise Refusal(404, f"No job with id {number} known")
    return Answer(found)


@route("DELETE", f"{_MODELS}/i/{{key}}", admin=True)
def delete(call: Call) -> Answer:
    """Delete a model."""
    if not call.world.models.delete(call.params["key"]):
        raise Refusal(404, "model not found")
    return no_body(call)


@route("DELETE", f"{_MODELS}/install/{{id}}", admin=True)
def cancel_job(call: Call) -> Answer:
    """Cancel an install job, which has already ended here."""
    number = call.number("id")
    if call.world.models.job(number) is None:
        raise Refusal(415, f"No job with id {number} known")
    return Answer(None, 201)


def _config(call: Call) -> dict[str, Any]:
    found = next((one for one in call.world.models.configs if one["key"] == call.params["key"]), None)
    if found is None:
        raise Refusal(404, "model not found")
    return found


def _first(call: Call, words: str, **wanted: Any) -> Answer:
    found = call.world.models.find(**wanted)
    if not found:
        raise Refusal(404, words)
    return Answer(found[0])
