"""The workflow library's endpoints."""

from __future__ import annotations

from typing import Any

from invokable.testing.graphs.workflow_rules import read_workflow
from invokable.testing.server.clock import now
from invokable.testing.server.events import Event
from invokable.testing.server.problems import Invalid, Refusal
from invokable.testing.web.call import Answer, Call, Query
from invokable.testing.web.table import route

_WORKFLOWS = "/api/v1/workflows"
_ONE = f"{_WORKFLOWS}/i/{{workflow_id}}"
_CATEGORIES = ("user", "default")


@route("POST", f"{_WORKFLOWS}/")
def create(call: Call) -> Answer:
    """Save a workflow."""
    record = call.world.library.create(_workflow(call, with_id=False), call.person.user_id)
    _tell(call, "workflow_created", record["workflow_id"])
    return Answer(record)


@route("GET", f"{_WORKFLOWS}/")
def list_workflows(call: Call) -> Answer:
    """A page of workflows, without their nodes."""
    query = Query(call)
    number, size = query.integer("page", 0, least=0), query.integer("per_page", least=1)
    categories = query.choices("categories", _CATEGORIES)
    wanted, tags = query.text("query"), [value for name, value in call.queries if name == "tags"]
    query.check()
    library = call.world.library
    found = library.find(categories=categories, query=wanted, tags=tags)
    shown = found if size is None else found[number * size : (number + 1) * size]
    per_page = len(found) if size is None else size
    pages = 1 if size is None else -(-len(found) // size)
    items = [library.listed(record) for record in shown]
    return Answer({"page": number, "pages": pages, "per_page": per_page, "total": len(found), "items": items})


@route("GET", f"{_WORKFLOWS}/counts_by_category")
def counts(call: Call) -> Answer:
    """How many workflows there are of each category."""
    query = Query(call)
    categories = query.choices("categories", _CATEGORIES)
    query.check()
    library = call.world.library
    return Answer({name: len(library.find(categories=[name], query=None, tags=[])) for name in categories})


@route("GET", _ONE)
def describe(call: Call) -> Answer:
    """A workflow, whole."""
    return Answer(call.world.library.opened(_record(call)))


@route("PATCH", _ONE)
def update(call: Call) -> Answer:
    """Replace a workflow."""
    workflow = _workflow(call, with_id=True)
    record = call.world.library.update(workflow)
    if record is None:
        raise Refusal(404, "Workflow not found")
    _tell(call, "workflow_updated", record["workflow_id"])
    return Answer(record)


@route("PUT", f"{_ONE}/opened_at")
def opened(call: Call) -> Answer:
    """Note that a workflow was opened."""
    _record(call)["opened_at"] = now()
    return Answer(None)


@route("DELETE", _ONE)
def delete(call: Call) -> Answer:
    """Delete a workflow."""
    record = _record(call)
    del call.world.library.records[record["workflow_id"]]
    _tell(call, "workflow_deleted", record["workflow_id"])
    return Answer(None)


def _workflow(call: Call, *, with_id: bool) -> dict[str, Any]:
    workflow, details = read_workflow(
        call.member("workflow"), call.world.release, ("body", "workflow"), with_id=with_id
    )
    if details:
        raise Invalid(details)
    taken: dict[str, Any] = workflow
    return taken


def _record(call: Call) -> dict[str, Any]:
    record = call.world.library.records.get(call.params["workflow_id"])
    if record is None:
        raise Refusal(404, "Workflow not found")
    return record


def _tell(call: Call, name: str, workflow_id: str) -> None:
    if call.world.release.has("videos"):
        payload = {"workflow_id": workflow_id, "user_id": call.person.user_id}
        call.world.hub.publish(Event(name, payload, call.person.user_id))
