"""Submission: identifies a run on the server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final
from uuid import UUID, uuid4

from invokable.runtime.values.public import public

_COUNT: Final = 32  # bits
MOST_ITEMS: Final = 2**_COUNT - 1
"""The items that a batch can have, so that its id holds their number."""
_VERSION: Final = 8


@dataclass(frozen=True, slots=True)
class Submission:
    """A submitted run, as plain data: store it, and any process can wait for the run with `Client.attach`.

    Example:

        import json
        from pathlib import Path

        stored = Path("run.json")
        stored.write_text(json.dumps(job.submission.to_json()))
        # later, in any process
        submission = Submission.from_json(json.loads(stored.read_text()))
        result = client.attach(Portrait, submission).result()
    """

    workflow: str
    """The class of the workflow, `package.module:Class`."""
    batch_id: str
    destination: str
    """The destination, unique to this run; the server lists the run's items by it."""
    requested: int
    """The number of queue items of the run."""
    item_ids: tuple[int, ...] = ()
    """The queue items, in the order of their values; empty while the server's answer is unknown."""
    uploads: tuple[str, ...] = ()
    """The names on the server of the images and videos that were uploaded for the run."""

    def to_json(self) -> dict[str, Any]:
        """The submission as a JSON object."""
        return asdict(self) | {"item_ids": list(self.item_ids), "uploads": list(self.uploads)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Submission:
        """Create a submission from what `to_json` returned. Raises TypeError for anything else."""
        if not isinstance(value, Mapping):
            raise TypeError(f"not a submission: expected an object, got {type(value).__name__}")
        made = cls(**{**value, **{name: tuple(value.get(name, ())) for name in ("item_ids", "uploads")}})
        texts = (made.workflow, made.batch_id, made.destination, *made.uploads)
        counts = (made.requested, *made.item_ids)
        if not (all(type(text) is str for text in texts) and all(type(count) is int for count in counts)):
            raise TypeError("not a submission: expected texts, and integers for requested and item_ids")
        return made


def new_batch_id(items: int) -> str:
    """A new id for a batch: a version 8 UUID, whose last eight digits are the number of items.

    With it, a client that only has the id can detect missing and duplicate items.
    """
    number = uuid4().int >> _COUNT << _COUNT | items
    return str(UUID(int=number & ~(0xF << 76) | _VERSION << 76))


def items_in(batch_id: str) -> int:
    """The number of items of a batch of this client, from its id; 0 if the id does not contain it."""
    try:
        read = UUID(batch_id)
    except ValueError:
        return 0
    return read.int & MOST_ITEMS if read.version == _VERSION else 0


def destination_of(batch_id: str) -> str:
    """The destination of a batch of this client."""
    return f"invokable-{batch_id}"


public(Submission)
