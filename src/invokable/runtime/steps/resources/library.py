"""Library: the workflows saved on the server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, get_args

from invokable.contract.vocabulary import WorkflowCategory
from invokable.runtime.errors import InvokableError, NotFoundError
from invokable.runtime.steps.exchange.answers import Answer
from invokable.runtime.steps.exchange.fetching import fetch, in_path
from invokable.runtime.steps.exchange.nearest import not_found
from invokable.runtime.steps.exchange.protocol import File, Request, Response, Steps
from invokable.runtime.steps.exchange.records import record
from invokable.runtime.steps.exchange.responses import existing, parse, read
from invokable.runtime.steps.resources.references import checked_name, checked_reference
from invokable.runtime.steps.resources.server_cache import ServerCache
from invokable.runtime.steps.resources.thumbnails import get_thumbnail, set_thumbnail
from invokable.runtime.steps.resources.versions import at_least, require
from invokable.runtime.values.records import LibraryWorkflow, WorkflowRecord

_WORKFLOWS: Final = "/api/v1/workflows/"
_AT_ONCE: Final = 100  # records in one request
_NAMES: Final = {"id": "workflow_id"}
_SHARED_SINCE: Final = "6.13"
_THUMBNAILS_SINCE: Final = "5.8"
_SEVERAL_SINCE: Final = "5.8"  # categories in one request
_CATEGORIES: Final[tuple[str, ...]] = get_args(WorkflowCategory)


class _Part(Answer):
    items: list[dict[str, Any]]
    pages: int


def list_workflows(
    cache: ServerCache, *, query: str, category: str, tags: Sequence[str], shared: bool | None = None
) -> Steps[list[WorkflowRecord]]:
    """The workflows that match; an empty string matches any. They are few and small, so all pages are read."""
    if shared is not None:
        yield from require(cache, "sharing workflows", _SHARED_SINCE)
    found: list[WorkflowRecord] = []
    for wanted in (yield from _categories(cache, category)):
        found += yield from _of_category(cache, wanted, query, tags, shared)
    # The server also finds workflows with a tag that only contains one of these, in upper or lower case.
    asked = {tag.casefold() for tag in tags}
    return [one for one in found if not asked or not asked.isdisjoint(tag.casefold() for tag in one.tags)]


def get_workflow(workflow_id: str) -> Steps[LibraryWorkflow]:
    """A complete workflow. Raises NotFoundError."""
    checked_name(workflow_id, "the id of a workflow")
    missing = NotFoundError(f"the library has no workflow with the id {workflow_id!r}", name=workflow_id)
    response = yield from fetch(Request("GET", f"{_WORKFLOWS}i/{in_path(workflow_id, missing)}"))
    return _whole(existing(response, missing), response)


def find_workflow(name: str, cache: ServerCache) -> Steps[LibraryWorkflow]:
    """The complete workflow with that name. Raises NotFoundError if there is none, or several."""
    checked_name(name, "the name of a workflow")
    everything = yield from list_workflows(cache, query="", category="", tags=())
    found = [one for one in everything if one.name == name]
    if len(found) == 1:
        return (yield from get_workflow(found[0].id))
    if found:
        ids = [one.id for one in found]
        message = f"{len(found)} workflows are named {name!r}; get one by its id: {', '.join(ids)}"
        raise NotFoundError(message, name=name, found=len(found), nearest=ids)
    names = [one.name for one in everything]
    raise not_found(f"the library has no workflow {name!r}", name, names)


def save_workflow(document: Mapping[str, Any], over: WorkflowRecord | str | None) -> Steps[LibraryWorkflow]:
    """Save a workflow as a new one, or over another one. Raises NotFoundError.

    A workflow that came with InvokeAI is saved as a user's, as the editor does; otherwise the server answers 500.
    """
    given = document.get("meta")
    meta = {**given, "category": "user"} if isinstance(given, Mapping) else given  # the server says what is wrong
    if over is None:
        workflow = {**{key: value for key, value in document.items() if key != "id"}, "meta": meta}
        response: Response = yield Request("POST", _WORKFLOWS, json={"workflow": workflow})
        return _whole(parse(response), response)
    old = yield from _of_the_user(over, "replaced")
    body = {"workflow": {**document, "meta": meta, "id": old.id}}
    response = yield from fetch(Request("PATCH", f"{_WORKFLOWS}i/{in_path(old.id)}", json=body))
    return _whole(parse(response), response)


def delete_workflow(value: WorkflowRecord | str) -> Steps[None]:
    """Delete a workflow. Raises NotFoundError, and InvokableError for one that comes with InvokeAI."""
    old = yield from _of_the_user(value, "deleted")
    response = yield from fetch(Request("DELETE", f"{_WORKFLOWS}i/{in_path(old.id)}"))
    if response.status != 404:  # an earlier attempt succeeded
        parse(response)


def share_workflow(value: WorkflowRecord | str, cache: ServerCache, *, shared: bool) -> Steps[LibraryWorkflow]:
    """Make a workflow visible to other users, or hide it. Raises NotFoundError."""
    yield from require(cache, "sharing workflows", _SHARED_SINCE)
    old = yield from _of_the_user(value, "shared")
    path = f"{_WORKFLOWS}i/{in_path(old.id)}/is_public"
    response = yield from fetch(Request("PATCH", path, json={"is_public": shared}))
    return _whole(parse(response), response)


def workflow_thumbnail(value: WorkflowRecord | str, cache: ServerCache) -> Steps[bytes | None]:
    """The thumbnail of a workflow, if it has one. Raises NotFoundError."""
    yield from require(cache, "using workflow thumbnails", _THUMBNAILS_SINCE)
    workflow = yield from get_workflow(_id_of(value))
    return (yield from get_thumbnail(_thumbnail_of(workflow))) if workflow.thumbnail_url else None


def set_workflow_thumbnail(value: WorkflowRecord | str, file: File, cache: ServerCache) -> Steps[None]:
    """Set the thumbnail of a workflow. Raises NotFoundError, and InvokableError for one that comes with InvokeAI."""
    yield from require(cache, "using workflow thumbnails", _THUMBNAILS_SINCE)
    workflow = yield from _of_the_user(value, "changed")
    yield from set_thumbnail("PUT", _thumbnail_of(workflow), file)


def delete_workflow_thumbnail(value: WorkflowRecord | str, cache: ServerCache) -> Steps[None]:
    """Remove the thumbnail of a workflow. Raises NotFoundError, and InvokableError for one that comes with InvokeAI."""
    yield from require(cache, "using workflow thumbnails", _THUMBNAILS_SINCE)
    workflow = yield from _of_the_user(value, "changed")
    if workflow.thumbnail_url is None:  # the server would answer 500
        return
    response = yield from fetch(Request("DELETE", _thumbnail_of(workflow)))
    if response.status >= 400 and (yield from get_workflow(workflow.id)).thumbnail_url is not None:
        parse(response)


def _thumbnail_of(workflow: WorkflowRecord) -> str:
    return f"{_WORKFLOWS}i/{in_path(workflow.id)}/thumbnail"


def _id_of(value: WorkflowRecord | str) -> str:
    if isinstance(value, str):
        return value
    return checked_reference(value, WorkflowRecord, "a workflow of the library or its id").id


def _of_the_user(value: WorkflowRecord | str, what: str) -> Steps[LibraryWorkflow]:
    old = yield from get_workflow(_id_of(value))
    if old.category == "default":  # the server would answer 500
        raise InvokableError(f"{old.name!r} comes with InvokeAI and cannot be {what}")
    return old


def _categories(cache: ServerCache, category: str) -> Steps[Sequence[str]]:
    """The categories to request in turn."""
    if category or (yield from at_least(cache, _SEVERAL_SINCE)):
        return (category,)
    return _CATEGORIES


def _of_category(
    cache: ServerCache, category: str, query: str, tags: Sequence[str], shared: bool | None
) -> Steps[list[WorkflowRecord]]:
    several = yield from at_least(cache, _SEVERAL_SINCE)
    params: dict[str, Any] = {"query": query, "categories" if several else "category": category}
    params = {key: value for key, value in params.items() if value} | ({"tags": list(tags)} if tags else {})
    params |= {} if shared is None else {"is_public": str(shared).lower()}
    found: list[WorkflowRecord] = []
    number, pages = 0, 1
    while number < pages:
        paging = {"page": number, "per_page": _AT_ONCE, "order_by": "created_at", "direction": "ASC"}
        response = yield from fetch(Request("GET", _WORKFLOWS, {**params, **paging}))
        part = read(response, _Part)
        found += [_listed(value, response) for value in part.items]
        number, pages = number + 1, part.pages
    return list({one.id: one for one in found}.values())


def _listed(value: dict[str, Any], response: Response) -> WorkflowRecord:
    return record(WorkflowRecord, value, _NAMES, where=response.url, tags=_tags(value.get("tags")))


def _whole(value: Any, response: Response) -> LibraryWorkflow:
    document = value.get("workflow") if isinstance(value, dict) else None
    about: Mapping[str, Any] = document if isinstance(document, dict) else {}
    meta = about.get("meta")
    return record(
        LibraryWorkflow,
        value,
        _NAMES,
        where=response.url,
        description=about.get("description") or "",
        category=meta.get("category", "user") if isinstance(meta, dict) else "user",
        tags=_tags(about.get("tags")),
        document=document,
    )


def _tags(text: Any) -> tuple[str, ...]:
    """The tags, which the server stores as one string with commas."""
    return tuple(tag.strip() for tag in text.split(",") if tag.strip()) if isinstance(text, str) else ()
