"""Release: the features of an InvokeAI version, and the members of its answers.

Records are built as in 6.14; `shape` removes members that an older version lacks and adds those that it had.
"""

from __future__ import annotations

import re
from typing import Any, Final

Version = tuple[int, ...]

_FEATURES: Final[dict[str, Version]] = {
    "categories": (5, 8),
    "item_ids_in_answer": (6, 0),
    "image_names": (6, 0),
    "list_all": (6, 0),
    "item_ids": (6, 7),
    "model_hash": (6, 9),
    "iterators": (6, 9),
    "no_projects": (6, 9),
    "html_for_unknown": (6, 12),
    "auth": (6, 12),
    "ownership": (6, 12),
    "status_sequence": (6, 13),
    "sharing": (6, 13),
    "model_order": (6, 13),
    "summaries": (6, 14),
    "canceled_event": (6, 14),
    "videos": (6, 14),
    "device": (6, 14),
    "list_items": (6, 14),
    "bounded_ids": (6, 14),
    "polling_breaks": (6, 14),
    "callable": (6, 14),
}

_SINCE: Final[dict[str, dict[str, Version]]] = {
    "item": {
        **dict.fromkeys(("status_sequence", "user_id", "user_display_name", "user_email"), (6, 12)),
        **dict.fromkeys(("device", "workflow_call_id", "parent_item_id", "parent_session_id"), (6, 14)),
        **dict.fromkeys(("root_item_id", "workflow_call_depth"), (6, 14)),
        "retried_from_item_id": (5, 7),
    },
    "session": {
        **dict.fromkeys(("ready_order", "indegree"), (6, 9)),
        **dict.fromkeys(("workflow_call_stack", "workflow_call_history", "workflow_call_parent"), (6, 14)),
        **dict.fromkeys(("waiting_workflow_call", "waiting_workflow_call_execution"), (6, 14)),
        **dict.fromkeys(("waiting_workflow_call_child_session", "max_workflow_call_depth"), (6, 14)),
        "prepared_iteration_paths": (6, 14),
    },
    "batch_status": {"waiting": (6, 14)},
    "queue_status": {"waiting": (6, 14), "user_pending": (6, 12), "user_in_progress": (6, 12)},
    "image": {"image_subfolder": (6, 12)},
    "board": {
        **dict.fromkeys(("user_id", "board_visibility", "owner_username"), (6, 12)),
        "cover_video_name": (6, 14),
        "asset_count": (6, 6),
        "video_count": (6, 14),
    },
    "enqueued": {"item_ids": (6, 0)},
    "event": {"user_id": (6, 12), "status_sequence": (6, 13), "device": (6, 14)},
    "retried": {"user_id": (6, 14), "user_ids": (6, 14), "retried_item_ids_by_user": (6, 14)},
    "cleared": {"user_id": (6, 14)},
    "workflow": {
        **dict.fromkeys(("user_id", "is_public"), (6, 12)),
        "call_saved_workflow_compatibility": (6, 14),
    },
    "preset": dict.fromkeys(("user_id", "is_public"), (6, 12)),
    "moved": {"failed_images": (6, 14)},
    "model": {"source_url": (6, 12)},
}

_UNTIL: Final[dict[str, dict[str, tuple[Version, Version, Any]]]] = {
    "item": {
        "is_api_validation_run": ((5, 15), (6, 9), False),
        "published_workflow_id": ((5, 15), (6, 9), None),
        "credits": ((5, 15), (6, 9), None),
    },
    "event:queue_item_status_changed": {"credits": ((5, 15), (6, 9), None)},
    "event:invocation_error": {"project_id": ((5, 0), (6, 9), None), "user_id": ((5, 0), (6, 9), None)},
    "board": {"is_private": ((5, 0), (6, 9), None), "video_count": ((6, 6), (6, 9), 0)},
    "workflow": {"is_published": ((5, 15), (6, 9), None)},
    "workflow document": {"is_published": ((5, 15), (6, 9), None)},
}


class Release:
    """One version of InvokeAI."""

    def __init__(self, version: str) -> None:
        self.version: Final = version
        self._number: Final[Version] = tuple(int(part) for part in re.findall(r"\d+", version)[:3])

    def has(self, feature: str) -> bool:
        """Return whether the version has a feature, by its name in this module's table."""
        return self._number >= _FEATURES[feature]

    @property
    def copies(self) -> dict[str, int]:
        """How often a socket receives each kind of event: some versions send to two of its rooms."""
        doubled = (6, 12) <= self._number < (6, 14)
        return {"invocation": 2 if doubled else 1, "status": 2 if doubled and self._number >= (6, 13) else 1}

    def shape(self, kind: str, record: dict[str, Any]) -> dict[str, Any]:
        """The record with the members of this version."""
        since = _SINCE.get(kind.partition(":")[0], {})
        shaped = {name: value for name, value in record.items() if self._number >= since.get(name, (0,))}
        for name, (first, end, value) in _UNTIL.get(kind, {}).items():
            if first <= self._number < end:
                shaped.setdefault(name, value)
        return shaped
