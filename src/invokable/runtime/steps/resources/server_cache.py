"""Server cache: what a client knows about its server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from invokable.runtime.steps.exchange.answers import ListedModel
from invokable.runtime.steps.resources.uploads import UploadCache


@dataclass(slots=True)
class ServerCache:
    """What a client knows about its server; refreshed when a name is not found."""

    models: Sequence[ListedModel] | None = None
    models_listed: float = float("-inf")
    """When the server was asked for these models, by the clock of the uploads."""
    version: str | None = None
    """The server's version, once requested."""
    lists_by_ids: bool = True
    """Whether the server returns many queue items in one request; servers before 6.7 do not."""
    max_queue_size: int | None = None
    """How many items may be pending in the queue."""
    uploads: UploadCache = field(default_factory=UploadCache)
    """The files uploaded for runs."""
    lists_summaries: bool = True
    """Whether the server returns summaries of many items; servers before 6.14 do not."""
