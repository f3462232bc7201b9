"""Records: boards, images, videos, models, queue items, workflows and style presets, as the server describes them.

Records of boards, images, videos, models and style presets can be assigned to inputs. All are frozen, equal if they
are of the same thing on the server, and can be pickled. Times are in UTC. What a version of the server does not report
has its default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from invokable.contract.server import ENDED
from invokable.runtime.values.inputs import Board, Model, StylePreset
from invokable.runtime.values.instances import ComparedByIdentity
from invokable.runtime.values.media import Image, Video
from invokable.runtime.values.public import public


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BoardRecord(Board):
    """A board, as the server describes it.

    Example:

        for board in client.boards.list():
            print(board.name, board.image_count)
    """

    image_count: int = 0
    """Generated images, not counting intermediate ones."""
    asset_count: int = 0
    """Uploaded images, masks and control images."""
    video_count: int = 0
    archived: bool = False
    visibility: str = "private"
    """`private`; `shared` if other users see what is on it; `public` if they may also add to it."""
    cover_image_name: str | None = None
    user_id: str = ""
    """Its owner, on a multi-user server."""
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImageRecord(Image):
    """An image, as the server describes it.

    Example:

        for image in client.images.list(board="none"):
            print(image.name, image.width, image.height, image.created_at)
    """

    category: str = "general"
    """`general` for generated images; `user`, `mask`, `control` or `other` for uploaded ones."""
    origin: str = "internal"
    """`internal` for generated ones, `external` for uploaded ones."""
    starred: bool = False
    is_intermediate: bool = False
    has_workflow: bool = False
    board_id: str | None = None
    """None if it is on no board."""
    session_id: str | None = None
    """The session that created it."""
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VideoRecord(Video):
    """A video, as the server describes it.

    Example:

        for video in client.videos.list():
            print(video.name, video.duration, video.fps)
    """

    duration: float | None = None
    """In seconds."""
    fps: float | None = None
    category: str = "general"
    """`general` for generated videos, `user` for uploaded ones."""
    origin: str = "internal"
    """`internal` for generated ones, `external` for uploaded ones."""
    starred: bool = False
    is_intermediate: bool = False
    has_workflow: bool = False
    board_id: str | None = None
    """None if it is on no board."""
    session_id: str | None = None
    """The session that created it."""
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModelRecord(Model):
    """A model, as the server describes it.

    Example:

        model = client.models.find("Dreamshaper 8")
        flow = Portrait(prompt="a fox", model=model)
        print(model.format, model.file_size)
    """

    format: str = ""
    variant: str | None = None
    description: str = ""
    path: str = ""
    """Where its files are on the server."""
    source: str = ""
    """Where it came from."""
    file_size: int | None = None
    """In bytes."""
    trigger_phrases: tuple[str, ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)
    """Everything the server reports about it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StylePresetRecord(StylePreset):
    """A style preset, as the server describes it.

    Example:

        for preset in client.style_presets.list():
            print(preset.name, preset.positive_prompt)
    """

    name: str = ""
    positive_prompt: str = ""
    """The prompt of a run replaces `{prompt}` in it."""
    negative_prompt: str = ""
    type: str = "user"
    """`default` for those that come with InvokeAI, otherwise `user`."""
    image: str | None = None
    """The path of its picture below the server's address; `style_presets.image` downloads it."""
    is_public: bool = False
    """Whether other users also see it."""
    user_id: str = ""
    """Its owner, on a multi-user server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedWorkflow:
    """The workflow and the graph embedded in an image or a video. Either may be missing.

    Example:

        image = client.run(Portrait(prompt="a fox")).image
        embedded = client.images.workflow(image)
        if embedded.workflow:
            print(embedded.workflow["name"])
    """

    workflow: Mapping[str, Any] | None = None
    """The workflow, as the editor opens it."""
    graph: Mapping[str, Any] | None = None
    """The graph that ran."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInstall:
    """The state of a model installation.

    Example:

        for install in client.models.installs():
            print(f"{install.source}: {install.status}, {install.fraction:.0%}")
    """

    id: int
    status: str = field(compare=False)
    """`waiting`, `downloading`, `downloads_done`, `running`, `paused`, `completed`, `error` or `cancelled`."""
    bytes: int = field(default=0, compare=False)
    """How much has been downloaded."""
    total_bytes: int = field(default=0, compare=False)
    """How much there is to download, if known."""
    source: str = field(default="", compare=False)
    reason: str = field(default="", compare=False)
    """Why it failed, according to the server."""
    model: ModelRecord | None = field(default=None, compare=False)
    """The model, once it is installed."""

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        return self.status in ("completed", "error", "cancelled")

    @property
    def fraction(self) -> float:
        """How much has been downloaded, from 0 to 1; 0 while the size is unknown."""
        return min(max(self.bytes, 0), self.total_bytes) / self.total_bytes if self.total_bytes > 0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueItem:
    """An item of the queue. On servers since 6.14, a list does not include its error; `get` does.

    Example:

        for item in client.queue.list():
            print(item.item_id, item.status, item.completed_at)
    """

    item_id: int
    status: str = field(compare=False)
    """`pending`, `in_progress`, `waiting`, `completed`, `failed` or `canceled`."""
    batch_id: str = field(default="", compare=False)
    origin: str | None = field(default=None, compare=False)
    destination: str | None = field(default=None, compare=False)
    priority: int = field(default=0, compare=False)
    session_id: str | None = field(default=None, compare=False)
    error_type: str | None = field(default=None, compare=False)
    error_message: str | None = field(default=None, compare=False)
    error_traceback: str | None = field(default=None, compare=False, repr=False)
    retried_from_item_id: int | None = field(default=None, compare=False)
    """The item that this one retries: the original one after several retries. Only `get` reports it."""
    values: Mapping[tuple[str, str], Any] = field(default_factory=dict[tuple[str, str], Any], compare=False, repr=False)
    """Its batch values, by node and field; servers before 6.0 do not report them."""
    user_id: str = field(default="", compare=False)
    created_at: datetime | None = field(default=None, compare=False)
    started_at: datetime | None = field(default=None, compare=False)
    completed_at: datetime | None = field(default=None, compare=False)

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        return self.status in ENDED


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStatus:
    """The number of queue items in each state, and whether the queue is paused.

    Example:

        status = client.queue.status()
        print(f"{status.open} items to go" + (", paused" if status.paused else ""))
    """

    pending: int
    in_progress: int
    completed: int
    failed: int
    canceled: int
    total: int
    waiting: int = 0
    item_id: int | None = None
    """The running item."""
    paused: bool = False
    """Whether no further item starts until the queue is resumed."""

    @property
    def open(self) -> int:
        """The number of items that have not ended."""
        return self.pending + self.in_progress + self.waiting


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WorkflowRecord(ComparedByIdentity):
    """A workflow of the server's library, as in a list: without its contents.

    Example:

        for workflow in client.workflows.list():
            print(workflow.id, workflow.name, workflow.tags)
    """

    id: str
    name: str = ""
    description: str = ""
    category: str = "user"
    """`default` for those that come with InvokeAI, otherwise `user`."""
    tags: tuple[str, ...] = ()
    user_id: str = ""
    is_public: bool = False
    """Whether other users also see it. Always true on a single-user server."""
    thumbnail_url: str | None = None
    """The path of its picture below the server's address; `workflows.thumbnail` downloads it."""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    opened_at: datetime | None = None

    def _identity(self) -> tuple[object, ...]:
        return "workflows", self.id


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LibraryWorkflow(WorkflowRecord):
    """A complete workflow of the server's library.

    Example:

        import json
        from pathlib import Path

        for record in client.workflows.list():
            workflow = client.workflows.get(record.id)
            Path(f"{workflow.id}.json").write_text(json.dumps(workflow.document))
    """

    document: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False)
    """The workflow as the editor exports it and `invokable generate` reads it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerInfo:
    """Version and settings of a server.

    Example:

        info = client.server.info()
        print(info.version, "with users" if info.multiuser else "")
    """

    version: str
    """Such as `6.14.2`."""
    multiuser: bool = False
    """Whether it has several users, who have to sign in."""
    max_queue_size: int | None = None
    """How many items may be pending; None if the server does not report it, for example to a user who is not an
    administrator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvocationCache:
    """The state of the server's invocation cache: its size and its hits.

    Example:

        cache = client.server.invocation_cache()
        print(f"{cache.size} of {cache.max_size} results" if cache.enabled else "disabled")
    """

    enabled: bool
    size: int
    """The number of node results that it holds."""
    max_size: int
    hits: int
    misses: int


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user of a multi-user server.

    Example:

        user = client.server.user()
        print(user.email if user else "this server has no users")
    """

    user_id: str
    email: str = field(default="", compare=False)
    display_name: str = field(default="", compare=False)
    is_admin: bool = field(default=False, compare=False)
    """Whether the user may install models, pause the queue and see what belongs to others."""


public(
    *(BoardRecord, EmbeddedWorkflow, ImageRecord, InvocationCache, LibraryWorkflow, ModelInstall, ModelRecord),
    *(QueueItem, QueueStatus, ServerInfo, StylePresetRecord, User, VideoRecord, WorkflowRecord),
)
