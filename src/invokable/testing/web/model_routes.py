"""The models' endpoints."""

from __future__ import annotations

from typing import Any

from invokable.testing.server.events import Event
from invokable.testing.server.problems import Broken, Refusal
from invokable.testing.web.call import Answer, Call, Query
from invokable.testing.web.table import route

_MODELS = "/api/v2/models"


@route("GET", f"{_MODELS}/")
def list_models(call: Call) -> Answer:
    """The models that fit."""
    schema = call.world.reader.schema
    query = Query(call)
    bases = query.choices("base_models", sorted(schema.model_bases))
    wanted = {
        "type": query.choice("model_type", sorted(schema.model_types)),
        "name": query.text("model_name"),
        "format": query.text("model_format"),
    }
    query.check()
    asked = {name: value for name, value in wanted.items() if value is not None}
    return Answer({"models": call.world.models.listed(bases, **asked)})


@route("GET", f"{_MODELS}/get_by_attrs")
def by_attributes(call: Call) -> Answer:
    """The model of a name, type and base."""
    schema = call.world.reader.schema
    query = Query(call)
    wanted = {
        "name": query.text("name", required=True),
        "type": query.choice("type", sorted(schema.model_types), required=True),
        "base": query.choice("base", sorted(schema.model_bases), required=True),
    }
    query.check()
    return _first(call, "No model found with these attributes", **wanted)


@route("GET", f"{_MODELS}/get_by_hash", feature="model_hash")
def by_hash(call: Call) -> Answer:
    """The model of a hash."""
    query = Query(call)
    wanted = query.text("hash", required=True)
    query.check()
    return _first(call, "No model found with this hash", hash=wanted)


@route("GET", f"{_MODELS}/i/{{key}}")
def by_key(call: Call) -> Answer:
    """The model of a key."""
    return _first(call, "model not found", key=call.params["key"])


@route("POST", f"{_MODELS}/install", admin=True)
def install(call: Call) -> Answer:
    """Install a model at once."""
    query = Query(call)
    source = query.text("source", required=True)
    query.boolean("inplace", False)
    query.check()
    wanted: dict[str, Any] = call.body if isinstance(call.body, dict) else {}
    job = call.world.models.install(source, wanted)
    payload = {"id": job["id"], "source": job["source"]}
    for name in ("model_install_started", "model_install_complete"):
        call.world.hub.publish(Event(name, dict(payload), call.person.user_id, kind="admin"))
    return Answer(job, 201)


@route("GET", f"{_MODELS}/install")
def jobs(call: Call) -> Answer:
    """All install jobs."""
    models = call.world.models
    return Answer([models.job(number) for number in range(len(models.jobs))])


@route("GET", f"{_MODELS}/install/{{id}}")
def job(call: Call) -> Answer:
    """An install job."""
    number = call.params["id"]
    found = call.world.models.job(int(number)) if number.isdecimal() else None
    if found is None:
        raise Refusal(404, f"No job with id {number} known")
    return Answer(found)


@route("DELETE", f"{_MODELS}/i/{{key}}", admin=True)
def delete(call: Call) -> Answer:
    """Delete a model. Since 6.14 an answer without a body fails where the client takes gzip."""
    if not call.world.models.delete(call.params["key"]):
        raise Refusal(404, "model not found")
    if call.world.release.has("polling_breaks") and "gzip" in call.headers.get("accept-encoding", ""):
        raise Broken
    return Answer(status=204, content=b"")


@route("DELETE", f"{_MODELS}/install/{{id}}", admin=True)
def cancel_job(call: Call) -> Answer:
    """Cancel an install job, which here has ended already."""
    number = call.params["id"]
    if not number.isdecimal() or call.world.models.job(int(number)) is None:
        raise Refusal(415, f"No job with id {number} known")
    return Answer(None, 201)


def _first(call: Call, words: str, **wanted: Any) -> Answer:
    found = call.world.models.find(**wanted)
    if not found:
        raise Refusal(404, words)
    return Answer(found[0])
