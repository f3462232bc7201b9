"""Answers: the shapes of the server's answers, which `responses` parses.

Unknown members are ignored, so that newer servers may add some.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from invokable.contract.colors import FULL
from invokable.contract.server import ENDED
from invokable.runtime.steps.exchange.responses import shaped


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


class EnqueuedBatch(BaseModel):
    """The batch that an answer repeats; all but its id is skipped while reading."""

    model_config = ConfigDict(frozen=True)

    batch_id: str


class Enqueued(BaseModel):
    """`POST /queue/{queue}/enqueue_batch`. Servers before 6.0 do not list the items.

    It is not searched for nulls, since it repeats the whole batch.
    """

    model_config = ConfigDict(frozen=True)

    batch: EnqueuedBatch
    enqueued: int
    requested: int
    item_ids: list[int] | None = None
    """All items with the batch id, including those of earlier POSTs."""


class BatchStatus(Answer):
    """`GET /queue/{queue}/b/{batch}/status`: the number of items in each state; all zero for an unknown batch."""

    batch_id: str
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


class Canceled(Answer):
    """`PUT /queue/{queue}/cancel_by_batch_ids`, and whatever else cancels items."""

    canceled: int


class Retried(Answer):
    """`PUT /queue/{queue}/retry_items_by_id`: the old items, without those that the server left out."""

    retried_item_ids: list[int]


class QueueCounts(Answer):
    """The number of items of all users in some of the states."""

    pending: int
    in_progress: int


class QueueLoad(Answer):
    """`GET /queue/{queue}/status`: how much there is to run."""

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

    @property
    def is_empty(self) -> bool:
        """Whether the result of every node is missing."""
        return not any(name in self.results for names in self.source_prepared_mapping.values() for name in names)


class ItemIds(Answer):
    """`GET /queue/{queue}/item_ids`."""

    item_ids: list[int]


class ItemSummary(Answer):
    """`POST /queue/{queue}/item_summaries_by_ids`."""

    item_id: int
    status: str
    batch_id: str


class BatchValue(Answer):
    """A batch value that an item runs with."""

    node_path: str
    field_name: str
    value: Any


class RunItem(Answer):
    """`GET /queue/{queue}/i/{item}`: what a run needs of a queue item."""

    item_id: int
    batch_id: str
    status: str
    destination: str | None = None
    session: Session = Session()
    field_values: list[BatchValue] | None = None
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
    def original_id(self) -> int:
        """The original item, after any number of retries."""
        return self.retried_from_item_id or self.item_id

    @property
    def ended(self) -> bool:
        """Whether the item has ended and will not change any more."""
        return self.status in ENDED

    @property
    def lacks_results(self) -> bool:
        """Whether it is completed, but the answer does not have its results."""
        return self.status == "completed" and self.session.is_empty


class ItemPage(Answer):
    """`GET /queue/{queue}/list`, of servers before 6.7."""

    items: list[dict[str, Any]]
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


class ListedModel(Answer):
    """`GET /models/`; other members are kept."""

    model_config = ConfigDict(frozen=True, extra="allow", protected_namespaces=())

    key: str
    hash: str
    name: str
    base: str
    type: str


class ModelList(Answer):
    """`GET /models/`."""

    models: list[ListedModel]


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


Channel: TypeAlias = Annotated[int, Field(ge=0, le=FULL)]


class ColorValue(Answer):
    """The value of a ColorField."""

    r: Channel
    g: Channel
    b: Channel
    a: Channel


class ImageRef(Answer):
    """The value of an ImageField."""

    image_name: str


class VideoRef(Answer):
    """The value of a VideoField."""

    video_name: str
