"""Answers: the shapes of the server's answers, and the only place where they are parsed.

An answer of another shape is a NotInvokeAIError, whatever sent it. Unknown members are ignored, so that newer servers
may add some.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, model_validator

from invokable.contract.server import ENDED
from invokable.runtime.errors import APIError, AuthenticationError, NotFoundError, NotInvokeAIError
from invokable.runtime.steps.protocol import Response

T = TypeVar("T")

_DETAIL: Final = 2000  # characters of the server's message that an error keeps
"""The statuses of a queue item that will not change any more."""
AGAIN: Final = frozenset({"failed", "canceled"})
"""What is said of one that can be retried."""


class Answer(BaseModel):
    """The base class of the server's answers."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: Any) -> Any:
        """Some versions send null for what others leave out."""
        return {k: v for k, v in value.items() if v is not None} if isinstance(value, dict) else value


class Version(Answer):
    """`GET /app/version`."""

    version: str


class Enqueued(BaseModel):
    """`POST /queue/{queue}/enqueue_batch`. Servers before 6.0 do not list the items.

    The answer repeats the whole batch, which is skipped while reading, so it is not searched for nulls.
    """

    model_config = ConfigDict(frozen=True)

    enqueued: int
    requested: int
    item_ids: list[int] | None = None
    """All items with the batch id, including those of earlier POSTs."""


class BatchStatus(Answer):
    """`GET /queue/{queue}/b/{batch}/status`: the number of items in each state; all zero for an unknown batch."""

    pending: int
    in_progress: int
    completed: int
    failed: int
    canceled: int
    total: int
    waiting: int = 0

    @property
    def open(self) -> int:
        """The number of items that have not ended."""
        return self.pending + self.in_progress + self.waiting

    @property
    def ended(self) -> int:
        """The number of items that have ended, in whatever state."""
        return self.completed + self.failed + self.canceled


class QueueCounts(Answer):
    """The number of items of all users in some of the states."""

    pending: int
    in_progress: int


class QueueStatus(Answer):
    """`GET /queue/{queue}/status`."""

    queue: QueueCounts


class _GraphNode(Answer):
    type: str = ""


class _Graph(Answer):
    nodes: dict[str, _GraphNode] = {}


class Session(Answer):
    """What a queue item ran: the results of executed nodes, and the node of the graph that each belongs to."""

    results: dict[str, dict[str, Any]] = {}
    errors: dict[str, str] = {}
    source_prepared_mapping: dict[str, list[str]] = {}
    prepared_source_mapping: dict[str, str] = {}
    prepared_iteration_paths: dict[str, list[int]] = {}
    graph: _Graph = _Graph()


class ItemIds(Answer):
    """`GET /queue/{queue}/item_ids`."""

    item_ids: list[int]


class ItemSummary(Answer):
    """`POST /queue/{queue}/item_summaries_by_ids`."""

    item_id: int
    status: str
    batch_id: str = ""


class FieldValue(Answer):
    """A batch value that an item runs with."""

    node_path: str
    field_name: str
    value: Any


class QueueItem(Answer):
    """`GET /queue/{queue}/i/{item}`."""

    item_id: int
    batch_id: str
    status: str
    destination: str | None = None
    session: Session = Session()
    field_values: list[FieldValue] | None = None
    error_type: str | None = None
    error_message: str | None = None
    error_traceback: str | None = None
    retried_from_item_id: int | None = None
    """The item that was retried; if that was itself a retry, the first one."""
    parent_item_id: int | None = None
    priority: int = 0
    created_at: str | None = None
    started_at: str | None = None

    @property
    def first(self) -> int:
        """The item that it goes back to, by whatever number of retries."""
        return self.retried_from_item_id or self.item_id

    @property
    def ended(self) -> bool:
        """Whether the item has ended and will not change any more."""
        return self.status in ENDED


class ItemPage(Answer):
    """`GET /queue/{queue}/list`, of servers before 6.7. The items have no session."""

    items: list[QueueItem]
    has_more: bool


class StoredImage(Answer):
    """`POST /images/upload`."""

    image_name: str
    width: int
    height: int


class StoredVideo(Answer):
    """`POST /videos/upload`."""

    video_name: str
    width: int
    height: int


class BoardRecord(Answer):
    """`GET /boards/`."""

    board_id: str
    board_name: str


class ModelRecord(Answer):
    """`GET /models/`; other members are kept."""

    model_config = ConfigDict(frozen=True, extra="allow", protected_namespaces=())

    key: str
    hash: str
    name: str
    base: str
    type: str


class ModelList(Answer):
    """`GET /models/`."""

    models: list[ModelRecord]


class Prompts(Answer):
    """`POST /utilities/dynamicprompts`."""

    prompts: list[str]
    error: str | None = None


class NodeSchema(Answer):
    """The schema of a node type in `GET /openapi.json`."""

    properties: dict[str, Any]
    version: str = ""

    @property
    def type(self) -> str:
        """The node type."""
        described = self.properties.get("type")
        return str(described.get("default", "")) if isinstance(described, dict) else ""


class _Components(Answer):
    schemas: dict[str, Any]


class OpenAPI(Answer):
    """`GET /openapi.json`."""

    components: _Components

    def invocations(self) -> dict[str, NodeSchema]:
        """The schemas of all node types, by type."""
        found = [
            shaped(schema, NodeSchema, where=f"/openapi.json, {name}")
            for name, schema in self.components.schemas.items()
            if isinstance(schema, dict) and schema.get("class") == "invocation"
        ]
        return {schema.type: schema for schema in found}


class Color(Answer):
    """The value of a ColorField."""

    r: int
    g: int
    b: int
    a: int


class ImageRef(Answer):
    """The value of an ImageField."""

    image_name: str


class VideoRef(Answer):
    """The value of a VideoField."""

    video_name: str


def read(response: Response, kind: type[T]) -> T:
    """Parse an answer as `kind`. Raises APIError for a refusal, NotInvokeAIError if it is not an answer of InvokeAI."""
    _check(response)
    try:
        found: T = _adapter(kind).validate_json(response.body)  # type: ignore[arg-type]  # a class is hashable
        return found
    except ValidationError as error:
        raise _misfit(error, response.url) from None


def shaped(value: object, kind: type[T], *, where: str) -> T:
    """Parse part of an answer as `kind`. Raises NotInvokeAIError, which says `where` the part was found."""
    try:
        found: T = _adapter(kind).validate_python(value)  # type: ignore[arg-type]  # a class is hashable
        return found
    except ValidationError as error:
        raise _misfit(error, where) from None


def parse(response: Response) -> Any:
    """The JSON of an answer. Raises APIError for a refusal, NotInvokeAIError if it is not an answer of InvokeAI."""
    _check(response)
    try:
        return json.loads(response.body)
    except (ValueError, RecursionError):
        raise _broken(response.url) from None


def _check(response: Response) -> None:
    """Raise APIError for a refusal, and NotInvokeAIError for anything that is not declared as JSON.

    At an unknown path, InvokeAI answers GET with its web page and status 200, and other methods with 405.
    """
    is_json = response.is_json
    elsewhere = response.status == 405 or (response.status == 404 and not is_json)
    if response.status >= 400 and not elsewhere:
        kind_of_error = AuthenticationError if response.status == 401 else APIError
        raise kind_of_error(response.status, detail_of(response), method=response.method, url=response.url)
    if elsewhere or not is_json or response.status >= 300:
        kind = response.content_type.partition(";")[0] or "no content type"
        where = f" to {response.location}" if response.location else ""
        raise not_invokeai(response.url, f"answered {response.status}{where} with {kind}; expected JSON")


def existing(response: Response, missing: NotFoundError) -> Any:
    """The JSON of an answer. Raises `missing` for a 404, and otherwise the same exceptions as `parse`."""
    try:
        return parse(response)
    except APIError as error:
        if error.status == 404:
            raise missing from error
        raise


def not_invokeai(url: str, what: str) -> NotInvokeAIError:
    """The error for an answer that does not come from InvokeAI."""
    return NotInvokeAIError(f"{url}: {what}; is this the address of an InvokeAI server?", url=url, sent=True)


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _broken(url: str) -> NotInvokeAIError:
    return not_invokeai(url, "answered with invalid JSON")


def _misfit(error: ValidationError, url: str) -> NotInvokeAIError:
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return _broken(url)
    where = ".".join(map(str, first["loc"])) or "the document"
    return not_invokeai(url, f"the answer is not in InvokeAI's format ({where}: {first['msg']})")


def detail_of(response: Response) -> str:
    """The server's message for a refusal, on one line."""
    if not response.is_json:
        return f"({response.content_type or 'no content type'})"
    try:
        document = json.loads(response.body)
    except (ValueError, RecursionError):
        return "(invalid JSON)"
    detail = document.get("detail", document) if isinstance(document, dict) else document
    if isinstance(detail, list):
        text = "; ".join(_problem(entry) for entry in detail)
    else:
        text = detail if isinstance(detail, str) else json.dumps(detail)
    text = " ".join(text.split())
    return text if len(text) <= _DETAIL else f"{text[:_DETAIL]}…"


def _problem(entry: Any) -> str:
    """One of a list of problems, without its `input`, which echoes what was sent."""
    if not isinstance(entry, dict):
        return str(entry)
    where = entry.get("loc")
    message = str(entry.get("msg", ""))[:400]
    return f"{'.'.join(map(str, where))}: {message}" if isinstance(where, Sequence) and where else message
