"""The workflow library."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

from invokable.testing.server.clock import now
from invokable.testing.server.release import Release
from invokable.testing.server.sqlite import is_like

Record = dict[str, Any]


class Library:
    """All workflows saved on the server."""

    def __init__(self, release: Release) -> None:
        self._release = release
        self.records: dict[str, Record] = {}
        self.thumbnails: dict[str, bytes] = {}

    def create(self, workflow: dict[str, Any], user_id: str, *, is_public: bool) -> Record:
        """Save a workflow."""
        workflow_id = str(uuid4())
        created = now()
        record = {
            "workflow_id": workflow_id,
            "name": workflow["name"],
            "created_at": created,
            "updated_at": created,
            "opened_at": None,
            "user_id": user_id,
            "is_public": is_public,
            "workflow": {**workflow, "id": workflow_id},
        }
        self.records[workflow_id] = record
        return record

    def update(self, workflow: dict[str, Any]) -> Record:
        """Replace a workflow by its id. Raises KeyError."""
        record = self.records[workflow["id"]]
        record.update(name=workflow["name"], updated_at=now(), workflow=workflow)
        return record

    def share(self, record: Record, *, is_public: bool) -> None:
        """Share or unshare a workflow, which its tags also say."""
        tags = [tag.strip() for tag in record["workflow"]["tags"].split(",") if tag.strip() not in ("", "shared")]
        tags += ["shared"] if is_public else []
        record.update(is_public=is_public, workflow={**record["workflow"], "tags": ", ".join(tags)})

    def to_json(self, record: Record) -> Record:
        """A record as returned when it is saved, updated or shared."""
        return self._release.shape("workflow", record)

    def opened(self, record: Record) -> Record:
        """A record as returned for a single workflow."""
        extras = {
            "thumbnail_url": self._thumbnail_url(record),
            "call_saved_workflow_compatibility": _callable(record["workflow"]),
        }
        return self._release.shape("workflow", {**record, **extras})

    def listed(self, record: Record) -> Record:
        """A record as in a list: without the workflow."""
        workflow = record["workflow"]
        entry = {name: value for name, value in record.items() if name != "workflow"}
        entry |= {
            "description": workflow["description"],
            "category": workflow["meta"]["category"],
            "tags": workflow["tags"],
            "thumbnail_url": self._thumbnail_url(record),
            "call_saved_workflow_compatibility": _callable(workflow),
        }
        return self._release.shape("workflow", entry)

    def _thumbnail_url(self, record: Record) -> str | None:
        workflow_id = record["workflow_id"]
        return f"api/v1/workflows/i/{workflow_id}/thumbnail?{uuid4()}" if workflow_id in self.thumbnails else None

    def find(
        self,
        *,
        categories: list[str],
        query: str | None = None,
        tags: Sequence[str] = (),
        has_been_opened: bool | None = None,
        is_public: bool | None = None,
        is_callable: bool | None = None,
        order_by: str = "name",
        descending: bool = False,
        seen: Callable[[Record], bool] = lambda record: True,
    ) -> list[Record]:
        """The matching records, in order."""
        found = [
            record
            for record in self.records.values()
            if (not categories or record["workflow"]["meta"]["category"] in categories)
            and is_public in (None, record["is_public"])
            and has_been_opened in (None, record["opened_at"] is not None)
            and is_callable in (None, _callable(record["workflow"])["is_callable"])
            and seen(record)
        ]
        if wanted := (query or "").strip():
            found = [record for record in found if any(is_like(text, wanted) for text in _searched(record))]
        if tags:
            found = [record for record in found if any(is_like(_searched(record)[-1], tag.strip()) for tag in tags)]
        return sorted(found, key=lambda record: str(record[order_by] or "").lower(), reverse=descending)


def _searched(record: Record) -> tuple[str, ...]:
    return tuple(record["workflow"][name] for name in ("name", "description", "tags"))


def _callable(workflow: dict[str, Any]) -> dict[str, Any]:
    returns = [node for node in workflow["nodes"] if (node.get("data") or {}).get("type") == "workflow_return"]
    if len(returns) == 1:
        return {"is_callable": True, "reason": "ok", "message": None}
    words = "The workflow must contain exactly one workflow_return node."
    return {"is_callable": False, "reason": "missing_workflow_return", "message": words}
