"""The endpoints for the workflow library."""

from __future__ import annotations

from typing import Any, get_args

from invokable.contract.vocabulary import WorkflowCategory
from invokable.testing.graphs.workflow_rules import workflow_schema
from invokable.testing.server import checks, pictures
from invokable.testing.server.clock import now
from invokable.testing.server.events import Event
from invokable.testing.server.problems import Broken, Refusal
from invokable.testing.server.sqlite import page
from invokable.testing.web.call import Answer, Call, Parameters, picture
from invokable.testing.web.route_table import route

_WORKFLOWS = "/api/v1/workflows"
_ONE = f"{_WORKFLOWS}/i/{{workflow_id}}"
_CATEGORIES = get_args(WorkflowCategory)
_ORDERS = ("created_at", "updated_at", "opened_at", "name", "is_public")


@route("POST", f"{_WORKFLOWS}/")
def create(call: Call) -> Answer:
    """Save a workflow."""
    workflow = _workflow(call, with_id=False)
    record = call.world.library.create(workflow, call.person.user_id, is_public=not call.world.users.multiuser)
    _tell(call, "workflow_created", record["workflow_id"], is_public=record["is_public"])
    return Answer(call.world.library.to_json(record))


@route("GET", f"{_WORKFLOWS}/")
def list_workflows(call: Call) -> Answer:
    """A page of workflows, without their nodes."""
    query = Parameters(call)
    number, size = query.integer("page", 0), query.integer("per_page") or None
    order_by = query.choice("order_by", _ORDERS, "name")
    descending = query.choice("direction", ("ASC", "DESC"), "ASC") == "DESC"
    if call.world.release.has("categories"):
        categories = query.choices("categories", _CATEGORIES)
    else:
        categories = [query.choice("category", _CATEGORIES, "user")]
    tags = [value for name, value in call.queries if name == "tags"]
    wanted, has_been_opened = query.text("query"), query.boolean("has_been_opened")
    is_public = query.boolean("is_public") if call.world.release.has("sharing") else None
    is_callable = query.boolean("callable") if call.world.release.has("callable") else None
    query.check()
    library = call.world.library

    def seen(record: dict[str, Any]) -> bool:
        return is_public is True or call.person.sees(record["user_id"])

    found = library.find(
        categories=categories,
        query=wanted,
        tags=tags,
        has_been_opened=has_been_opened,
        is_public=is_public,
        is_callable=is_callable,
        order_by=order_by,
        descending=descending,
        seen=seen,
    )
    shown = found if size is None else page(found, number * size, size)
    per_page = len(found) if size is None else size
    pages = 1 if size is None else -(-len(found) // size)
    items = [library.listed(record) for record in shown]
    return Answer({"page": number, "pages": pages, "per_page": per_page, "total": len(found), "items": items})


@route("GET", f"{_WORKFLOWS}/counts_by_category")
def counts(call: Call) -> Answer:
    """The number of workflows in each category."""
    query = Parameters(call)
    categories = query.choices("categories", _CATEGORIES, required=True)
    wanted = {name: query.boolean(name) for name in ("has_been_opened", "is_public")}
    query.check()
    library = call.world.library
    return Answer({name: len(library.find(categories=[name], **wanted)) for name in categories})


@route("GET", _ONE)
def describe(call: Call) -> Answer:
    """A full workflow."""
    record = _record(call)
    if not record["is_public"] and not call.person.sees(record["user_id"]):
        raise Refusal(403, "Not authorized to access this workflow")
    return Answer(call.world.library.opened(record))


@route("PATCH", f"{_ONE}/is_public", feature="sharing")
def share(call: Call) -> Answer:
    """Share or unshare a workflow."""
    is_public = call.member("is_public", checks.BOOLEAN)
    record = _own(call)
    was_public = record["is_public"]
    call.world.library.share(record, is_public=is_public)
    _tell(call, "workflow_updated", record["workflow_id"], old_is_public=was_public, new_is_public=is_public)
    return Answer(call.world.library.to_json(record))


@route("GET", f"{_ONE}/thumbnail", open=True)
def thumbnail(call: Call) -> Answer:
    """The image of a workflow, always declared as PNG; fails if there is none."""
    workflow_id = call.params["workflow_id"]
    if workflow_id not in call.world.library.records:
        raise Refusal(404, "Not Found")
    content = call.world.library.thumbnails.get(workflow_id)
    if content is None:
        raise Broken
    return picture(content, f"{workflow_id}.png")


@route("PUT", f"{_ONE}/thumbnail", form=True)
def set_thumbnail(call: Call) -> Answer:
    """Set the image of a workflow."""
    given = Parameters(call).file("image")
    workflow_id = _own(call)["workflow_id"]
    call.world.library.thumbnails[workflow_id] = pictures.small(given.content, given.content_type)
    return Answer(None)


@route("DELETE", f"{_ONE}/thumbnail")
def delete_thumbnail(call: Call) -> Answer:
    """Remove the image of a workflow; fails if there is none."""
    if call.world.library.thumbnails.pop(_own(call)["workflow_id"], None) is None:
        raise Broken
    return Answer(None)


@route("PATCH", _ONE)
def update(call: Call) -> Answer:
    """Replace a workflow."""
    workflow = _workflow(call, with_id=True)
    record = call.world.library.update(workflow)
    is_public = record["is_public"]
    _tell(call, "workflow_updated", record["workflow_id"], old_is_public=is_public, new_is_public=is_public)
    return Answer(call.world.library.to_json(record))


@route("PUT", f"{_ONE}/opened_at")
def opened(call: Call) -> Answer:
    """Record that a workflow was opened."""
    _record(call)["opened_at"] = now()
    return Answer(None)


@route("DELETE", _ONE)
def delete(call: Call) -> Answer:
    """Delete a workflow."""
    record = _own(call)
    del call.world.library.records[record["workflow_id"]]
    call.world.library.thumbnails.pop(record["workflow_id"], None)
    _tell(call, "workflow_deleted", record["workflow_id"], is_public=record["is_public"])
    return Answer(None)


def _workflow(call: Call, *, with_id: bool) -> dict[str, Any]:
    workflow: dict[str, Any] = call.member("workflow", workflow_schema(call.world.release, with_id=with_id))
    if with_id and workflow["id"] not in call.world.library.records:
        raise Refusal(404, "Workflow not found")
    if workflow["meta"]["category"] == "default":
        raise Broken
    return workflow


def _record(call: Call) -> dict[str, Any]:
    record = call.world.library.records.get(call.params["workflow_id"])
    if record is None:
        raise Refusal(404, "Workflow not found")
    return record


def _own(call: Call) -> dict[str, Any]:
    record = _record(call)
    if not call.person.sees(record["user_id"]):
        raise Refusal(403, "Not authorized to update this workflow")
    return record


def _tell(call: Call, name: str, workflow_id: str, **about: bool) -> None:
    if call.world.release.has("videos"):
        payload = {"workflow_id": workflow_id, "user_id": call.person.user_id, **about}
        call.world.hub.publish(Event(name, payload, call.person.user_id))
