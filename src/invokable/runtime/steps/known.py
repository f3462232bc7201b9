"""Known: what a client has learned of its server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from invokable.runtime.steps.answers import ModelRecord
from invokable.runtime.steps.uploads import Uploaded


@dataclass(slots=True)
class Known:
    """What a client has learned of its server; asked for anew when a name is not found."""

    models: Sequence[ModelRecord] | None = None
    version: str | None = None
    """The server's version, where it was asked for."""
    lists_by_ids: bool = True
    """Whether the server gives many queue items at once, which servers before 6.7 do not."""
    max_queue_size: int | None = None
    """How many items may wait in the queue."""
    uploads: Uploaded = field(default_factory=Uploaded)
    """What was uploaded for runs."""
    models_listed: float = float("-inf")
    """When the models were listed."""
    summarises: bool = True
    """Whether it says of many items in short how they are, which servers before 6.14 do not."""
