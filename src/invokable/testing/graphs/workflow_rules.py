"""Workflow rules: the server's checks of workflows that are enqueued or saved to its library."""

from __future__ import annotations

import re
from typing import Any, Final, get_args

from pydantic_core import CoreSchema, core_schema

from invokable.contract.vocabulary import WorkflowCategory
from invokable.testing.server import checks
from invokable.testing.server.release import Release

_TEXTS: Final = ("name", "author", "description", "version", "contact", "tags", "notes")
_SEMVER: Final = re.compile(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*)){2}(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")


def workflow_schema(release: Release, *, with_id: bool = False) -> CoreSchema:
    """The schema of a workflow, which becomes what the server stores."""
    categories = (*get_args(WorkflowCategory), *(() if release.has("no_projects") else ("project",)))
    members = {
        **dict.fromkeys(_TEXTS, checks.TEXT),
        "exposedFields": checks.several(
            checks.record("ExposedField", {"nodeId": checks.TEXT, "fieldName": checks.TEXT})
        ),
        "meta": checks.record(
            "WorkflowMeta",
            {"version": checks.changed(checks.TEXT, _version), "category": checks.choice(categories)},
        ),
        "nodes": _objects() if not release.has("videos") else checks.changed(_objects(), _one_return),
        "edges": _objects(),
        "form": checks.absent(checks.optional(core_schema.dict_schema(checks.TEXT))),
        **({"id": checks.TEXT} if with_id else {}),
    }
    return checks.changed(
        checks.record("Workflow", members), lambda workflow: release.shape("workflow document", workflow)
    )


def _objects() -> CoreSchema:
    return checks.several(core_schema.dict_schema(checks.TEXT))


def _version(version: str) -> str:
    if not _SEMVER.fullmatch(version):
        raise ValueError(f"Invalid workflow meta version: {version}")
    return version


def _one_return(nodes: list[Any]) -> list[Any]:
    found = [node["data"] for node in nodes if node.get("type") == "invocation" and isinstance(node.get("data"), dict)]
    if sum(data.get("type") == "workflow_return" for data in found) > 1:
        raise ValueError("A workflow may not contain more than one workflow_return node.")
    return nodes
