"""Workflow rules: the server's checks of workflows that are enqueued or saved to its library."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, get_args

from invokable.contract.vocabulary import WorkflowCategory
from invokable.testing.graphs import scalars
from invokable.testing.graphs.scalars import Loc, Taken
from invokable.testing.server.problems import Detail, missing, value_error
from invokable.testing.server.release import Release

_TEXTS: Final = ("name", "author", "description", "version", "contact", "tags", "notes")
_SEMVER: Final = re.compile(r"\d+\.\d+\.\d+")
_LISTS: Final = ("nodes", "edges")
_DICT: Final = "Input should be a valid dictionary or object to extract fields from"


def read_workflow(value: Any, release: Release, loc: Loc, *, optional: bool = False, with_id: bool = False) -> Taken:
    """A workflow as the server stores it, or its errors."""
    if value is None and optional:
        return None, []
    if not isinstance(value, Mapping):
        return None, [Detail("model_attributes_type", loc, _DICT, value)]
    taken: dict[str, Any] = {}
    details: list[Detail] = []
    for name in (*_TEXTS, "exposedFields", "meta", *_LISTS, *(["id"] if with_id else [])):
        if name not in value:
            details.append(missing((*loc, name), value))
            continue
        taken[name], found = _member(name, value[name], release, (*loc, name))
        details += found
    taken["form"] = value.get("form")
    order = [*_TEXTS, "exposedFields", "meta", *_LISTS, "form", *(["id"] if with_id else [])]
    return release.shape("workflow document", {name: taken.get(name) for name in order}), details


def _member(name: str, value: Any, release: Release, loc: Loc) -> Taken:
    if name in _TEXTS or name == "id":
        if isinstance(value, str):
            return value, []
        return None, [Detail("string_type", loc, "Input should be a valid string", value)]
    if name == "meta":
        return _meta(value, release, loc)
    if not isinstance(value, list):
        return None, [Detail("list_type", loc, "Input should be a valid list", value)]
    return value, []


def _meta(value: Any, release: Release, loc: Loc) -> Taken:
    if not isinstance(value, Mapping):
        return None, [Detail("model_attributes_type", loc, _DICT, value)]
    categories = (*get_args(WorkflowCategory), *(() if release.has("no_projects") else ("project",)))
    category, found = scalars.choice(value.get("category", "user"), categories, (*loc, "category"), kind="enum")
    return {"version": value.get("version"), "category": category}, [*_version(value, loc), *found]


def _version(meta: Mapping[str, Any], loc: Loc) -> list[Detail]:
    if "version" not in meta:
        return [missing((*loc, "version"), meta)]
    version = meta["version"]
    if isinstance(version, str) and _SEMVER.match(version):
        return []
    return [value_error((*loc, "version"), f"Invalid workflow meta version: {version}", version)]
